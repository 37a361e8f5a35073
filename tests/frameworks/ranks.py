"""Start a program on two ranks of this machine, without GPUs, as ``torchrun`` does."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def torchrun(program: str, *words: str, ranks: int = 2) -> "subprocess.CompletedProcess[str]":
    """Run a program of this folder with *words* on every rank to its end."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    return subprocess.run([*launch, str(TESTS / "frameworks" / program), *words], env=environment, capture_output=True, text=True, timeout=240, check=False)
