"""Meter one job of four machines with eight ranks and eight GPUs each by ours and by other tools. Prints the table in docs/metering.md.

Each tool is used as its documentation says for a script: in every rank, or around the launcher. What its results add up to is compared
with the exact energy of the replayed GPUs. It needs root and Slurm, as ``make test-launchers`` does, and the environment of the peers.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT / "tests")  # not the folder of this file, which has a module of the same name

from launchers import machines, slurm  # noqa: E402  the rig lies beside the tests
from launchers.machines import Pulse  # noqa: E402
from launchers.rig import TRACK, Rig  # noqa: E402

SHAPE = ("--nodes=4", "--ntasks-per-node=8", "--gres=gpu:8")
CODECARBON = """\
import json, os, sys, time
from codecarbon import OfflineEmissionsTracker
tracker = OfflineEmissionsTracker(country_iso_code="USA", save_to_file=False, log_level="critical")
tracker.start()
while time.monotonic() < float(sys.argv[1]):
    time.sleep(0.05)
tracker.stop()
with open(f"{sys.argv[2]}/{os.environ['SLURM_PROCID']}", "w") as stream:
    stream.write(json.dumps(tracker._total_gpu_energy.kWh * 3.6e6))
"""


class Way(NamedTuple):
    """A way to meter the job."""

    name: str
    script: Callable[[Rig, Pulse, Path], str]
    energies_j: Callable[[Rig, Path], list[float]]
    """Returns the GPU energy of each result."""


def _ours(rig: Rig, folder: Path) -> list[float]:
    found = [rig.found(run, 1.0).run for run in rig.runs()]
    return [run.energy_j["gpu"] or 0.0 for run in found if str(folder) in " ".join(run.argv)]


def _numbers(_: Rig, folder: Path) -> list[float]:
    return [float(json.loads(file.read_text())) for file in folder.iterdir()]


def _joules(_: Rig, folder: Path) -> list[float]:
    reports = [json.loads(file.read_text()) for file in folder.iterdir()]
    return [float(sum(device["energy_j"] for device in report["devices"] if "gpu" in device["kind"].lower())) for report in reports]


def ways(peers: Path) -> Iterator[Way]:
    """Yield the ways, those of tools that are installed."""
    yield Way("`carbon track -- srun …`", lambda rig, pulse, out: f"{TRACK} -- srun {rig.rank(pulse)} {out}", _ours)
    yield Way("`srun carbon track -- …`", lambda rig, pulse, out: f"srun {TRACK} -- {rig.rank(pulse)} {out}", _ours)
    joules = peers / "bin" / "joules"
    if joules.exists():
        run = f"{joules} run --no-cpu --no-track --out"
        yield Way("`joules run -- srun …`", lambda rig, pulse, out: f"{run} {out}/0 -- srun {rig.rank(pulse)}", _joules)
        yield Way("`srun joules run -- …`", lambda rig, pulse, out: f"srun sh -c 'exec {run} {out}/$SLURM_PROCID -- {rig.rank(pulse)}'", _joules)
    if list(peers.glob("lib/python*/site-packages/codecarbon")):

        def codecarbon(rig: Rig, pulse: Pulse, out: Path) -> str:
            script, smi = rig.machines.folder / "codecarbon_rank.py", out.parent / "nvidia-smi"
            script.write_text(CODECARBON)
            smi.write_text("#!/bin/sh\nexit 0\n")  # it looks for the command before it uses the library
            smi.chmod(0o755)
            return f"PATH={smi.parent}:$PATH srun {peers}/bin/python {script} {pulse.to_s + 1.0:.3f} {out}"

        yield Way("CodeCarbon in each rank", codecarbon, _numbers)


def main() -> None:
    """Run the job once for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-peers", help="environment of the other tools")
    parser.add_argument("--only", default="", help="only ways whose name has this in it")
    parser.add_argument("--start", type=float, default=60.0, help="seconds that all ranks may take to start")
    options = parser.parse_args()
    problem = machines.unavailable() or slurm.unavailable()
    if problem:
        sys.exit(f"error: {problem}\nhint: run it as root on Debian with slurm-wlm and munge")
    print("| | results | GPU energy, added up | of the truth |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        shared = machines.Machines(Path(folder) / "rig", ("n0", "n1", "n2", "n3"))
        with slurm.slurm(shared) as cluster:
            rig = Rig(shared, cluster, ROOT / ".venv-launchers")
            for number, way in enumerate(way for way in ways(options.peers.resolve()) if options.only in way.name):
                out = Path(folder) / f"out-{number}"
                out.mkdir()
                pulse = rig.pulse(after_s=options.start)
                rig.run(way.script(rig, pulse, out), *SHAPE, timeout_s=options.start + 120.0)
                found, truth_j = way.energies_j(rig, out), rig.machines.energy_j(pulse)
                print(f"| {way.name} | {len(found)} | {sum(found) / 3600.0:.2f} Wh | {sum(found) / truth_j:.3f} × |", flush=True)


if __name__ == "__main__":
    main()
