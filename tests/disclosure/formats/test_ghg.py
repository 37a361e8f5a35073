"""The lines of the GHG Protocol follow who owns the hardware, and add up to the emissions."""

import csv
import io

import pytest

from traincarbon.disclosure.formats.ghg import write


def rows_of(disclosure):
    return list(csv.DictReader(io.StringIO(write(disclosure)["ghg.csv"])))


def test_own_hardware_is_scope_2_with_its_upstream_and_capital_goods(disclosed):
    rows = rows_of(disclosed())
    assert [(row["scope"], row["category"][:3]) for row in rows] == [("2", ""), ("2", ""), ("3", "3.3"), ("3", "3.2"), ("", "")]
    amounts = [float(row["median"]) for row in rows if row["median"] and row["unit"] == "kg CO2e"]
    assert sum(amounts) == pytest.approx(0.8 + 0.2)
    assert rows[1]["median"] == ""
    assert rows[1]["note"] == "no energy contract is stated"


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
