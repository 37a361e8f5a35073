"""When to start: by a forecast, by a typical week, or not at all where nothing is known."""

import json

import pytest

from grid_services import served
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.explore.start_times import Expectation, start_times
from traincarbon.grid.service import hour_of, moment_of

NOW = 497_000
PLAN = {"accelerator_hours": 8 * 6.0, "accelerators": 8, "hw": "dgx-a100", "region": "france"}


def diurnal(hour):
    """Clean from 10 to 16 o'clock, dirty otherwise, worst at 20."""
    at = hour % 24
    return 20.0 if 10 <= at < 16 else 120.0 if at == 20 else 80.0


@pytest.fixture
def starts(shipped, tmp_path):
    """Return a function that gives the start times of a plan, with a service that answers what *answer* returns."""

    def found(answer, *, live=True, now=NOW * 3600.0, environment=None, **fields):
        with served(answer) as (address, seen):
            settings = {"CARBON_ELECTRICITY_MAPS_URL": address, "ELECTRICITYMAPS_TOKEN": "x"} if environment is None else environment
            stated = {name: value for name, value in {**PLAN, **fields}.items() if value is not None}
            plan = estimate(database=shipped, **stated)
            return start_times(plan, live=live, database=shipped, environment=settings, folder=str(tmp_path / "kept"), now=lambda: now), seen

    return found


def maps(forecast_h=0, past=True):
    def answer(asked):
        if asked.path.endswith("forecast"):
            return {"zone": "FR", "forecast": [{"datetime": moment_of(NOW + at), "carbonIntensity": diurnal(NOW + at)} for at in range(forecast_h)]}
        first, until = (hour_of(asked.params[name]) for name in ("start", "end"))
        return {"zone": "FR", "data": [{"datetime": moment_of(hour), "carbonIntensity": diurnal(hour)} for hour in range(first, until)] if past else []}

    return answer


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr("traincarbon.grid.intensities.time.time", lambda: NOW * 3600.0)


def test_a_forecast_gives_the_cleanest_hours(starts):
    found, _ = starts(maps(forecast_h=72))
    assert (found.expectation, found.service, found.zone, found.basis) == (Expectation.FORECAST, "electricity-maps", "FR", "lifecycle")
    assert found.judged_h == pytest.approx(6.0)
    assert all(hour_of(start.start) % 24 == 10 for start in found.best)
    assert len(found.best) == 3
    assert found.best[0].intensity_gco2e_per_kwh == pytest.approx(20.0)
    assert found.best[0].saving == pytest.approx(1.0 - 20.0 / found.now.intensity_gco2e_per_kwh)
    assert found.worst.intensity_gco2e_per_kwh == pytest.approx((5 * 80.0 + 120.0) / 6)
    assert found.best[0].kgco2e / found.worst.kgco2e == pytest.approx(20.0 / found.worst.intensity_gco2e_per_kwh)


def test_a_training_longer_than_the_forecast_takes_a_typical_week(starts):
    found, seen = starts(maps(forecast_h=5))
    assert found.expectation is Expectation.TYPICAL_WEEK
    assert found.notes[0] == "the forecast of 5 hours ends before the training does: a typical week is taken"
    assert hour_of(found.best[0].start) % 24 == 10
    assert any(one.path.endswith("past-range") for one in seen)


def test_a_training_of_weeks_gains_nothing_by_hours(starts):
    found, _ = starts(maps(forecast_h=5), accelerator_hours=8 * 168.0 * 3)
    assert found.best[0].intensity_gco2e_per_kwh == pytest.approx(found.worst.intensity_gco2e_per_kwh)
    assert found.best[0].saving == pytest.approx(0.0, abs=1e-12)


def test_what_was_answered_before_makes_a_typical_week_without_a_network(starts, monkeypatch):
    starts(maps(forecast_h=0))
    monkeypatch.setattr("socket.socket.connect", None)
    found, seen = starts(maps(), live=False, environment={})
    assert (found.expectation, seen) == (Expectation.TYPICAL_WEEK, [])
    assert hour_of(found.best[0].start) % 24 == 10


def test_nothing_known_proposes_nothing(starts):
    offline, seen = starts(maps(), live=False)
    assert (offline.expectation, offline.now, offline.best, offline.worst, seen) == (None, None, (), None, [])
    assert offline.notes == ("nothing is known of this grid by hour: --live asks a service",)
    empty, _ = starts(maps(past=False))
    assert empty.notes[-1] == "no service gave a week of intensities"
    failed, _ = starts(lambda _: (429, "", {"Retry-After": "60"}))
    assert "Electricity Maps answered 429: too many requests" in failed.notes
    assert failed.best == ()


def test_a_plan_without_a_duration_is_judged_by_a_day(starts):
    found, _ = starts(maps(forecast_h=72), accelerators=None, accelerator_hours=None, params=7e9, tokens=1e9)
    assert found.judged_h == 24.0
    assert "no duration" in found.notes[0]


def test_a_plan_without_a_place_is_refused(shipped):
    with pytest.raises(PlanError, match="need a place"):
        start_times(estimate(params=7e9, tokens=1e9, hw="dgx-a100", database=shipped), database=shipped)


def test_it_is_fit_for_json(starts):
    stated = starts(maps(forecast_h=72))[0].to_dict()
    assert json.loads(json.dumps(stated)) == stated
    assert (stated["expectation"], len(stated["best"])) == ("forecast", 3)
