"""Test whether calibration helps on this machine: benchmark it, track four trainings, calibrate, then predict and run two others.

    python examples/proof.py                       # on an idle machine, about eight minutes
    python examples/proof.py --seconds 5 --force   # a quick try

Facts, runs and calibration go into one folder; nothing of yours is touched.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from decoder import VOCAB, Decoder

EXAMPLES = Path(__file__).resolve().parent
CARBON = [sys.executable, "-c", "from traincarbon.cli import main; main()"]
J_PER_KWH = 3.6e6

SEEN = ((2, 256), (3, 384), (4, 320), (2, 512))
"""Layers and width of the tracked trainings, wide enough that matrix products take most of the time."""
UNSEEN = ((3, 320), (8, 512))
"""One between those, and one with four times the parameters of the largest."""
SEQ_LEN, BATCH = 64, 16
GUESSED_MFU = 0.5
"""Makes all trainings take about the same time."""

QUANTITIES = (("time", "duration_s", "s", 1.0), ("energy", "it_energy_kwh", "J", J_PER_KWH))


class Training(NamedTuple):
    """One training: its model, its length, and the file of its plan."""

    model: Decoder
    tokens: int
    plan: Path

    @property
    def name(self) -> str:
        """The id of its run."""
        return self.plan.stem


class Predicted(NamedTuple):
    """A predicted value with its 90 % interval."""

    low: float
    median: float
    high: float


class Proof:
    """The folder of one proof and the commands run in it.

    Args:
        folder: Folder for all results.
        script: The training script.
        is_shown: Whether to print the commands.
    """

    def __init__(self, folder: Path, script: str, *, is_shown: bool = True) -> None:
        self.folder = folder
        self.script = EXAMPLES / script
        self.is_shown = is_shown
        for name in ("facts", "runs", "calibrations", "plans"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        places = {"CARBON_DB": "facts", "CARBON_STORE": "runs", "CARBON_CALIBRATIONS": "calibrations"}
        self.environment = {**os.environ, **{variable: str(folder / place) for variable, place in places.items()}}

    def carbon(self, *words: str) -> str:
        """Run ``carbon`` with *words* and return its output; exit with its error if it fails."""
        if self.is_shown:
            print("$ carbon", *(word.replace(f"{self.folder}/", "") for word in words), flush=True)
        done = subprocess.run([*CARBON, *words], env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            sys.exit(f"carbon {words[0]} failed with exit code {done.returncode}")
        return done.stdout

    def bench(self, *words: str) -> float:
        """Benchmark the machine and return the FLOP/s of its matrix products in single precision."""
        found = json.loads(self.carbon("bench", "--json", *words))
        return float(found["gemm_flop_per_s"]["fp32"]["median"])

    def training(self, layers: int, hidden: int, *, seconds: float, flop_per_s: float) -> Training:
        """Write the plan of a training that takes about that many *seconds*."""
        model = Decoder(layers=layers, hidden=hidden, heads=hidden // 32, seq_len=SEQ_LEN)
        step = SEQ_LEN * BATCH
        tokens = step * max(1, round(seconds * GUESSED_MFU * flop_per_s / (6 * model.n_params() * step)))
        fields: dict[str, float] = {
            "params": model.n_params(),
            "tokens": tokens,
            "batch_tokens": step,
            "layers": layers,
            "hidden": hidden,
            "heads": model.heads,
        }
        fields |= {"ffn": 4 * hidden, "vocab": VOCAB, "seq_len": SEQ_LEN, "servers": 1, "pue": 1.0}
        plan = self.folder / "plans" / f"{layers}x{hidden}.toml"
        plan.write_text('hw = "this"\nprecision = "fp32"\n' + "".join(f"{name} = {value}\n" for name, value in fields.items()))
        return Training(model, tokens, plan)

    def predicted(self, training: Training, calibration: str) -> dict[str, Predicted]:
        """Return the estimate of *training*."""
        results = json.loads(self.carbon("estimate", str(training.plan), "--calibration", calibration, "--json", "--quiet"))["results"]
        return {field: Predicted(*(results[field][bound] for bound in Predicted._fields)) for _, field, _, _ in QUANTITIES}

    def track(self, training: Training) -> dict[str, float]:
        """Run *training* and return its measured time and energy."""
        model = training.model
        sizes = {"layers": model.layers, "hidden": model.hidden, "heads": model.heads, "seq-len": SEQ_LEN, "batch": BATCH, "tokens": training.tokens}
        options = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
        command = [sys.executable, str(self.script), *options, "--log-every", "1000000"]
        self.carbon("track", "--quiet", "--plan", str(training.plan), "--run-id", training.name, "--", *command)
        record = json.loads(self.carbon("runs", "show", training.name, "--json"))
        return {"duration_s": record["duration_s"], "it_energy_kwh": sum(energy or 0.0 for energy in record["energy_j"].values()) / J_PER_KWH}


def run(proof: Proof, *, seconds: float, bench: list[str]) -> dict[str, Any]:
    """Benchmark, track, calibrate, predict and check; return the results of the unseen trainings."""
    flop_per_s = proof.bench(*bench)
    seen, unseen = ([proof.training(*size, seconds=seconds, flop_per_s=flop_per_s) for size in sizes] for sizes in (SEEN, UNSEEN))
    for training in seen:
        proof.track(training)
    before = {training.name: proof.predicted(training, "none") for training in unseen}
    proof.carbon("calibrate", *(training.name for training in seen), "--name", "proof")
    after = {training.name: proof.predicted(training, "proof") for training in unseen}
    measured = {training.name: proof.track(training) for training in unseen}
    return {
        training.name: {
            "params": training.model.n_params(),
            "tokens": training.tokens,
            **{field: {"measured": measured[training.name][field]} for _, field, _, _ in QUANTITIES},
            "before": before[training.name],
            "after": after[training.name],
        }
        for training in unseen
    }


def report(found: dict[str, Any]) -> str:
    """Return the results as tables, with errors and intervals before and after calibration."""
    lines = []
    for what, field, unit, scale in QUANTITIES:
        lines += ["", f"{what:7}{'parameters':>11}{'measured':>12}  {'before':23}{'after':23}".rstrip()]
        for each in found.values():
            measured = f"{_rounded(each[field]['measured'] * scale, 3)} {unit}"
            predicted = [_interval(each[when][field], scale) for when in ("before", "after")]
            lines.append(f"{each['params']:18,}{measured:>12}  {predicted[0]:23}{predicted[1]}")
        lines += [_summary(found, field, when) for when in ("before", "after")]
    return "\n".join(lines[1:])


def _interval(predicted: Predicted, scale: float) -> str:
    low, high = (_rounded(bound * scale, 2) for bound in (predicted.low, predicted.high))
    return f"{_rounded(predicted.median * scale, 3)} ({low} – {high})"


def _rounded(value: float, digits: int) -> str:
    return f"{float(f'{value:.{digits}g}'):g}"


def _summary(found: dict[str, Any], field: str, when: str) -> str:
    pairs = [(each[when][field], each[field]["measured"]) for each in found.values()]
    errors = ", ".join(f"{predicted.median / measured - 1:+.0%}" for predicted, measured in pairs)
    inside = sum(predicted.low <= measured <= predicted.high for predicted, measured in pairs)
    width = math.exp(median(math.log(predicted.high / predicted.low) for predicted, _ in pairs))
    return f"  {when}: off by {errors}; {inside} of {len(pairs)} inside the interval, which spans × {width:.2g}"


def main() -> None:
    """Run the test and save the results beside the runs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="about how long each training takes; default 60")
    parser.add_argument("--torch", action="store_true", help="train with PyTorch; default NumPy")
    parser.add_argument("--folder", type=Path, help="folder for all results; default a new one")
    parser.add_argument("--quick", action="store_true", help="benchmark for six seconds only")
    parser.add_argument("--force", action="store_true", help="run even if the machine is busy; expect errors")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="carbon-proof-"))
    library = "torch" if options.torch else "numpy"
    flags = [flag for flag in ("--quick", "--force") if getattr(options, flag.removeprefix("--"))]
    found = run(Proof(folder.resolve(), f"train_{library}.py"), seconds=options.seconds, bench=["--library", library, *flags])
    (folder / "proof.json").write_text(json.dumps(found, indent=2) + "\n")
    print(f"\n{report(found)}\n\nsaved in {folder}")


if __name__ == "__main__":
    main()
