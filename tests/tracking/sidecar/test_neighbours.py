"""Runs that share GPUs at the same time know of each other; one that has ended, or never was, is no neighbour."""

import json
import os
import subprocess
import sys
import time

import pytest

from traincarbon.ledger.store_folder import life
from traincarbon.tracking.sidecar.neighbours import Neighbours


@pytest.fixture
def other(tmp_path):
    """Another process that states its run and GPUs; a function that changes what it states."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])

    def state(**changes):
        stated = {"run_id": "other", "life": life(process.pid), "devices": ["gpu:b", "gpu:c"], **changes}
        (tmp_path / f"{process.pid}.run").write_text(json.dumps(stated))

    state()
    yield process, state
    process.kill()
    process.wait()


@pytest.mark.usefixtures("other")
def test_shared_gpus_are_named_with_the_other_run(tmp_path):
    mine = Neighbours(str(tmp_path), "mine")
    assert mine.shared(["gpu:a", "gpu:b"]) == {"other": ["gpu:b"]}
    assert mine.shared(["gpu:a"]) == {}
    mine.close()
    mine.close()
    assert len(list(tmp_path.iterdir())) == 1


def test_the_same_run_an_older_process_and_damaged_files_are_no_neighbours(other, tmp_path):
    process, state = other
    mine = Neighbours(str(tmp_path), "mine")
    for changes in ({"run_id": "mine"}, {"life": "x/y/1"}, {"devices": 7}, {"run_id": None}):
        state(**changes)
        assert mine.shared(["gpu:b"]) == {}
    (tmp_path / f"{process.pid}.run").write_text("{")
    (tmp_path / "x.run").write_text("{}")
    assert mine.shared(["gpu:b"]) == {}
    state()
    process.kill()  # and is not waited for
    process.poll()
    process.wait()
    assert mine.shared(["gpu:b"]) == {}


def test_what_a_killed_process_left_is_removed_and_what_may_be_alive_elsewhere_is_kept_for_a_week(other, tmp_path):
    process, state = other
    mine, file = Neighbours(str(tmp_path), "mine"), tmp_path / f"{process.pid}.run"
    state(life="another boot/another namespace/1")
    assert mine.shared(["gpu:b"]) == {}
    assert file.exists()
    os.utime(file, (time.time() - 8 * 86400.0,) * 2)
    assert mine.shared(["gpu:b"]) == {}
    assert not file.exists()
    state()
    process.kill()
    process.wait()
    assert mine.shared(["gpu:b"]) == {}
    assert not file.exists()


def test_without_a_folder_nothing_is_known():
    assert Neighbours(None, "mine").shared(["gpu:a"]) == {}


def test_a_run_that_came_and_went_between_two_records_is_named(other, tmp_path):
    process, _ = other
    mine = Neighbours(str(tmp_path), "mine")
    mine.look(["gpu:b"])
    process.kill()
    process.wait()
    assert mine.shared(["gpu:b"]) == {"other": ["gpu:b"]}
    assert mine.shared(["gpu:b"]) == {}


def test_each_of_a_few_runs_is_noted_once_and_many_in_one_line(tmp_path):
    mine = Neighbours(str(tmp_path), "mine")
    assert mine.notes({"b": ["gpu:0", "gpu:1"]}) == ["2 GPUs were also metered for the run b at the same time: each of the two records has all of their energy"]
    assert mine.notes({"b": ["gpu:0"]}) == []
    many = mine.notes({str(at): ["gpu:0"] for at in range(60)})
    assert len(many) == 3
    assert many[-1] == "more than 3 runs were metered on the same GPUs at the same time: shared_with has all of them"
    assert mine.notes({"late": ["gpu:0"]}) == []
