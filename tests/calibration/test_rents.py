"""The real price of a GPU-hour by bills."""

import pytest

from made_runs import record
from traincarbon.calibration.rents import rents_of
from traincarbon.ledger.bills import Billed


def billed(run_id, usd, *, hours_h=100.0, **fields):
    return record(run_id, hours_h=hours_h, billed=Billed(usd, usd, 0.0, 1, f"2026-03-0{len(run_id)}", "2026-03-09"), **fields)


def test_the_price_is_all_that_was_paid_over_all_hours(shipped):
    (rent,) = rents_of([billed("a", 100.0), billed("bb", 600.0, hours_h=300.0, state="killed", tokens=None), record("free")], shipped)
    assert (rent.hardware, rent.site, rent.runs, rent.usd_per_h, rent.usd, rent.accelerator_hours_h) == ("a100-sxm4-80gb", "", 2, 1.75, 700.0, 400.0)
    assert (rent.first_day, rent.last_day) == ("2026-03-01", "2026-03-09")
    assert 0.1 < rent.sigma < 0.6


def test_hardware_and_sites_have_prices_of_their_own(shipped):
    runs = [billed("a", 100.0, plan={"region": "france"}), billed("b", 300.0, plan={"region": "germany"}), billed("c", 900.0, hw="h100-sxm5-80gb")]
    found = {(rent.hardware, rent.site): rent.usd_per_h for rent in rents_of(runs, shipped)}
    assert found == {("a100-sxm4-80gb", "FR"): 1.0, ("a100-sxm4-80gb", "DE"): 3.0, ("h100-sxm5-80gb", ""): 9.0}
    assert {rent.site for rent in rents_of(runs[2:], shipped, site="FR")} == {"FR"}


@pytest.mark.parametrize("fields", [{"counted_in": "b"}, {"accelerators": 8, "duration_s": 0.0}, {"hw": "abacus"}])
def test_what_says_no_price_is_left_out(shipped, fields):
    assert rents_of([billed("a", 100.0, **fields)], shipped) == ()


def test_a_credit_for_all_of_a_run_is_no_price(shipped):
    assert rents_of([billed("a", -5.0)], shipped) == ()
