"""The lines of the GHG Protocol follow who owns the hardware, and add up to the emissions."""

import csv
import io

import pytest

from grid_services import served
from traincarbon.disclosure.by_hour import run_by_hour
from traincarbon.disclosure.formats.ghg import write
from traincarbon.disclosure.of_run import statement_of_run

HOURS = [{"hour": f"2026-03-01T0{at}:00:00Z", "zone": "FR", "metered_energy_kwh": part} for at, part in ((6, 2.0), (7, 9.0))]


def rows_of(disclosure):
    return list(csv.DictReader(io.StringIO(write(disclosure)["ghg.csv"])))


def test_own_hardware_is_scope_2_with_its_upstream_and_capital_goods(disclosed, of_run):
    rows = rows_of(disclosed(of_run(plan={"purchase_price": 2e5})))
    assert [(row["scope"], row["category"][:3]) for row in rows] == [("2", ""), ("2", ""), ("3", "3.3"), ("3", "3.2"), ("total", ""), ("", "")]
    assert {row["tenure"] for row in rows} == {"owned"}
    amounts = [float(row["median"]) for row in rows if row["median"] and row["unit"] == "kg CO2e"]
    assert sum(amounts) == pytest.approx(0.8 + 0.2)
    assert rows[1]["median"] == ""
    assert rows[1]["note"].startswith("no energy contract is stated")


def test_one_total_says_what_is_in_it_and_is_in_no_sum_of_lines(disclosed, of_run, of_plan):
    (total,) = [row for row in rows_of(disclosed()) if row["scope"] == "total"]
    assert float(total["median"]) == pytest.approx(0.8 + 0.2)
    assert (total["unit"], total["what"]) == ("kg CO2e, total", "total: electricity, direct and upstream, location-based; and making the hardware")
    (unknown,) = [row for row in rows_of(disclosed(of_run(embodied_kgco2e=None))) if row["scope"] == "total"]
    assert (unknown["median"], unknown["note"]) == ("", "a part of it is not known")
    stated = of_plan(servers=16, carbon_intensity=100)
    (of_stated,) = [row for row in rows_of(disclosed(stated)) if row["scope"] == "total"]
    assert of_stated["what"] == "total: electricity, as its stated intensity counts it; and making the hardware"


def test_who_owns_the_hardware_of_a_cloud_is_assumed_and_said(disclosed, of_run, of_plan):
    assert {row["tenure"] for row in rows_of(disclosed())} == {"not stated: rented is taken, from AWS"}
    assert {row["tenure"] for row in rows_of(disclosed(of_run(site=None)))} == {"not stated: owned is taken"}
    assert {row["tenure"] for row in rows_of(disclosed(of_plan(rent_price=2)))} == {"rented"}


def test_a_contract_in_the_plan_of_a_run_is_its_market_based_line(disclosed, of_run):
    line = rows_of(disclosed(of_run(plan={"market_intensity": 30})))[1]
    assert [float(line[bound]) for bound in ("low", "median", "high")] == pytest.approx([0.36, 0.48, 0.6])
    assert line["note"] == ""


def test_every_line_says_that_a_run_is_not_complete(disclosed, of_run):
    for state, why in (("running", "still going"), ("incomplete", "nodes of the run sent nothing")):
        assert all(why in row["note"] for row in rows_of(disclosed(of_run(state=state))))


def test_rented_hardware_is_bought_as_a_service(disclosed, of_run):
    from dataclasses import replace

    rows = rows_of(disclosed(replace(of_run(), is_rented=True)))
    assert {row["scope"] for row in rows[:4]} == {"3"}
    assert all(row["category"].startswith("3.1") for row in rows[:4])


def test_emissions_that_cannot_be_split_stay_together(disclosed, of_run):
    rows = rows_of(disclosed(of_run(site=None)))
    together = next(row for row in rows if row["scope"] == "2 and 3")
    assert float(together["median"]) == 0.8


def test_contracts_of_a_plan_are_the_market_based_line(disclosed, of_plan):
    rows = rows_of(disclosed(of_plan(region="france", market_intensity=20.0)))
    assert float(rows[1]["median"]) > 0.0


