"""What packing journals takes and gives: bytes, speed, the same joules, and how fast packs answer.

Usage: python benchmarks/compaction.py [NODE-DAYS] [--keep FOLDER]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from types import SimpleNamespace
from unittest.mock import patch

import journals
from traincarbon import runs
from traincarbon.ledger import journal
from traincarbon.ledger.journal import Journal, run_folder
from traincarbon.ledger.store import Ledger
from traincarbon.tracking.sidecar.record_pace import RecordPace
from traincarbon.tracking.sidecar.recorder import Recorder

BEGAN_S = 1_788_220_800.0
"""1 September 2026."""
PROJECTS = ("pretraining", "ablations", "evaluation", "speech")
BY_PROJECT_AND_MONTH = "SELECT project, strftime(time, '%Y-%m') AS month, sum(energy_j) / 3.6e6 AS kwh FROM intervals GROUP BY ALL ORDER BY ALL"
BY_DEVICE = (
    "SELECT device.device, sum(device.energy_j) / 3.6e6 AS kwh FROM (SELECT unnest(devices) AS device FROM intervals) GROUP BY ALL ORDER BY 2 DESC LIMIT 10"
)
BY_HOUR = "SELECT date_trunc('hour', time) AS hour, sum(energy_j) / 3.6e6 AS kwh FROM intervals GROUP BY ALL ORDER BY ALL LIMIT 10"


def write_day(store, number):
    """Write the journal of one node for one day, at the pace of a real one, and return its size."""
    run_id, began_s = f"run-{number:05d}", BEGAN_S + 86_400.0 * (number % 90)
    node = journals.Node()
    node.random.seed(number)
    clock = SimpleNamespace(
        time=lambda: began_s + node.time_s + 1.7e-4 * node.random.random(), monotonic=lambda: 1e5 + node.time_s, strftime=time.strftime, gmtime=time.gmtime
    )
    file = os.path.join(run_folder(store, run_id), f"n{number % 8}-7-{number}.jsonl")
    with patch.object(journal, "time", clock):
        book = Journal(file, run_id=run_id, node=f"n{number % 8}", process=7, life="0123456789ab/pid:[4026531836]/1234567")
        recorder, pace = Recorder([node], began_s=0.0), RecordPace(interval_s=journals.INTERVAL_S, began_s=0.0)
        head = {"session": f"{number:016x}"}
        start = {"argv": ["train.py"], "hw": "dgx-h100", "project": PROJECTS[number % len(PROJECTS)], "accelerators": 8, "from_s": 0.0, "to_s": 0.0}
        book.write("start", {**head, **start})
        for tick in range(1, int(journals.DAY_S / journals.INTERVAL_S) + 1):
            node.time_s = tick * journals.INTERVAL_S
            if tick % 6 == 0 or node.time_s <= 600.0:
                recorder.read()
            if pace.is_due(node.time_s):
                fields = {**recorder.interval(to_s=node.time_s), **journals.SESSION}
                for kind, stated in pace.lines(fields, {"tokens": 1e6 * tick}, now_s=node.time_s, ended=False):
                    book.write(kind, {**head, **stated})
        book.write("end", {**head, "exit_code": 0, "to_s": node.time_s})
        book.close()
    return os.path.getsize(file)


def joules(store):
    with Ledger(store) as ledger:
        return {run.run_id: run.energy_j for run in ledger.runs()}


def timed(name, work, *, mb=0.0):
    began_s, cpu_s = time.perf_counter(), time.process_time()
    found = work()
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    rate = f", {mb / took_s:,.0f} MB/s ({mb / cpu_s:,.0f} by processor time)" if mb else ""
    print(f"{name:44} {took_s:8.2f} s {cpu_s:8.2f} s of processor{rate}", flush=True)
    return found


def main(days, store):
    os.makedirs(store, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        size_b = sum(pool.map(write_day, [store] * days, range(days), chunksize=4))
    print(f"{days} node-days of journals, {size_b / 1e6 / days:.2f} MB each", flush=True)
    timed("first index of the journals", lambda: joules(store), mb=size_b / 1e6)
    before = joules(store)
    found = timed("carbon runs compact", lambda: runs.compact(store=store), mb=size_b / 1e6)
    print(f"{found.packed_b / 1e6 / days:.2f} MB each in packs, {len(found.packs)} packs, {found.removed} journals removed, {len(found.left)} left")
    print("the same joules of every run, to the last digit:", joules(store) == before)
    for name in os.listdir(store):
        if name.startswith("index-"):
            os.remove(os.path.join(store, name))
    print("the same after a new index:", timed("first index of the packs", lambda: joules(store)) == before)
    for name, question in (("energy by project × month", BY_PROJECT_AND_MONTH), ("energy by device", BY_DEVICE), ("fleet by hour", BY_HOUR)):
        rows = timed(name, lambda question=question: runs.query(question, store=store)).rows
    kwh = sum(row[-1] for row in runs.query(BY_PROJECT_AND_MONTH, store=store).rows)
    counted = sum(energy or 0.0 for run in before.values() for energy in run.values()) / 3.6e6
    print(f"by project × month {kwh:,.6f} kWh, by the records {counted:,.6f} kWh; {len(rows)} rows")
    timed(
        "one run by its id", lambda: subprocess.run([sys.executable, "-m", "traincarbon", "runs", "show", "run-00007", "--store", store], stdout=-3, check=True)
    )
    timed(
        "carbon runs verify of one run",
        lambda: subprocess.run([sys.executable, "-m", "traincarbon", "runs", "verify", "run-00007", "--store", store], check=True),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("days", type=int, nargs="?", default=300)
    parser.add_argument("--keep", help="a folder that stays")
    args = parser.parse_args()
    if args.keep:
        main(args.days, args.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(args.days, os.path.join(folder, "store"))
