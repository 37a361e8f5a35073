"""What faults do to tracked runs and their store, one row a kind of fault. Run it with ``make faults``; a number above 0 in a column of failures is a failure.

A busy machine can hold back the end of a run as a fault can. A round that was held back, and has no other failure, is therefore tried once more with nothing beside it, and its second outcome counts.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from killed_runs import Round

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "tests"), str(HERE.parent)]

HANG_S, END_S = 5.0, 20.0
"""Longest that the end of a run may be held back, and longest wait for processes of killed runs to end."""
INTERVAL_S = 0.1
"""Between two lines of the journals of runs that are killed, and so the most that a kill may cost without a word. [s]"""
NOT_FINISHED = "did not finish within two minutes"


class Failure(StrEnum):
    """How a round can fail, and the head of its column."""

    LOST = "lost without a word"
    WRONG = "wrong record or exit code"
    TRACEBACK = "traceback"
    HELD = "held back > 5 s"


class Found(NamedTuple):
    """What became of one round: how it failed if it did, and words for the one who looks for the reason."""

    failure: Failure | None
    about: str


Trial = Callable[[], Found]


def tried(trials: Sequence[Trial], *, at_once: int) -> list[Found]:
    """Return what became of each trial, *at_once* at a time; what was held back is tried again alone."""
    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(lambda trial: trial(), trials))
    if held := [each.about.partition("\n")[0] for each in found if each.failure is Failure.HELD]:
        print(f"{len(held)} of {len(found)} held back, each tried again alone:", *held, sep="\n  ", file=sys.stderr, flush=True)
    return [trial() if first.failure is Failure.HELD else first for first, trial in zip(found, trials, strict=True)]


def kills(rounds: int) -> list[Found]:
    """Kill, interrupt or stop one process of a run at a random moment."""
    from killed_runs import POWER_W, Round, Tracked
    from tracked import Place

    with tempfile.TemporaryDirectory() as name:

        def trial(number: int) -> Found:
            folder = Path(tempfile.mkdtemp(dir=name))
            store, said = folder / "store", folder / "said"
            environment = Place(folder, watts=POWER_W).env
            with said.open("wb") as stream:
                one = Round(number, lambda run_id, command: Tracked(store, run_id, command, env=environment, stderr=stream), folder)
                one.hit()
            return kill_outcome(one, store, said.read_text(errors="replace"))

        return tried([partial(trial, number) for number in range(rounds)], at_once=4)


def kill_outcome(one: "Round", store: Path, said: str) -> Found:
    """Return what became of a killed run, once all of its processes have ended."""
    from killed_runs import POWER_W, marked
    from tracked import until
    from traincarbon.ledger.journal_lines import read_journal
    from traincarbon.ledger.record import read_run

    sessions = {line["session"] for file in store.glob("journals/*/*.jsonl") for line in read_journal(file)[0] if "session" in line}
    until(lambda: (found := read_run(str(store), one.run_id)) is None or found.state != "running", seconds=END_S)  # the metering process has no mark
    has_ended = until(lambda: not any(map(marked, sessions)), seconds=END_S)
    record = read_run(str(store), one.run_id)
    about = f"{one.who} {one.how}, round {one.run_id}: held back {one.end_took_s:.1f} s, {record}"
    if "Traceback" in said:
        return Found(Failure.TRACEBACK, said)
    if record is None:
        return Found(Failure.LOST, about)
    missing_j = POWER_W * (record.duration_s - record.gaps_s) - (record.energy_j["gpu"] or 0.0)
    if abs(missing_j) > POWER_W * INTERVAL_S:
        return Found(Failure.LOST if missing_j > 0.0 else Failure.WRONG, about)
    is_code_right = (one.tracked.process.returncode == 0) == (record.state == "finished")
    if record.state not in one.expected_states() or not is_code_right or not has_ended:
        return Found(Failure.WRONG, f"{about}, processes ended: {has_ended}")
    return Found(Failure.HELD if one.end_took_s > HANG_S else None, about)


def crowd(rounds: int) -> list[Found]:
    """Track many runs at once in one store."""
    from tracked import Place

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = Place(folder)

        def trial(number: int) -> Found:
            ended, run_id = folder / f"ended-{number}", f"c{number}-{time.monotonic_ns()}"
            try:
                done = place.track("--run-id", run_id, "--", "sh", "-c", f"sleep 1; date +%s.%N > {ended}; exit 7", timeout=120)
            except subprocess.TimeoutExpired:
                return Found(Failure.HELD, f"{run_id} {NOT_FINISHED}")
            held_s = time.time() - float(ended.read_text())
            about = f"{run_id}: exit code {done.returncode}, held back {held_s:.1f} s; {done.stderr}"
            if "Traceback" in done.stderr:
                return Found(Failure.TRACEBACK, about)
            if done.returncode != 7:
                return Found(Failure.WRONG, about)
            return Found(Failure.HELD if held_s > HANG_S else None, about)

        found = tried([partial(trial, number) for number in range(rounds)], at_once=rounds)
        return [each if each.failure or recorded(place.store, each.about.partition(":")[0]) else Found(Failure.LOST, each.about) for each in found]


def recorded(store: str, run_id: str) -> bool:
    """Return whether the store has the run, whose command exits with 7, and its index lists it."""
    from traincarbon.ledger.store import Ledger

    with Ledger(store) as ledger:
        return ledger.run(run_id).state == "failed" and run_id in {run.run_id for run in ledger.runs()}


def drivers(every: int) -> list[Found]:
    """Fail each call of NVML in each way, see nvml_faults.py for the outcomes one by one."""
    from nvml_faults import WRONG, Case, all_cases, trials

    failures = dict.fromkeys(WRONG, Failure.WRONG) | {
        "no record": Failure.LOST,
        "too little, unsaid": Failure.LOST,
        "traceback": Failure.TRACEBACK,
        "withheld": Failure.HELD,
    }
    with trials() as run:

        def trial(case: Case) -> Found:
            outcome, said = run(case)
            return Found(failures.get(outcome), f"{case.name}: {outcome}; {said}")

        return tried([partial(trial, case) for case in all_cases()[::every]], at_once=8)


def damage(name: str, rounds: int) -> list[Found]:
    """Change journals or the index at random and read the runs, see damage.py."""
    from damage import index_round, journal_round, outcome_of

    action = {"journals": journal_round, "indexes": index_round}[name]
    with tempfile.TemporaryDirectory() as folder:

        def trial(number: int) -> Found:
            one = outcome_of(action, Path(folder), number)
            about = f"round {number} of {name} in {one.took_s:.1f} s {one.traceback}"
            if one.traceback:
                return Found(Failure.TRACEBACK, about)
            if one.lost:
                return Found(Failure.LOST, about)
            return Found(Failure.HELD if one.took_s > HANG_S else None, about)

        return tried([partial(trial, number) for number in range(rounds)], at_once=1)


def share(rounds: int, every: int) -> int:
    """Return one in *every* of the rounds, and at least one."""
    return max(rounds // every, 1)


def row(name: str, found: Iterable[Found], took_s: float) -> str:
    """Return the row of the table for one kind of fault."""
    all_found = list(found)
    counts = [str(sum(each.failure is failure for each in all_found)) for failure in Failure]
    return f"| {name} | {len(all_found)} | {' | '.join(counts)} | {took_s:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="do every so many rounds only")
    every = max(parser.parse_args().every, 1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts this in the background ignores it, and so would the runs
    kinds: dict[str, Callable[[], list[Found]]] = {
        "kill, interrupt or stop one process": lambda: kills(share(200, every)),
        "trackers at once in one store": lambda: crowd(share(64, every)),
        "faults of NVML": lambda: drivers(every),
        "damaged journals": lambda: damage("journals", share(1000, every)),
        "damaged indexes": lambda: damage("indexes", share(120, every)),
    }
    print(f"| fault | rounds | {' | '.join(Failure)} | took, s |\n|---|---:|{'---:|' * len(Failure)}---:|", flush=True)
    has_failed = False
    for name, make in kinds.items():
        began_s = time.monotonic()
        found = make()
        print(row(name, found, time.monotonic() - began_s), flush=True)
        for each in found:
            if each.failure is not None:
                has_failed = True
                print(f"{each.failure}: {each.about}", file=sys.stderr, flush=True)
    sys.exit(has_failed)


if __name__ == "__main__":
    main()
