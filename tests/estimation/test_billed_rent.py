"""The rent of own bills in an estimate."""

import pytest

import traincarbon
from traincarbon.calibration.store import save
from traincarbon.errors import CarbonError
from traincarbon.estimation.billed_rent import Rent, check_rent, rent_at
from traincarbon.estimation.calibration import Calibration, Effect, read

FRANCE = Rent("a100-sxm4-80gb", "FR", 3, 1.25, 0.1, 1000.0, 800.0, "2026-03-01", "2026-03-31")
ELSEWHERE = Effect("mfu", "h100-sxm5-80gb", "", "", 1, 0.0, 0.1, 0.0, 0.0, 0.0, 0.1, 1e9, 1e9, 1e9)
PLAN = {"params": 7e9, "tokens": 140e9, "hw": "dgx-a100", "servers": 2}


def calibration(*rents, automatic=False):
    return Calibration(name="bills", made="2026-04-01T00:00:00Z", version="0.1.0", automatic=automatic, why="", effects=(ELSEWHERE,), errors={}, rents=rents)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    save(calibration(FRANCE))


@pytest.mark.usefixtures("saved")
def test_an_estimate_pays_what_own_runs_paid():
    answer = traincarbon.estimate(**PLAN, calibration="bills")
    assert answer.inputs["rent_price"].value.median == 1.25
    assert answer.inputs["rent_price"].reason.startswith("bills of 3 own runs, 2026-03-01 – 2026-03-31")
    assert answer.median("rent_usd") == pytest.approx(1.25 * answer.median("accelerator_hours_h"), rel=0.01)
    assert answer.to_dict()["prices"] == []


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("stated", [{"rent_price": 9.0}, {"rent": "spot"}, {"rent_from": "hyperscaler"}, {"region": "germany"}])
def test_what_a_plan_states_of_its_rent_stays(stated):
    with_it, without = (traincarbon.estimate(**PLAN, **stated, calibration=name) for name in ("bills", "none"))
    assert with_it["rent_usd"] == without["rent_usd"]


@pytest.mark.usefixtures("saved")
def test_a_rent_comes_back_from_its_file():
    assert read("bills").rents == (FRANCE,)


def test_the_rent_of_a_site_is_that_of_the_site():
    other = FRANCE._replace(site="DE", usd_per_h=3.0)
    assert rent_at([FRANCE, other], "a100-sxm4-80gb", "DE") == other
    assert rent_at([FRANCE, other], "a100-sxm4-80gb", "") is None
    assert rent_at([FRANCE], "a100-sxm4-80gb", "") == FRANCE
    assert rent_at([FRANCE], "a100-sxm4-80gb", "US-CA") is None
    assert rent_at([FRANCE._replace(site="")], "a100-sxm4-80gb", "US-CA") is not None
    assert rent_at([FRANCE], "h100-sxm5-80gb", "FR") is None


@pytest.mark.parametrize("change", [{"usd_per_h": 0.0}, {"usd_per_h": float("nan")}, {"sigma": 99.0}, {"site": "F\nR"}])
def test_a_rent_that_cannot_be_is_refused(change):
    with pytest.raises(ValueError, match="rent"):
        check_rent(FRANCE._replace(**change))


def test_a_file_with_such_a_rent_is_no_calibration(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    save(calibration(FRANCE._replace(sigma=99.0)))
    with pytest.raises(CarbonError, match="is no calibration"):
        read("bills")
