"""A driver never answers: the training, the record and the metering process still end."""

import time
from pathlib import Path

import pytest

from native.replay import build
from tracked import Place


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
    (tmp_path / "boards").write_text("devices 2\nwave 1:300\nfail energy hang from 0.5\n")
    boards = {"CARBON_REPLAY": "", "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(tmp_path / "boards")}
    began_s = time.monotonic()
    done = place.track("--run-id", "hung", "--", "sleep", "2", env=boards)
    assert done.returncode == 0
    assert "did not confirm the end of the run" not in done.stderr
    assert time.monotonic() - began_s < 15.0
    record = place.record("hung")
    assert (record.state, record.exit_code, record.accelerators) == ("finished", 0, 2)
    assert record.duration_s == pytest.approx(2.0, abs=0.5)
    assert 0.0 < record.energy_j["gpu"] < 2 * 300.0
    assert record.energy_j["cpu"] is not None
    assert gone(str(tmp_path / "boards"))
    assert any("nvml: its library has not answered for 2 s" in note for note in record.notes)
