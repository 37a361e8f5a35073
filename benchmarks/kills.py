"""Kill, interrupt and stop tracked runs at random moments, for the table in docs/metering.md. Run it with ``make faults-by-kind``."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="number of runs")
    parser.add_argument("--at-once", type=int, default=4, help="runs at the same time")
    options = parser.parse_args()
    from killed_runs import CASES, POWER_W, Round, Tracked, marked
    from tracked import Place
    from traincarbon.ledger.journal_lines import read_journal
    from traincarbon.ledger.store import Ledger

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, environment = folder / "store", Place(folder, watts=POWER_W).env

        def run(number: int) -> Round:
            one = Round(number, lambda run_id, command: Tracked(store, run_id, command, env=environment), folder)
            one.hit()
            return one

        with ThreadPoolExecutor(options.at_once) as pool:
            rounds = list(pool.map(run, range(options.rounds)))
        time.sleep(6.0)
        sessions = {line["session"] for file in store.glob("journals/*/*.jsonl") for line in read_journal(file)[0] if "session" in line}
        left = sum(len(marked(session)) for session in sessions)
        with Ledger(store) as ledger:
            records = {record.run_id: record for record in ledger.runs()}
            corrupt = [fault for fault in ledger.faults() if "cut off" not in fault]
    print("| process | signal | runs | records | state | most time not metered, s |\n|---|---|---:|---:|---|---:|")
    for who, how in CASES:
        hit = [each for each in rounds if (each.who, each.how) == (who, how)]
        found = [records[each.run_id] for each in hit if each.run_id in records]
        states = ", ".join(sorted({record.state for record in found}))
        unmetered = max((max((record.duration_s - (record.energy_j["gpu"] or 0.0) / POWER_W), 0.0) for record in found), default=float("nan"))
        print(f"| {who} | {how} | {len(hit)} | {len(found)} | {states} | {unmetered:.2f} |")
    print(f"\n{len(records)} records of {options.rounds} runs, {len(corrupt)} corrupt lines, {left} processes left behind.")


if __name__ == "__main__":
    main()
