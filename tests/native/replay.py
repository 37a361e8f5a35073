"""Compile the replaying NVML and replay traces on it: in this process with a clock that the test moves, or for commands through their environment."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("nvml_replay.c")
NAME = "libnvidia-ml.so.1"


def build(folder: Path) -> Path:
    """Compile the library into *folder* and return its file; skip the test if there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler (cc, gcc, clang) to build the replaying NVML with")
    file = folder / NAME
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", f"-Wl,-soname,{NAME}", "-o", file, SOURCE, "-lm"], check=True)
    return file


def environment(library: Path, trace: Path, **others: str) -> dict[str, str]:
    """Return the environment in which a command loads *library* as NVML and replays *trace*."""
    return {**os.environ, "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(trace), **others}


class Replay:
    """The library in this process: traces, a clock that the test moves, and the exact integral."""

    def __init__(self, library: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.replay_clock.argtypes = [ctypes.c_double]
        self._library.replay_energy_j.restype = ctypes.c_double
        self._library.replay_energy_j.argtypes = [ctypes.c_uint, ctypes.c_double, ctypes.c_double]
        self._file = folder / "trace"
        self._monkeypatch = monkeypatch
        self.now_s = 0.0

    def play(self, *lines: str) -> None:
        """Start a trace at second 0."""
        self._file.write_text("\n".join(lines) + "\n")
        self._monkeypatch.setenv("NVML_REPLAY_TRACE", str(self._file))
        self._library.replay_reset()
        self.set(0.0)

    def set(self, seconds: float) -> None:
        """Move the clock to *seconds*."""
        self.now_s = seconds
        self._library.replay_clock(seconds)

    def clock(self) -> float:
        """Return the time, for the meter."""
        return self.now_s

    def energy_j(self, board: int, from_s: float, to_s: float) -> float:
        """Return the exact integral."""
        return float(self._library.replay_energy_j(board, from_s, to_s))
