"""The emissions of a run by hour: of the hour where a service knows it, of the year where none does, and never a mix of bases."""

import pytest

from grid_services import served
from traincarbon.disclosure.by_hour import IntensityFrom, run_by_hour, why_no_hours
from traincarbon.errors import CarbonError
from traincarbon.grid.service import hour_of, moment_of

FIRST = hour_of("2026-03-01T06:00:00Z")
HOURS = [{"hour": moment_of(FIRST + at), "zone": "FR", "metered_energy_kwh": part} for at, part in enumerate((2.0, 5.0, 4.0))]


@pytest.fixture
def live(run_of, shipped, tmp_path, monkeypatch):
    """Return a function that asks for the hours of a run, with a service that answers what *answer* returns."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    def asked(answer, *, run=None, **options):
        with served(answer) as (address, seen):
            names = ("ELECTRICITY_MAPS", "ENTSOE", "GB_CARBON_INTENSITY")
            environment = {**{f"CARBON_{name}_URL": address for name in names}, "ELECTRICITYMAPS_TOKEN": "hidden"}
            found = run_by_hour(run or run_of(hours=HOURS), live=True, database=shipped, environment=environment, **options)
        return found, seen

    return asked


def answer_of(*values, zone="FR"):
    return lambda asked: {
        "zone": zone,
        "data": [
            {"datetime": moment_of(FIRST + at), "carbonIntensity": value, "emissionFactorType": asked.params["emissionFactorType"]}
            for at, value in enumerate(values)
        ],
    }


def test_without_live_every_hour_has_the_intensity_of_the_year(run_of, monkeypatch):
    monkeypatch.setattr("socket.socket", None)
    found = run_by_hour(run_of(hours=HOURS))
    assert {each.intensity_gco2e_per_kwh for each in found.hours} == {50.0}
    assert {each.intensity_from for each in found.hours} == {IntensityFrom.YEAR}
    assert found.total("facility_energy_kwh") == 16.0
    assert found.total("it_energy_kwh") == 16.0 / 1.25
    assert found.kgco2e == pytest.approx(0.8)
    assert "--live" in found.notes[0]


def test_each_hour_has_its_own_intensity_where_a_service_knows_it(live):
    found, _ = live(answer_of(10, 20, 30))
    facility = [16.0 * part / 11.0 for part in (2.0, 5.0, 4.0)]
    assert [each.intensity_gco2e_per_kwh for each in found.hours] == [10.0, 20.0, 30.0]
    assert found.kgco2e == pytest.approx(sum(energy * intensity for energy, intensity in zip(facility, (10, 20, 30), strict=True)) / 1000.0)
    assert (found.n_by_hour, found.services, found.notes, found.basis) == (3, ("electricity-maps: FR",), (), "lifecycle")


def test_an_hour_that_no_service_knows_keeps_the_intensity_of_the_year_and_that_is_said(live):
    found, _ = live(answer_of(10, float("nan"), 30))
    assert [(each.intensity_gco2e_per_kwh, each.intensity_from) for each in found.hours] == [(10.0, "hour"), (50.0, "year"), (30.0, "hour")]
    assert found.notes == ("1 of 3 hours have the intensity of the year, as no service stated theirs",)


@pytest.mark.parametrize("answer", [(429, "", {"Retry-After": "99"}), "<html></html>", {"zone": "DE", "data": []}, (401, "token hidden is wrong", {})])
def test_a_service_that_fails_leaves_the_figures_of_the_year(live, answer):
    found, _ = live(lambda _: answer)
    assert {each.intensity_from for each in found.hours} == {IntensityFrom.YEAR}
    assert found.kgco2e == pytest.approx(0.8)
    assert found.notes[0].startswith("Electricity Maps")
    assert "hidden" not in str(found)


def test_direct_intensities_fall_back_to_the_direct_figure_of_the_year(live):
    found, seen = live(answer_of(10), basis="direct")
    assert seen[0].params["emissionFactorType"] == "direct"
    assert [each.intensity_gco2e_per_kwh for each in found.hours] == [10.0, 20.0, 20.0]
    assert found.basis == "direct"


def test_a_year_on_another_basis_is_not_mixed_in(live, run_of):
    site = {"zone": "FR", "pue": 1.25, "basis": "direct", "carbon_intensity": 20.0}
    found, _ = live(answer_of(10), run=run_of(hours=HOURS, site=site), basis="lifecycle")
    assert [each.intensity_gco2e_per_kwh for each in found.hours] == [10.0, None, None]
    assert found.kgco2e is None
    assert found.notes[-1] == "2 of 3 hours have no lifecycle intensity: their emissions are not known"


def test_a_run_without_hours_says_why(run_of):
    imported = run_by_hour(run_of(source="sacct"))
    assert (imported.hours, imported.kgco2e) == ((), None)
    assert imported.notes == ("the record was imported from sacct, which states no energy by hour",)
    assert why_no_hours(run_of()) == "its journals do not tell in which hours the energy was used"
    assert why_no_hours(run_of(energy_j={})) == "nothing was metered"
    assert "no meter read" in why_no_hours(run_of(energy_j={"cpu": 5.0}))


def test_a_run_that_is_still_going_has_its_hours_so_far(run_of):
    assert "still going" in run_by_hour(run_of(hours=HOURS, state="running")).notes[0]


def test_an_unknown_energy_of_the_facility_leaves_emissions_unknown(run_of):
    found = run_by_hour(run_of(hours=HOURS, facility_energy_kwh=None))
    assert found.kgco2e is found.total("it_energy_kwh") is None
    assert found.total("metered_energy_kwh") == 11.0


def test_a_basis_has_to_be_one(run_of):
    with pytest.raises(CarbonError, match="unknown basis 'marginal'"):
        run_by_hour(run_of(hours=HOURS), basis="marginal")


def test_it_is_fit_for_json(run_of):
    stated = run_by_hour(run_of(hours=HOURS)).to_dict()
    assert stated["schema"] == "traincarbon/hours/1"
    assert stated["hours"][0] == {
        "hour": "2026-03-01T06:00:00Z", "zone": "FR", "metered_energy_kwh": 2.0, "it_energy_kwh": pytest.approx(12.8 * 2 / 11),
        "facility_energy_kwh": pytest.approx(16.0 * 2 / 11), "intensity_gco2e_per_kwh": 50.0, "intensity_from": "year", "kgco2e": pytest.approx(0.8 * 2 / 11),
    }  # fmt: skip
