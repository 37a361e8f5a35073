"""Lists and totals from columns: filtered, sorted and paged in SQL, and nothing unknown counted as 0."""

import json
import os
from dataclasses import replace

import pytest

from made_runs import record
from traincarbon.ledger.index import Index
from traincarbon.ledger.listed_runs import COLUMNS, INDEXES, Filter, Order, listed_values, month_sums, page_of, projects_of, run_row
from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger
from traincarbon.ledger.waste import Waste


def interval(median):
    return {"low": median / 2.0, "median": median, "high": median * 2.0}


@pytest.fixture
def index(tmp_path):
    records = [
        record("a", project="p", duration_s=3600.0, started_at="2026-01-05T00:00:00Z", facility_energy_kwh=interval(5.0), cost_usd=interval(10.0)),
        record("b", project="p", duration_s=7200.0, started_at="2026-02-05T00:00:00Z", operational_kgco2e=interval(2.0), embodied_kgco2e=interval(1.0)),
        record("c", project="q<script>", duration_s=60.0, started_at="2026-02-06T00:00:00Z", state="failed", cost_usd=interval(3.0), hw="שלום"),
        replace(record("d", duration_s=1.0, started_at="2026-02-07T00:00:00Z"), accelerators=None),
    ]
    store = str(tmp_path)
    with Ledger(store) as ledger:
        ledger.add(records)
    found = Index(store, os.path.join(store, "index.sqlite"))
    found.refresh()
    yield found
    found.close()


def ids(listing):
    return "".join(run.run_id for run in listing.runs)


def test_a_list_is_the_latest_first_with_the_number_of_all(index):
    found = page_of(index, Filter(), limit=2)
    assert (ids(found), found.total) == ("dc", 4)
    assert ids(page_of(index, Filter(), limit=2, offset=2)) == "ba"
    assert ids(page_of(index, Filter(), limit=2, offset=1000)) == ""


@pytest.mark.parametrize(
    ("order", "is_descending", "expected"),
    [
        (Order.DURATION, True, "bacd"),
        (Order.DURATION, False, "dcab"),
        (Order.COST, True, "acdb"),
        (Order.COST, False, "cadb"),
        (Order.ENERGY, True, "adcb"),
        (Order.CO2E, False, "bdca"),
        (Order.ID, False, "abcd"),
        (Order.PROJECT, False, "dbac"),
        (Order.STATE, False, "cdba"),
    ],
)
def test_a_list_is_sorted_by_a_column_and_what_is_not_known_comes_last(index, order, is_descending, expected):
    assert ids(page_of(index, Filter(), order=order, is_descending=is_descending)) == expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Filter(project="p"), "ba"),
        (Filter(state="failed"), "c"),
        (Filter(since="2026-02-06"), "dc"),
        (Filter(words="SCRIPT"), "c"),
        (Filter(words="שלום"), "c"),
        (Filter(words="' OR 1=1 --"), ""),
        (Filter(words="%"), ""),
        (Filter(project="nothing"), ""),
        (Filter(words="x" * 10_000), ""),
    ],
)
def test_a_list_is_filtered(index, chosen, expected):
    found = page_of(index, chosen)
    assert (ids(found), found.total) == (expected, len(expected))


def test_what_is_not_known_is_none_and_in_no_sum(index):
    by_id = {run.run_id: run for run in page_of(index, Filter()).runs}
    assert (by_id["b"].energy_kwh, by_id["b"].cost_usd, by_id["b"].co2e_kg) == (None, None, 3.0)
    assert by_id["d"].gpu_h is None
    february = next(each for each in month_sums(index) if (each.month, each.project) == ("2026-02", "p"))
    assert (february.runs, february.known["cost_usd"], february.known["co2e_kg"], february.sums["co2e_kg"]) == (1, 0, 1, 3.0)


def test_months_and_projects_are_summed(index):
    assert [(each.month, each.project, each.runs) for each in month_sums(index)] == [
        ("2026-01", "p", 1),
        ("2026-02", "", 1),
        ("2026-02", "p", 1),
        ("2026-02", "q<script>", 1),
    ]
    failed = month_sums(index, Filter(state="failed"))
    assert [(each.sums["unfinished_usd"], each.known["unfinished_runs"]) for each in failed] == [(3.0, 1)]
    assert projects_of(index) == ["p", "q<script>"]


@pytest.mark.parametrize("order", Order)
def test_a_list_sorts_its_own_index_and_not_the_records(index, monkeypatch, order):
    asked = []
    rows = index.rows
    monkeypatch.setattr(index, "rows", lambda question, *values: asked.append((question, values)) or rows(question, *values))
    page_of(index, Filter(project="p", words="a"), order=order)
    month_sums(index)
    for question, values in asked:
        steps = [step for (_, _, _, step) in rows(f"EXPLAIN QUERY PLAN {question}", *values)]
        assert any("COVERING INDEX runs_listed" in step for step in steps)
        assert all("INDEX" in step or "PRIMARY KEY" in step for step in steps if step.startswith(("SCAN runs", "SEARCH runs")))


def test_projects_are_asked_for_one_by_one(index):
    assert projects_of(index) == ["p", "q<script>"]
    assert projects_of(index, most=1) == ["p"]


def test_the_values_of_a_run_are_those_of_the_columns():
    run = record("a", duration_s=3600.0, gpu_kwh=2.0, waste=Waste(idle_gpu_h=1.0, waiting_gpu_h=2.0, idle_gpu_usd=5.0, repeated_usd=7.0), shared_with=("b",))
    values = dict(zip((column.split()[0] for column in COLUMNS), listed_values(run), strict=True))
    assert values == {
        "hw": "dgx-a100",
        "duration_s": 3600.0,
        "gpu_h": 8.0,
        "energy_kwh": 2.0,
        "co2e_kg": None,
        "cost_usd": None,
        "idle_h": 3.0,
        "idle_usd": 5.0,
        "repeated_usd": 7.0,
        "is_shared": 1,
        "ended_at": "2026-01-01T01:00:00.000000Z",
    }
    assert all(name in INDEXES[0] for name in values)


def test_the_row_of_a_run_has_its_whole_record():
    run = record("a", duration_s=3600.0)
    row = run_row(run, is_settled=True)
    assert row[:5] == ("a", "2026-01-01T00:00:00Z", "", "finished", 1)
    assert Run.from_stored(json.loads(row[-1])) == run


def test_a_number_that_is_not_finite_is_not_known():
    assert listed_values(record("a", duration_s=float("nan")))[1:3] == (None, None)
    assert listed_values(record("a", cost_usd={"low": 1.0, "median": float("inf"), "high": 1.0}))[5] is None
