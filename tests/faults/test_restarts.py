"""A run is restarted on one machine under another host name each time, as pods are: it stays one machine with its boards."""

import shutil
import subprocess
import sys
import time

import pytest

from native.replay import build
from tracked import Place, watched

GPU_W, BOARDS = 300.0, 8


@pytest.fixture
def place(tmp_path):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "--uts", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system gives no host name of one's own")
    found, library = Place(tmp_path), build(tmp_path)
    (tmp_path / "boards").write_text(f"origin {time.monotonic():.3f}\ndevices {BOARDS}\nwave 1:{GPU_W:g}\n")
    found.env |= {"CARBON_REPLAY": "", "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(tmp_path / "boards")}
    return found


def test_restarts_under_other_host_names_are_one_machine_one_after_the_other(place):
    code = "import os, socket, time; print(os.getpid(), socket.gethostname(), flush=True); time.sleep(1)"
    seen, commands_s = [], 0.0
    for name in ("one", "two", "three"):
        command = place.command("--run-id", "job", "--quiet", "--", sys.executable, "-S", "-c", code)
        inside = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name, *command]
        done = watched(inside, env=place.env)
        assert done.returncode == 0, done.stderr
        seen += done.words
        commands_s += done.command_s
    record = place.record("job")
    assert seen == ["one", "two", "three"]
    assert (record.nodes, record.accelerators, record.restarts, len(record.hosts), record.state) == (1, BOARDS, 2, 1, "finished")
    assert 3.0 <= record.duration_s < commands_s
    assert record.energy_j["gpu"] == pytest.approx(GPU_W * BOARDS * record.duration_s, rel=0.03)
