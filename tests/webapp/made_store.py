"""Stores of the tests: runs that ended, one that runs, one without energy, and names that must not change a page."""

import json
import time

from journals import lines_of, write_lines
from webapp.started import EVIL


def add_ended(store, run_id, *, begin_s=0.0, **fields):
    write_lines(store / "journals" / f"ended-{abs(hash(run_id))}" / "a.jsonl", lines_of(run_id=run_id, begin_s=begin_s, **fields))


def running_lines(run_id, *, intervals=3, **fields):
    lines = lines_of(run_id=run_id, intervals=intervals, end=False, **fields)
    begin_s = time.time() - 5.0 * intervals
    return [{**line, "wall_s": begin_s + line["mono_s"]} for line in lines]


def add_running(store, run_id):
    write_lines(store / "journals" / "running" / "a.jsonl", running_lines(run_id))


def end_running(store, run_id):
    """Append the end, as the meter does."""
    file = store / "journals" / "running" / "a.jsonl"
    last = json.loads(file.read_text().splitlines()[-1])
    end = {**lines_of(run_id=run_id)[-1], "wall_s": last["wall_s"], "mono_s": last["mono_s"]}
    with open(file, "ab") as stream:
        stream.write(json.dumps(end).encode() + b"\n")


def add_without_energy(store, run_id):
    lines = [line for line in lines_of(run_id=run_id) if line["kind"] != "interval"]
    write_lines(store / "journals" / "without-energy" / "a.jsonl", lines)


def add_evil(store):
    """Add runs whose project is each of the texts; the id is one too where a journal can hold it."""
    for number, text in enumerate(EVIL.values()):
        run_id = f"evil-{number}" if len(text) > 200 or "\x00" in text else text
        add_ended(store, run_id, begin_s=60.0 * number, start={"project": text, "hw": text, "argv": [text]})
