"""What a million runs at rest cost: a first index, list, show, report and calibrate, each in a process of its own.

Usage: python benchmarks/million_runs.py [RUNS]
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zlib

from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.journal import Journal
from traincarbon.ledger.journal_lines import with_checksum
from traincarbon.ledger.packs.batches import MOST_JOURNALS
from traincarbon.ledger.packs.pack import PackedJournal, Summarised, summary_line

BEGAN_S = 1_735_689_600.0
"""1 January 2025."""
MONTHS = 22
PROJECTS = [f"team-{number:02d}" for number in range(40)]
RESULT = {"low": 1.1, "median": 2.2, "high": 3.3}
STEPS = 5


def template(folder):
    """Return the summary of a run of one GPU for half an hour, as a pack states it."""
    file = os.path.join(folder, "n1-7-1.jsonl")
    journal = Journal(file, run_id="run", node="n1", process=7)
    plan = {"params": 1.3e9, "tokens": 2e9, "hw": "h100-sxm5-80gb", "accelerators": 1}
    journal.write(
        "start", {"argv": ["train.py"], "project": "p", "hw": "h100-sxm5-80gb", "accelerators": 1, "params": 1.3e9, "plan": plan, "from_s": 0.0, "to_s": 0.0}
    )
    for step in range(1, STEPS + 1):
        stated = {"part": "gpu", "how": "counter", "energy_j": 2e5 * step, "power_max_w": 600.0, "utilisation": 0.9}
        results = dict.fromkeys(("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd"), RESULT)
        journal.write(
            "interval", {"from_s": 360.0 * (step - 1), "to_s": 360.0 * step, "devices": {"gpu:0": stated}, **results, "mfu": 0.4, "tokens": 4e6 * step}
        )
    journal.write("end", {"exit_code": 0, "to_s": 360.0 * STEPS})
    journal.close()
    (process,) = fold_files([file], "run")
    return json.loads(summary_line(Summarised(PackedJournal("run/n1-7-1.jsonl", os.path.getsize(file), STEPS + 2, "0" * 64), process)))


def write(store, n_runs):
    """Write the summaries of packs of so many runs, which is all that these commands read."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        line = template(folder)
    summary = line["summary"] | {"marks": []}  # they were counted at the pace of this program
    for first in range(0, n_runs, MOST_JOURNALS):
        month = first // MOST_JOURNALS % MONTHS
        name = f"month={2025 + month // 12}-{month % 12 + 1:02d}"
        os.makedirs(os.path.join(store, "journals", name), exist_ok=True)
        with open(os.path.join(store, "journals", name, f"n1-7-{first}.jsonl"), "wb") as stream:
            for number in range(first, min(first + MOST_JOURNALS, n_runs)):
                began_s = BEGAN_S + 86_400.0 * (30.42 * month + chance.uniform(0.0, 28.0))
                known = {"run_id": f"run-{number:07d}", "node": f"n{number % 997}", "writer": f"n{number % 997}-7-{number}"}
                energy_j = chance.uniform(2e5, 2e6)
                summary |= known | {"first_wall_s": began_s, "last_wall_s": began_s + 1800.0, "offset_s": began_s}
                summary["hours"] = {str(int(began_s // 3600)): energy_j}
                summary["facts"]["project"] = PROJECTS[number % len(PROJECTS)]
                summary["devices"]["gpu:0"]["energy_j"] = energy_j
                text = json.dumps(summary, sort_keys=True, separators=(",", ":"))
                stated = {**line, **known, "summary": summary, "wall_s": began_s + 1800.0, "crc": zlib.crc32(text.encode())}
                stated["packed"] = {**line["packed"], "journal": f"run-{number:07d}/{known['writer']}.jsonl"}
                stream.write(with_checksum(json.dumps(stated, separators=(",", ":")).encode()) + b"\n")


PAGES = """
import sys
from traincarbon.ledger.listed_runs import Filter, Order, month_sums, page_of, projects_of
from traincarbon.ledger.store import Ledger
with Ledger(sys.argv[-1]) as ledger:
    ledger.index.refresh()
    print({what})
"""
"""What the web app asks for a page."""
PAGES_OF = {
    "serve: nothing but the refresh": "0",
    "serve: first page of runs": "page_of(ledger.index, Filter()).total, len(projects_of(ledger.index))",
    "serve: page 3 of a project": "page_of(ledger.index, Filter(project='team-07'), offset=100).total",
    "serve: runs by cost": "page_of(ledger.index, Filter(), order=Order.COST).total",
    "serve: runs with some words": "page_of(ledger.index, Filter(words='team-07')).total",
    "serve: sums by month and project": "len(month_sums(ledger.index))",
}


def measured(store, name, *words):
    """Print seconds of the clock and of the processor, memory, and the last line of a command."""
    began_s = time.perf_counter()
    command = words if words[0] == "-c" else ("-m", "traincarbon", *words, "--store")
    with subprocess.Popen([sys.executable, *command, store], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        said = process.stdout.read().strip().split("\n")[-1]
        _, status, used = os.wait4(process.pid, 0)
    took_s, cpu_s = time.perf_counter() - began_s, used.ru_utime + used.ru_stime
    print(f"{name:34} {took_s:8.2f} s {cpu_s:8.2f} s of processor {used.ru_maxrss / 1024:6.0f} MiB  exit {status >> 8}  {said[:70]}", flush=True)


def main(n_runs):
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "store")
        write(store, n_runs)
        files = [os.path.join(parent, name) for parent, _, names in os.walk(store) for name in names]
        print(f"{n_runs:,} runs: {len(files):,} files of {sum(map(os.path.getsize, files)) / 1e9:.2f} GB without the lines", flush=True)
        measured(store, "first list, which makes the index", "runs", "list", "--quiet")
        for name in ("list", "list once more"):
            measured(store, name, "runs", "list", "--quiet")
        measured(store, "list of a project since a date", "runs", "list", "--project", PROJECTS[7], "--since", "2026-01-01", "--limit", "10", "--quiet")
        measured(store, "start of a command", "runs", "list", "--help")
        measured(store, "show", "runs", "show", f"run-{n_runs // 2:07d}")
        for name, what in PAGES_OF.items():
            measured(store, name, "-c", PAGES.format(what=what))
        measured(store, "report of one run", "report", f"run-{n_runs // 2:07d}", "-o", os.path.join(folder, "one.html"))
        measured(store, "report of a project", "report", "--project", PROJECTS[7], "-o", os.path.join(folder, "project.html"))
        measured(store, "calibrate", "calibrate", "--dry-run", "--quiet")
        print(f"index: {sum(entry.stat().st_size for entry in os.scandir(store) if entry.name.startswith('index-')) / 1e9:.2f} GB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
