"""Journals for tests: lines as the writer writes them, with clocks set by the test."""

import json
import os

WALL_S = 1_790_000_000.0
"""A moment in September 2026, when the runs of the tests start."""


def line(kind, *, seq=0, mono_s=0.0, run_id="run", node="a1", process=7, writer="", wall_s=None, life="boot/space/1", **fields):
    """One line of a journal; the wall clock follows the monotonic one unless given."""
    return {
        "schema": "traincarbon/journal/1", "run_id": run_id, "node": node, "process": process, "writer": writer or f"{node}-{process}-1", "seq": seq,
        "kind": kind, "wall": "", "wall_s": WALL_S + mono_s if wall_s is None else wall_s, "mono_s": mono_s, "life": life, **fields,
    }  # fmt: skip


def device(energy_j, *, part="gpu", how="counter", **rest):
    return {"part": part, "how": how, "energy_j": energy_j, **rest}


def lines_of(*, intervals=3, begin_s=0.0, power_w=100.0, devices=("gpu:0",), part="gpu", how="counter", end=True, exit_code=0, start=None, figures=None, **who):
    """A process with constant power on each of its devices: a start, an interval every 5 s, and an end."""
    found = [line("start", mono_s=begin_s, **{"hw": "box", "accelerators": len(devices), "argv": ["train.py"], **(start or {})}, **who)]
    for count in range(1, intervals + 1):
        used = {name: device(power_w * 5.0 * count, part=part, how=how, power_max_w=power_w, utilisation=0.5) for name in devices}
        to_s = begin_s + 5.0 * count
        found.append(line("interval", seq=count, mono_s=to_s, from_s=to_s - 5.0, to_s=to_s, gap_s=0.0, samples=5, devices=used, **who))
    if end:
        found.append(line("end", seq=intervals + 1, mono_s=begin_s + 5.0 * intervals, exit_code=exit_code, **(figures or {}), **who))
    return found


def attempt_lines(begin_s, seconds, *, number, steps=None, start=None, state=None, watts=1000.0, end=True):
    """One attempt of a run: a process with one GPU, which is busy."""
    who = {"writer": f"a1-{number}-1", "process": number, "session": f"s{number}"}
    lines = [line("start", mono_s=begin_s, hw="box", accelerators=1, **who)]
    stated = {} if start is None else {"resumed_from": {"steps": start}}
    devices = {"gpu:0": device(watts * seconds, utilisation=0.9)}
    at_s = begin_s + seconds
    lines.append(line("interval", seq=1, mono_s=at_s, from_s=begin_s, to_s=at_s, samples=1, devices=devices, **stated, **who))
    if steps is not None:
        lines.append(line("progress", seq=2, mono_s=at_s, steps=steps, **who))
    return [*lines, *([line("end", seq=3, mono_s=at_s, exit_code=0 if state is None else None, state=state, **who)] if end else [])]


def write_lines(file, lines):
    """Write the lines to a journal, and create its folder."""
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as stream:
        stream.writelines(json.dumps(one).encode() + b"\n" for one in lines)
    return str(file)