def test_no_cell_is_a_formula(disclosed, of_run):
    rows = rows_of(disclosed(of_run(run_id="=HYPERLINK(1)")))
    assert all(row["subject"] == "'=HYPERLINK(1)" for row in rows)


class TestHours:
    """Runs that know their hours have a line for each, and one by the intensity of each hour where a service told it."""

    def lines(self, disclosed, *statements):
        rows = rows_of(disclosed(*statements))
        return [row for row in rows if not row["hour"]], [row for row in rows if row["hour"]]

    def test_a_run_without_hours_has_no_such_lines_and_says_so(self, disclosed, of_run):
        statement = of_run()
        assert self.lines(disclosed, statement)[1] == []
        assert statement.missing["energy by hour"] == "its journals do not tell in which hours the energy was used"

    def test_hours_add_up_to_the_lines_above(self, disclosed, of_run):
        lines, hours = self.lines(disclosed, of_run(hours=HOURS))
        facility = next(row for row in lines if row["what"] == "energy of the facility")
        direct = next(row for row in lines if row["method"] == "location-based")
        assert sum(float(row["median"]) for row in hours) == float(facility["median"])
        assert sum(float(row["hour_kgco2e"]) for row in hours) == pytest.approx(float(direct["median"]))
        assert {(row["unit"], row["method"], row["intensity_from"], row["zone"]) for row in hours} == {("kWh", "direct emissions", "year", "FR")}
        assert not any(row["method"] == "location-based, hourly" for row in lines)

    def test_intensities_of_hours_give_a_line_of_their_own_beside_the_yearly_one(self, disclosed, run_of, shipped, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        run = run_of(hours=HOURS)
        rows = [{"datetime": row["hour"], "carbonIntensity": value} for row, value in zip(HOURS, (10.0, 30.0), strict=True)]
        with served(lambda _: {"zone": "FR", "data": rows}) as (address, _):
            environment = {"CARBON_ELECTRICITY_MAPS_URL": address, "ELECTRICITYMAPS_TOKEN": "x"}
            by_hour = run_by_hour(run, live=True, basis="direct", database=shipped, environment=environment)
        found, hours = self.lines(disclosed, statement_of_run(run, database=shipped, by_hour=by_hour))
        lines = {row["method"]: row for row in found}
        mean = (2.0 * 10.0 + 9.0 * 30.0) / 11.0
        assert float(lines["location-based, hourly"]["median"]) == pytest.approx(16.0 * mean / 1000.0)
        assert float(lines["location-based, hourly"]["low"]) == pytest.approx(12.0 * mean / 1000.0)
        assert float(lines["location-based"]["median"]) == pytest.approx(0.8 * 20.0 / 50.0)
        assert lines["location-based, hourly"]["note"] == "electricity-maps: FR"
        assert [row["gco2e_per_kwh"] for row in hours] == ["10.0", "30.0"]


def test_market_figures_stand_beside_the_market_based_line_and_change_no_number(disclosed, of_run):
    market = next(row for row in rows_of(disclosed(of_run())) if row["method"] == "market-based")
    assert market["median"] == ""
    assert "(aws:eu-west-3, 2023): 0 kg" in market["note"]
    assert market["note"].endswith("(FR, 2018): 851 g")


def test_hours_that_no_service_knows_are_said_where_they_were_asked_for(disclosed, run_of, shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    run = run_of(hours=HOURS)
    with served(lambda *_: (401, "no", {})) as (address, _):
        environment = {"CARBON_ELECTRICITY_MAPS_URL": address, "ELECTRICITYMAPS_TOKEN": "hidden"}
        by_hour = run_by_hour(run, live=True, basis="direct", service="electricity-maps", database=shipped, environment=environment)
    asked = disclosed(statement_of_run(run, database=shipped, by_hour=by_hour))
    assert "refused the token" in asked.missing["carbon intensity of each hour"]
    (line,) = [row for row in rows_of(asked) if row["method"] == "location-based"]
    assert "refused the token in ELECTRICITYMAPS_TOKEN (401)" in line["note"]
    assert "2 of 2 hours have the intensity of the year" in line["note"]
    assert "carbon intensity of each hour" not in disclosed(statement_of_run(run, database=shipped)).missing
