"""What faults do to tracked runs and their store, one row a kind of fault. Run it with ``make faults``; a number above 0 in the last columns is a failure."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "tests"), str(HERE.parent)]

HANG_S = 5.0


class Row(NamedTuple):
    """What became of the rounds with one kind of fault."""

    name: str
    rounds: int
    lost: int
    """Runs whose record is missing without a word."""
    tracebacks: int
    hangs: int
    """Rounds whose end was held back for more than :data:`HANG_S`."""

    @property
    def failures(self) -> int:
        return self.lost + self.tracebacks + self.hangs


def kills(rounds: int) -> Row:
    """Kill, interrupt or stop one process of a run at a random moment."""
    from killed_runs import POWER_W, Round, Tracked
    from tracked import Place
    from traincarbon.ledger.store import Ledger

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, environment, said = folder / "store", Place(folder, watts=POWER_W).env, folder / "said"

        def run(number: int) -> Round:
            with said.open("ab") as stream:
                one = Round(number, lambda run_id, command: Tracked(store, run_id, command, env=environment, stderr=stream), folder)
                one.hit()
            return one

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(run, range(rounds)))
        time.sleep(HANG_S + 1.0)
        with Ledger(store) as ledger:
            recorded = {record.run_id for record in ledger.runs()}
        lost = sum(each.run_id not in recorded for each in found)
        return Row("kill, interrupt or stop one process", rounds, lost, said.read_bytes().count(b"Traceback"), sum(each.end_took_s > HANG_S for each in found))


def crowd(rounds: int) -> Row:
    """Track many runs at once in one store."""
    from tracked import Place
    from traincarbon.ledger.store import Ledger

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = Place(folder)

        def run(number: int) -> tuple[str, float]:
            ended = folder / f"ended-{number}"
            done = place.track("--run-id", f"c{number}", "--", "sh", "-c", f"sleep 1; date +%s.%N > {ended}", timeout=120)
            return done.stderr, time.time() - float(ended.read_text())

        with ThreadPoolExecutor(rounds) as pool:
            found = list(pool.map(run, range(rounds)))
        with Ledger(place.store) as ledger:
            recorded = len(ledger.runs())
    return Row(
        "trackers at once in one store", rounds, rounds - recorded, sum("Traceback" in said for said, _ in found), sum(held > HANG_S for _, held in found)
    )


def drivers(every: int) -> Row:
    """Fail each call of NVML in each way, see nvml_faults.py for the outcomes one by one."""
    from nvml_faults import WRONG, tried

    pairs = tried(every=every, at_once=8)
    found = [outcome for _, outcome in pairs]
    for case, outcome in pairs:
        if outcome in WRONG:
            print(f"{case.name}: {outcome}", file=sys.stderr)
    lost = sum(outcome in ("no record", "too little, unsaid") for outcome in found)
    return Row("faults of NVML", len(found), lost, found.count("traceback"), found.count("withheld"))


def damage(name: str, rounds: int) -> Row:
    """Change journals or the index at random and read the runs, see damage.py."""
    from damage import LONGEST_S, index_round, journal_round, outcome_of

    action = {"journals": journal_round, "indexes": index_round}[name]
    with tempfile.TemporaryDirectory() as folder:
        found = [outcome_of(action, Path(folder), number) for number in range(rounds)]
    for each in found:
        if each.traceback:
            print(each.traceback, file=sys.stderr)
    return Row(
        f"damaged {name}", rounds, sum(each.lost for each in found), sum(bool(each.traceback) for each in found), sum(each.took_s > LONGEST_S for each in found)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="do every so many rounds only")
    every = parser.parse_args().every
    rows = {
        "kills": lambda: kills(200 // every),
        "crowd": lambda: crowd(64 // every),
        "drivers": lambda: drivers(every),
        "journals": lambda: damage("journals", 1000 // every),
        "indexes": lambda: damage("indexes", 120 // every),
    }
    print("| fault | rounds | lost without a word | tracebacks | held back > 5 s | took, s |\n|---|---:|---:|---:|---:|---:|", flush=True)
    failures = 0
    for make in rows.values():
        began_s = time.monotonic()
        row = make()
        failures += row.failures
        print(f"| {row.name} | {row.rounds} | {row.lost} | {row.tracebacks} | {row.hangs} | {time.monotonic() - began_s:.0f} |", flush=True)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
