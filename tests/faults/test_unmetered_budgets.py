"""A budget that cannot be metered refuses to start, with a real NVML library that plays GPUs."""

import pytest

from native.replay import build
from tracked import Place


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def started(library, tmp_path):
    """Return a function that tracks a command on a machine with two GPUs, and returns how it went."""
    place = Place(tmp_path)
    (tmp_path / "boards").write_text("devices 2\nwave 1:300\n")
    boards = {"CARBON_REPLAY": "", "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(tmp_path / "boards")}
    return lambda *words, env=None: place.track(*words, "--", "echo", "trained", env=boards | (env or {}))


BUDGET = ("--max-kwh", "5", "--on-budget", "stop")


def test_gpus_that_are_metered_can_have_a_budget(started):
    done = started("--quiet", *BUDGET)
    assert (done.stdout, done.returncode) == ("trained\n", 0)


@pytest.mark.parametrize("policy", [("--on-budget", "signal"), ()])
@pytest.mark.parametrize("limit", ["--max-kwh", "--max-usd", "--max-kgco2e"])
def test_gpus_whose_meter_was_not_asked_for_refuse_it(started, limit, policy):
    done = started("--meter", "cpu_model", limit, "5", *policy)
    assert (done.stdout, done.returncode) == ("", 1)
    error, hint = done.stderr.splitlines()
    assert "cannot be metered: a GPU is here, but its meter nvml is not among those of --meter" in error
    assert hint == "hint: add --meter nvml; to start all the same and only be warned: --on-budget warn"


def test_time_needs_no_meter_and_a_warning_starts(started):
    assert started("--quiet", "--meter", "cpu_model", "--max-hours", "5", "--on-budget", "stop").stdout == "trained\n"
    assert started("--quiet", "--meter", "cpu_model", "--max-kwh", "5", "--on-budget", "warn").stdout == "trained\n"


def test_gpus_that_are_hidden_from_the_training_are_not_missed(started):
    assert started("--quiet", *BUDGET, env={"CUDA_VISIBLE_DEVICES": ""}).returncode == 0
