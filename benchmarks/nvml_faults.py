"""Fail every call of NVML in every way while runs are tracked, for the table in docs/metering.md. Run it with ``make faults``."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tracked import Place

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))

CALLS = (
    *("nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetHandleByUUID", "nvmlDeviceGetUUID", "nvmlDeviceGetName"),
    *("nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage", "nvmlDeviceGetPowerManagementLimitConstraints"),
    *("nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetUtilizationRates", "nvmlDeviceGetTemperature", "nvmlDeviceGetClockInfo"),
    *("nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMigMode", "nvmlDeviceGetMaxMigDeviceCount"),
)
CODES = ("1", "2", "3", "4", "6", "9", "13", "15", "16", "17", "18", "999", "hang", "crash", "exit")
"""Codes of ``nvmlReturn_t``, and what a library can do instead of an answer."""
NO_PERMISSION, NONE_HERE = "4", ("6", "9")
"""Not found, and driver not loaded: if the library says so and the kernel shows no driver either, the machine has none."""
WHEN = {"always": "", "0.8 s of one board": "only 1 from 0.5 until 1.3"}
BOARDS, BOARD_W, TRAINING_S = 2, 300.0, 2.5
START_S = 0.3
"""From the start of the tracker to the start of the trace: about when the command starts."""
ROUNDING = 0.01
"""Share of the energy by which a sound reading may differ: the edges of the run, at which a busy machine is late."""
WITHHELD_S, LONGEST_S, KEPT_S = 5.0, 120.0, 30.0
OUTCOMES = (
    "exact",
    "gap stated",
    "assumed",
    "unknown, said",
    "no GPU",
    "another job's",
    "too little, unsaid",
    "too much",
    "no record",
    "wrong exit code",
    "traceback",
    "withheld",
)
WRONG = OUTCOMES[6:]


class Case(NamedTuple):
    """A fault of the library: its group and name, the lines of its trace, and how many boards the job sees."""

    group: str
    name: str
    lines: tuple[str, ...]
    boards: int = BOARDS
    visible: str | None = None
    may_be_anothers: bool = False
    """Whether the library says that the job may not open a board, as it says of another job's boards."""
    may_have_none: bool = False
    """Whether the library says for a while that there is no board; it says so of the whole run if that starts so late that it is asked then."""


def faults() -> Iterator[Case]:
    """Yield each call with each code, always and for a while."""
    for when, window in WHEN.items():
        for call in CALLS:
            for code in CODES:
                group, name = f"{code if code.isalpha() else 'error codes'}, {when}", f"{call} {code} {when}"
                says_none = code in NONE_HERE and call in CALLS[:2]
                is_refused = code == NO_PERMISSION and call.startswith("nvmlDeviceGetHandle")
                lines, boards = (f"devices {BOARDS}", f"fail {call} {code} {window}"), 0 if says_none and not window else BOARDS
                yield Case(group, name, lines, boards, may_be_anothers=is_refused, may_have_none=says_none)


def odd_values() -> Iterator[Case]:
    """Yield counters, powers, limits, numbers of boards, delays and variables that are unusual or impossible."""
    two = f"devices {BOARDS}"
    for at in (0.7, 1.5):
        yield from (Case("counter set anew", f"set {value} at {at}", (two, f"counter set {value} at {at}")) for value in ("0", "5000", "1e9"))
        yield from (Case("counter jumps", f"add {value} at {at}", (two, f"counter add {value} at {at}")) for value in ("-500", "1e6", "-1"))
    yield from (Case("counter stands still", f"stuck at {at}", (two, f"counter stuck at {at}")) for at in (0.0, 0.7, 1.5))
    yield from (Case("counter wraps", start, (two, f"counter start {start}", "counter modulo 4294967.296")) for start in ("4294900", "4294967"))
    for value in ("0", "4294967.295", "5000", "1500"):
        yield Case("impossible power", f"shows {value}", (two, f"shows {value}"))
        yield Case("impossible power", f"shows {value}, no counter", (two, f"shows {value}", "fail energy not_supported"))
    yield from (Case("power limit", f"cap {cap}", (two, f"cap {cap}")) for cap in ("0", "1", "4294967.295", "320", "700"))
    yield from (Case("number of boards", f"{boards} boards", (f"devices {boards}",), boards) for boards in (0, 1, 2, 8, 16, 64))
    yield from (Case("slow library", f"{delay} s a call, {n}", (f"devices {n}", f"delay {delay}"), n) for delay in ("0.002", "0.02") for n in (2, 16))
    yield from (Case("slow library", f"init {delay} s", (two, f"delay init {delay}")) for delay in ("1", "2"))
    seen = {"0": 1, "1": 1, "0,1": 2, "-1": 0, "": 0, "0,0": 0, "GPU-5f3c0111": 1, "1,7": 1}
    yield from (Case("CUDA_VISIBLE_DEVICES", f"{value!r}", (two,), boards, value) for value, boards in seen.items())


