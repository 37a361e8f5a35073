"""The verdict about idle GPUs, from real tracked runs with a replayed driver."""

import pytest

from native import replay
from tracked import Place
from traincarbon.ledger import waste
from traincarbon.tracking.display.run_summary import summary

# the replayed utilisation is power over its cap, so that 70 W of 5 kW are no work
FIVE_OF_EIGHT = ["devices 8", "cap 5000", "wave 1:70", *(f"wave only {board} 1:600" for board in range(5))]


@pytest.fixture
def place(tmp_path):
    """A place whose commands see the replayed NVML."""
    found = Place(tmp_path)
    (tmp_path / "trace").write_text("")
    clean = {name: value for name, value in found.env.items() if name != "CARBON_REPLAY"}
    library = replay.build(tmp_path)
    found.env = {**clean, "LD_LIBRARY_PATH": str(library.parent), "NVML_REPLAY_TRACE": str(tmp_path / "trace")}
    return found


def tracked(place, trace, *words):
    """Track a command of four seconds on GPUs with that trace, and return its record."""
    with open(place.env["NVML_REPLAY_TRACE"], "w", encoding="ascii") as stream:
        stream.write("\n".join(trace) + "\n")
    done = place.track("--run-id", "r", "--quiet", "--rent-price", "3.6", *words, "--", "sleep", "4")
    assert done.returncode == 0, done.stderr
    return place.record("r")


def test_gpus_without_work_are_said_with_their_energy_and_money(place, monkeypatch):
    monkeypatch.setattr(waste, "_LEAST_S", 2.0)  # a run of five minutes takes too long here
    run = tracked(place, FIVE_OF_EIGHT)
    assert run.waste.idle_gpus == 3
    assert run.waste.idle_gpu_h == pytest.approx(3.0 * run.duration_s / 3600.0, rel=0.1)
    assert run.waste.idle_gpu_kwh == pytest.approx(70.0 * run.waste.idle_gpu_h / 1000.0, rel=0.05)
    assert run.waste.idle_gpu_usd == pytest.approx(3.6 * run.waste.idle_gpu_h, rel=0.1)
    assert "3 of 8 GPUs were idle" in summary(run, budgets=(), store=place.store, again=True, styled=False, columns=100)


def test_a_short_run_is_not_judged(place):
    assert tracked(place, FIVE_OF_EIGHT).waste.idle_gpus is None


@pytest.mark.parametrize(
    ("trace", "idle"),
    [
        (["devices 2", "cap 5000", "wave 1:600"], 0),
        (["devices 2", "cap 5000", "wave 1:70"], 2),
        (["devices 2", "cap 5000", "wave 1:600", "wave only 1 0.1:70 0.1:600"], 0),
        (["devices 2", "cap 5000", "wave 1:600", "wave only 1 1:70", "fail utilisation not_supported"], 1),
        (["devices 2", "cap 5000", "wave 1:600", "wave only 1 1:70", "fail utilisation not_supported", "fail energy not_supported"], 1),
    ],
)
def test_what_the_driver_says_decides(place, monkeypatch, trace, idle):
    monkeypatch.setattr(waste, "_LEAST_S", 2.0)
    monkeypatch.setattr(waste, "_WHOLLY", 0.6)  # until the idle power is looked up, a GPU without utilisation is not judged
    assert tracked(place, trace).waste.idle_gpus == idle
