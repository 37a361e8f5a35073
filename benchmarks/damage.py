"""Damage journals and indexes at random and read them back, for the table in docs/metering.md. Run it with ``make faults``."""

import argparse
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))

LONGEST_S = 5.0


class Outcome(NamedTuple):
    """What became of one round."""

    lost: bool = False
    """Whether something was missing or different, and nothing said so."""
    traceback: str = ""
    took_s: float = 0.0


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return *content* with a few changes of one kind: bits, cuts, swaps, repeats, zeros, foreign bytes."""
    data = bytearray(content)
    lines = content.splitlines(keepends=True)
    for _ in range(chance.choice((1, 1, 3, 20))):
        place = chance.randrange(max(len(data), 1))
        match chance.randrange(7):
            case 0 if data:
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                del data[place:]
            case 2:
                data[place : place + 200] = bytes(200)
            case 3:
                data[place:place] = chance.randbytes(chance.randrange(1, 300))
            case 4:
                chance.shuffle(lines)
                data = bytearray(b"".join(lines))
            case 5:
                data += b"".join(chance.choices(lines, k=5))
            case 6:
                del data[place : place + chance.randrange(1, 3000)]
    return bytes(data)


def write_run(file: str, lines: Iterable[Mapping[str, object]]) -> None:
    """Write lines to a journal as their writer does, with a checksum each."""
    from traincarbon.ledger.journal_lines import with_checksum

    os.makedirs(os.path.dirname(file))
    with open(file, "wb") as stream:
        stream.writelines(with_checksum(json.dumps(line, separators=(",", ":")).encode()) + b"\n" for line in lines)


def journal_round(folder: Path, number: int) -> Outcome:
    """Damage one journal of a store of five runs. The others must stay as they are, and what is lost of that one must be said."""
    from journals import lines_of
    from traincarbon.errors import CarbonError
    from traincarbon.ledger.record import read_run
    from traincarbon.ledger.store import Ledger

    chance = random.Random(number)
    store = folder / f"store-{number}"
    for run in range(5):
        write_run(str(store / "journals" / f"run-{run}" / "a1-7-1.jsonl"), lines_of(run_id=f"run-{run}", begin_s=10.0 * run, intervals=8))
    with Ledger(store) as ledger:
        before = {run.run_id: run for run in ledger.runs()}
        faults_before = ledger.faults()
    file = store / "journals" / "run-2" / "a1-7-1.jsonl"
    file.write_bytes(changed(file.read_bytes(), chance))
    with Ledger(store) as ledger:
        after, faults = {run.run_id: run for run in ledger.runs()}, ledger.faults()
    with contextlib.suppress(CarbonError):
        read_run(str(store), "run-2")
    others = all(after.get(run_id) == run for run_id, run in before.items() if run_id != "run-2")
    damaged, whole = after.get("run-2"), before["run-2"]
    less = damaged is None or (damaged.energy_j["gpu"] or 0.0) < (whole.energy_j["gpu"] or 0.0)
    is_said = faults != faults_before or (damaged is not None and damaged.state != whole.state) or not file.read_bytes().strip()
    shutil.rmtree(store)
    return Outcome(lost=not others or (less and not is_said))


def index_round(folder: Path, number: int) -> Outcome:
    """Damage an index of twelve runs: flip bits, cut it, or overwrite pages. Every answer must be that of the journals."""
    from journals import lines_of, write_lines
    from traincarbon.ledger.store import Ledger

    chance = random.Random(number)
    store = folder / f"index-{number}"
    for run in range(12):
        write_lines(str(store / "journals" / f"run-{run}" / "a1-7-1.jsonl"), lines_of(run_id=f"run-{run}", begin_s=10.0 * run, intervals=8))
    with Ledger(store) as ledger:
        expected = ledger.runs()
    (file,) = store.glob("index-*.sqlite")
    data = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 1, 30))):
        place = chance.randrange(len(data))
        match number % 3:
            case 0:
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                del data[max(place, 1) :]
            case 2:
                page = place & ~4095
                data[page : page + 4096] = chance.choice((bytes(4096), chance.randbytes(4096), bytes(data[:4096])))
    file.write_bytes(data)
    with Ledger(store) as ledger:
        answers = (ledger.runs(), [ledger.run(run.run_id) for run in expected], ledger.faults())
    shutil.rmtree(store)
    return Outcome(lost=answers != (expected, expected, []))


def outcome_of(action: Callable[[Path, int], Outcome], folder: Path, number: int) -> Outcome:
    """Return what became of a round, with its time and a traceback if there was one."""
    began_s = time.monotonic()
    try:
        found = action(folder, number)
    except Exception:  # noqa: BLE001  that is what is counted
        found = Outcome(traceback=traceback.format_exc())
    return found._replace(took_s=time.monotonic() - began_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journals", type=int, default=1000, help="number of damaged journals")
    parser.add_argument("--indexes", type=int, default=120, help="number of damaged indexes")
    options = parser.parse_args()
    print("| damaged | rounds | lost, unsaid | tracebacks | over 5 s |\n|---|---:|---:|---:|---:|")
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        for label, action, rounds in (("journals", journal_round, options.journals), ("indexes", index_round, options.indexes)):
            found = [outcome_of(action, Path(name), number) for number in range(rounds)]
            lost, broken, slow = sum(each.lost for each in found), [each for each in found if each.traceback], sum(each.took_s > LONGEST_S for each in found)
            failures += lost + len(broken) + slow
            print(f"| {label} | {rounds} | {lost} | {len(broken)} | {slow} |")
            for each in broken[:1]:
                print(each.traceback, file=sys.stderr)
            for number in [number for number, each in enumerate(found) if each.lost][:5]:
                print(f"{label}: round {number} lost something", file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