def outcome(case: Case, *, exit_code: int, stdout: str, stderr: str, withheld_s: float) -> str:
    """Return what a run came to: what went wrong, if anything did, else how well its energy is known."""
    if "Traceback" in stderr:
        return "traceback"
    if exit_code != 7:
        return "wrong exit code"
    if withheld_s > WITHHELD_S:
        return "withheld"
    try:
        record = json.loads(stdout.strip().split("\n")[-1])
    except ValueError:
        return "no record"
    truth_j, gpu_j, how = case.boards * BOARD_W * record["duration_s"], record["energy_j"]["gpu"], record["how"].get("gpu")
    if how == "assumed":
        return "assumed"
    if record["facility_energy_kwh"] is None and case.boards:
        return "unknown, said"
    if not case.boards:
        return "no GPU" if gpu_j is None else "too much"
    if case.may_have_none and gpu_j is None and record["missing"].get("gpu", "").startswith("nvml"):
        return "no GPU"
    missing_j = truth_j - (gpu_j or 0.0)
    if missing_j < -ROUNDING * truth_j - 1.0:
        return "too much"
    if missing_j <= ROUNDING * truth_j + 0.1 * BOARD_W * case.boards:
        return "exact"
    gaps_s = [record["duration_s"] - device["metered_s"] for device in record["devices"] if device["part"] == "gpu"]
    if case.may_be_anothers and missing_j > 0.9 * truth_j / case.boards:
        return "another job's"
    return "gap stated" if sum(gaps_s) * BOARD_W >= 0.8 * missing_j - 0.1 * BOARD_W * case.boards else "too little, unsaid"


def run(case: Case, folder: Path, library: Path) -> tuple[str, str]:
    """Track a command that sleeps while the library fails, and return what came of it and what the tracker said."""
    from native.replay import environment
    from tracked import Place

    place = Place(folder)
    run_id = f"fault-{uuid.uuid4()}"
    trace, ended = folder / f"trace-{run_id}", folder / f"ended-{run_id}"
    trace.write_text("\n".join([f"wave 1:{BOARD_W}", f"origin {time.monotonic() + START_S}", *case.lines]) + "\n")
    boards = {name: value for name, value in environment(library, trace).items() if name in ("LD_LIBRARY_PATH", "NVML_REPLAY_TRACE")}
    env = {**boards, "CARBON_REPLAY": ""} | ({} if case.visible is None else {"CUDA_VISIBLE_DEVICES": case.visible})
    command = ["sh", "-c", f"sleep {TRAINING_S}; date +%s.%N > {ended}; exit 7"]
    try:
        done = place.track("--json", "--run-id", run_id, "--", *command, env=env, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return "withheld", f"did not finish in {LONGEST_S:.0f} s"
    withheld_s = time.time() - float(ended.read_text()) if ended.exists() else 0.0
    stdout = done.stdout or (kept(place, run_id) if done.stderr else "")
    found = outcome(case, exit_code=done.returncode, stdout=stdout, stderr=done.stderr, withheld_s=withheld_s)
    return found, f"exit code {done.returncode}, withheld {withheld_s:.1f} s\n{stdout}{done.stderr}"


def kept(place: "Place", run_id: str) -> str:
    """Return the record that the store has of a run whose tracker said that it has no time to show it, once that is complete."""
    command = place.command()
    command[command.index("track") :] = ["runs", "show", "--json", run_id]

    def complete() -> str:
        shown = subprocess.run(command, env=place.env, capture_output=True, text=True, check=False).stdout
        return shown.replace("\n", " ") if shown and json.loads(shown)["state"] != "running" else ""

    from tracked import until

    return str(until(complete, seconds=KEPT_S))


def all_cases() -> list[Case]:
    """Return each fault and each odd value."""
    return [*faults(), *odd_values()]


@contextlib.contextmanager
def trials() -> Iterator[Callable[[Case], tuple[str, str]]]:
    """Build the library, and yield what tries a case and returns what came of it and what the tracker said."""
    from native.replay import build

    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = build(folder)
        yield lambda case: run(case, folder, library)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=8, help="runs at the same time")
    parser.add_argument("--every", type=int, default=1, help="try every so many cases only")
    options = parser.parse_args()
    cases = all_cases()[:: options.every]
    with trials() as tried, ThreadPoolExecutor(options.at_once) as pool:
        results = list(pool.map(tried, cases))
    found = [each for each, _ in results]
    shown = [each for each in OUTCOMES if each in found]
    print(f"| fault | runs | {' | '.join(shown)} |\n|---|---:|{'---:|' * len(shown)}")
    for group in dict.fromkeys(case.group for case in cases):
        counts = Counter(each for each, case in zip(found, cases, strict=True) if case.group == group)
        print(f"| {group} | {counts.total()} | {' | '.join(str(counts[each] or '') for each in shown)} |")
    wrong = [f"{case.name}: {each}; {said}" for (each, said), case in zip(results, cases, strict=True) if each in WRONG]
    print(f"\n{len(cases)} runs, {len(wrong)} wrong{''.join(f'{chr(10)}- {line}' for line in wrong)}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
