"""A driver never answers: the training, the record and the metering process still end."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from native.replay import build
from tracked import METERED, Place, python, watched


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("nvml"))


def gone(trace: str) -> bool:
    """Say whether all processes that play *trace* end within some seconds."""
    for _ in range(100):
        if not any(trace.encode() in read(file) for file in Path("/proc").glob("[0-9]*/environ")):
            return True
        time.sleep(0.1)
    return False


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def test_a_board_that_hangs_holds_up_neither_the_training_nor_its_record(library, tmp_path):
    place = Place(tmp_path)
    (tmp_path / "boards").write_text(f"origin in {tmp_path / 'origin'}\ndevices 2\nwave 0.001:0 1000:300\nfail energy hang from 1\n")
    boards = {"CARBON_REPLAY": "", "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(tmp_path / "boards")}
    code = f"import os\nprint(os.getpid(), flush=True)\n{METERED}open({str(tmp_path / 'origin')!r}, 'w').write(str(time.monotonic()))\ntime.sleep(2)"
    done = watched(place.command("--run-id", "hung", "--", *python(code)), env=place.env | boards)
    assert done.returncode == 0
    assert "did not confirm the end of the run" not in done.stderr
    assert done.took_s < 15.0
    record = place.record("hung")
    assert (record.state, record.exit_code, record.accelerators) == ("finished", 0, 2)
    assert 2.0 <= record.duration_s < done.command_s
    assert 0.0 < record.energy_j["gpu"] < 2 * 300.0
    assert record.energy_j["cpu"] is not None
    assert gone(str(tmp_path / "boards"))
    assert any("nvml: its library has not answered for 2 s" in note for note in record.notes)


def boards(library, tmp_path, *lines):
    (tmp_path / "boards").write_text("\n".join(["devices 2", "wave 1:300", f"origin {time.monotonic() + 0.3}", *lines]) + "\n")
    return {"CARBON_REPLAY": "", "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(tmp_path / "boards")}


@pytest.mark.parametrize("how", ["crash", "abort", "exit"])
def test_a_library_that_ends_the_process_that_opens_it_costs_its_own_devices_only(library, tmp_path, how):
    place = Place(tmp_path)
    command = place.command("--run-id", "crashed", "--", "sh", "-c", "echo $$; sleep 3; exit 7")
    done = watched(command, env=place.env | boards(library, tmp_path, f"fail nvmlInit {how}"))
    assert done.returncode == 7
    record = place.record("crashed")
    assert (record.state, record.exit_code, record.unread_gpu) == ("failed", 7, True)
    assert 3.0 <= record.duration_s < done.command_s
    assert record.energy_j["cpu"] is not None
    assert "ends the process that opens it" in record.missing["gpu"]
    assert gone(str(tmp_path / "boards"))


def test_a_library_that_crashes_for_a_while_loses_nothing_that_its_counters_hold(library, tmp_path):
    place = Place(tmp_path)
    trace = boards(library, tmp_path, "fail nvmlDeviceGetPowerUsage crash from 0.7 until 1.5")
    done = place.track("--run-id", "crashed", "--", "sleep", "6", env=trace)
    assert done.returncode == 0
    record = place.record("crashed")
    metered_s = sum(use.metered_s for use in record.by_device if use.part == "gpu")  # all of it, but on a machine too busy to read before the crash
    assert (record.energy_j["gpu"] or 0.0) == pytest.approx(300.0 * metered_s, rel=0.02)


def test_gpus_that_take_long_to_open_are_opened_once_and_their_gap_is_stated(library, tmp_path):
    place = Place(tmp_path)
    done = place.track("--run-id", "slow", "--", "sleep", "9", env=boards(library, tmp_path, "delay init 7"))
    assert done.returncode == 0
    record = place.record("slow")
    assert (record.accelerators, record.hw, record.unread_gpu) == (2, "h100-sxm5-80gb", False)
    assert record.gaps_s > 4.0
    unmetered_j = 600.0 * record.duration_s - record.energy_j["gpu"]
    assert unmetered_j == pytest.approx(600.0 * record.gaps_s, rel=0.1)


def test_in_python_too_a_library_that_crashes_costs_its_own_devices_only(library, tmp_path):
    place = Place(tmp_path)
    code = "import time, traincarbon\nbegan_s = time.monotonic()\nwith traincarbon.track(run_id='python', quiet=True): time.sleep(4)\nprint(time.monotonic() - began_s)"
    env = place.env | boards(library, tmp_path, "fail nvmlInit crash")
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    took_s = float(done.stdout)
    record = place.record("python")
    assert (record.state, record.unread_gpu) == ("finished", True)
    assert 4.0 <= record.duration_s < took_s
    assert "ends the process that opens it" in record.missing["gpu"]
