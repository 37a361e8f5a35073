"""A sample of the facts can be drawn again, and what was found in the last one is kept."""

import csv
import runpy
from pathlib import Path

import pytest

from traincarbon.database.check_sources import RUNS
from traincarbon.database.load import Database, builtin_root
from traincarbon.database.records import PRODUCTS, TABLES

DOCS = Path(__file__).parents[2] / "docs"
MADE = runpy.run_path(str(DOCS.parent / "benchmarks" / "fact_sample.py"))


@pytest.fixture(scope="module")
def facts():
    return list(MADE["facts_of"](Database([builtin_root()])))


def test_a_seed_draws_the_same_facts_and_another_seed_draws_others(facts):
    assert MADE["sample"](facts, 60, 7) == MADE["sample"](facts, 60, 7)
    assert MADE["sample"](facts, 60, 7) != MADE["sample"](facts, 60, 8)


def test_every_table_with_a_fact_that_is_not_assumed_is_in_a_sample(facts):
    drawn = MADE["sample"](facts, 60, 7)
    assert len(drawn) == len(set(drawn)) == 60
    assert {fact.table for fact in drawn} == {*PRODUCTS, *TABLES, *RUNS} - {"providers"}, "providers are all assumed"
    assert "assumed" not in {fact.kind for fact in drawn}


def test_a_sample_is_no_smaller_than_the_tables_and_no_larger_than_the_facts(facts):
    few = [fact for fact in facts if fact.table in ("equivalents", "scaling_laws")]
    assert {fact.table for fact in MADE["sample"](few, 1, 3)} == {"equivalents", "scaling_laws"}
    assert len(MADE["sample"](few, 1000, 3)) == len([fact for fact in few if fact.kind != "assumed"])


def test_the_sample_that_is_kept_says_of_each_fact_whether_it_is_right_and_where_that_was_read():
    with (DOCS / "fact-sample.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 60
    assert {row["verdict"] for row in rows} <= {"right", "rounded", "wrong", "not found"}
    assert all(bool(row["read"]) == (row["verdict"] != "not found") for row in rows)
