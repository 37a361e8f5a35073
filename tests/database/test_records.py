"""The schema: unit-bearing names, evidence in every table, and values that may be absent."""

import re

import pytest

from traincarbon.database.records import FACT_KEYS, KINDS, PRECISIONS, PRODUCTS, TABLES, Fact, Product

COUNTS = {"accelerator_count", "cpu_count", "launch_year"}
"""Facts that have no unit."""


@pytest.mark.parametrize("folder", ["accelerators", "servers"])
def test_every_fact_but_a_count_has_its_unit_in_its_name(folder):
    for fact in PRODUCTS[folder][1] - COUNTS:
        assert re.search(r"_(flop_per_s|b_per_s|b|w|usd|mm2|nm)$", fact), fact


def test_each_precision_has_a_dense_and_a_sparse_peak():
    facts = PRODUCTS["accelerators"][1]
    for precision in PRECISIONS:
        assert {f"peak_{precision}_flop_per_s", f"peak_{precision}_sparse_flop_per_s"} <= facts


@pytest.mark.parametrize("table", TABLES)
def test_every_table_ends_in_its_evidence(table):
    assert TABLES[table][-4:] == ("source", "locator", "kind", "note")
    assert len(set(TABLES[table])) == len(TABLES[table])


def test_no_table_hides_where_its_rows_come_from():
    assert not any("origin" in columns for columns in TABLES.values())


def test_the_kinds_are_those_of_the_manual():
    assert set(KINDS) == {"published", "measured", "derived", "assumed", "unverified"}
    assert {"value", "source", "locator", "kind", "note", "low", "high", "as_published", "dated"} == FACT_KEYS


def test_a_product_knows_its_values_and_says_none_of_what_nobody_knows():
    fact = Fact(value=400.0, source="s", locator="l", kind="published", origin="here")
    product = Product("one", "accelerators", {"name": "Acme One"}, (), {"board_power_w": fact})
    assert product.name == "Acme One"
    assert product.value("board_power_w") == 400.0
    assert product.value("idle_power_w") is None


def test_a_fact_cannot_be_changed():
    fact = Fact(value=400.0, source="s", locator="l", kind="published", origin="here")
    with pytest.raises(AttributeError):
        fact.value = 0.0
