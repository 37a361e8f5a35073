"""Kill the metering process of a run with eight ranks again and again: what is lost, and whether anything counts twice."""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))
RANKS, BOARDS, WATTS, INTERVAL_S, PAUSE_S = 8, 8, 300.0, 0.2, 1.5
IN_PYTHON = "import time, traincarbon\nwith traincarbon.track(run_id='r', interval_s={interval}, quiet=True): time.sleep({seconds})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="number of kills")
    options = parser.parse_args()
    print("| ranks | kills | meters at once | journals | meters again after, median | worst | between two records, mean | energy | exit codes |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind in ("carbon track", "traincarbon.track()"):
        with tempfile.TemporaryDirectory() as folder:
            print(_row(kind, Path(folder), options.rounds), flush=True)


def _row(kind: str, folder: Path, rounds: int) -> str:
    from native import replay
    from tracked import Place

    place = Place(folder)
    trace = folder / "trace"
    trace.write_text(f"devices {BOARDS}\nwave 1:{WATTS}\norigin {time.monotonic():.3f}\n")
    others = {name: value for name, value in place.env.items() if name != "CARBON_REPLAY"}
    place.env = {name: value for name, value in replay.environment(replay.build(folder), trace, **others).items() if name != "CARBON_REPLAY"}
    seconds = rounds * PAUSE_S + 6.0
    code = IN_PYTHON.format(interval=INTERVAL_S, seconds=seconds)
    wrapped = place.command("--quiet", "--run-id", "r", "--interval", str(INTERVAL_S), "--", "sleep", str(seconds))
    command = wrapped if kind == "carbon track" else [sys.executable, "-c", code]
    ranks = [subprocess.Popen(command, env=place.env) for _ in range(RANKS)]
    time.sleep(4.0)
    most, kills_s = 0, []
    for _ in range(rounds):
        meters = _meters(place.store)
        most = max(most, len(meters))
        kills_s += [time.monotonic() for _ in meters[:1]]
        for pid in meters:
            os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE_S)
    codes = sorted({rank.wait() for rank in ranks})
    record = place.record("r")
    ratio = (record.energy_j["gpu"] or 0.0) / (BOARDS * WATTS * record.duration_s)
    begins_s = sorted(_begins_s(file) for file in Path(place.store, "journals", "r").glob("*.jsonl"))
    again_s = [next(begin for begin in begins_s if begin > killed) - killed for killed in kills_s if killed < begins_s[-1]]
    lost_s = record.gaps_s / max(len(again_s), 1)
    shown = f"{statistics.median(again_s):.2f} s | {max(again_s):.2f} s | {lost_s:.2f} s at an interval of {INTERVAL_S:g} s"
    return f"| {RANKS} × `{kind}` | {len(kills_s)} | {most} | {len(begins_s)} | {shown} | {100.0 * (ratio - 1.0):+.2f} % | {codes} |"


def _begins_s(file: Path) -> float:
    """Return when the writer of a journal had read its meters first, on the clock of all processes. [s]."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    starts = [line["mono_s"] for line in lines if line["kind"] == "start"]
    return float(starts[min(1, len(starts) - 1)])


def _meters(store: str) -> list[int]:
    """Return the living processes that write a journal of the run."""
    pids = (int(file.name.split("-")[1]) for file in Path(store, "journals", "r").glob("*.jsonl"))
    return [pid for pid in pids if b"sidecar.main" in _read(f"/proc/{pid}/cmdline")]


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    main()
