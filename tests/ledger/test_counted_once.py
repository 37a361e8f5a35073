"""Energy that several runs have is counted once: in equal parts while they share a GPU, whole otherwise."""

import pytest

from made_runs import record
from traincarbon.ledger.counted_once import OwnShare, own_shares
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.quantities import EnergySource

UNIQUE = "gpu:GPU-5f3c0000-0000-4000-8000-000000000000"


def run(run_id, *, minute, minutes, gpus=(UNIQUE,), watts=300.0, cpu_j=0.0, **fields):
    uses = [DeviceUse(1, gpu, "gpu", EnergySource.COUNTER, watts * minutes * 60.0, None, None, None) for gpu in gpus]
    uses += [DeviceUse(1, "cpu:model", "cpu", EnergySource.MODELLED, cpu_j, None, None, None)] if cpu_j else []
    return record(run_id, started_at=f"2026-01-01T00:{minute:02}:00Z", duration_s=minutes * 60.0, accelerators=len(gpus), by_device=tuple(uses), **fields)


def test_two_runs_on_one_gpu_count_what_it_used():
    shares = own_shares([run("a", minute=0, minutes=20), run("b", minute=10, minutes=40)])
    assert (shares["a"].energy, shares["b"].energy) == pytest.approx((0.75, 0.875))
    drawn_j, counted_j = 300.0 * 50 * 60, 300.0 * 60 * (20 * shares["a"].energy + 40 * shares["b"].energy)
    assert counted_j == pytest.approx(drawn_j)
    assert shares["a"].others == ("b",)


def test_any_number_of_runs_at_once_add_up_to_one():
    shares = own_shares([run(str(at), minute=5, minutes=10) for at in range(4)])
    assert [share.accelerators for share in shares.values()] == pytest.approx([0.25] * 4)


def test_only_shared_gpus_are_divided():
    one, other = run("a", minute=0, minutes=10, gpus=(UNIQUE, UNIQUE.replace("f", "e")), cpu_j=360e3), run("b", minute=0, minutes=10)
    shares = own_shares([one, other])
    assert shares["a"].energy == pytest.approx((360e3 + 180e3 + 90e3) / (2 * 180e3 + 360e3))
    assert shares["a"].accelerators == pytest.approx(0.75)


def test_one_after_the_other_and_other_gpus_share_nothing():
    assert own_shares([run("a", minute=0, minutes=10), run("b", minute=10, minutes=10), run("c", minute=0, minutes=10, gpus=(UNIQUE.replace("f", "d"),))]) == {}


@pytest.mark.parametrize(("names", "share"), [((), 1.0), (("b",), 0.5)])
def test_numbers_are_the_same_gpu_only_if_a_run_names_the_other(names, share):
    shares = own_shares(
        [run("a", minute=0, minutes=10, gpus=("gpu:0",), shared_with=names), run("b", minute=0, minutes=10, gpus=("gpu:0",), shared_with=names and ("a",))]
    )
    assert shares.get("a", OwnShare()).energy == pytest.approx(share)
