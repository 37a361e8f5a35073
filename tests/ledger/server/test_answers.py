"""What a server answers is what the index of a store with the same runs answers."""

import random
from dataclasses import replace

import pytest

from made_runs import record
from traincarbon import runs
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import month_uses
from traincarbon.ledger.listed_runs import Filter, Order, month_sums, page_of, projects_of
from traincarbon.ledger.run import timestamp
from traincarbon.ledger.server import answers
from traincarbon.ledger.server.answers import _ACROSS, ServerRuns
from traincarbon.ledger.server.sync import sync
from traincarbon.ledger.store import Ledger
from traincarbon.suggestions import one_letter_off

PROJECTS = ("", "llm", "vision", "x'; --", "a%b_c", "A")


def made():
    draw = random.Random(21)
    for at in range(120):
        month = 1 + at % 12
        cost = {"low": 1.0, "median": draw.uniform(1.0, 9.0), "high": 10.0}
        fields = {"cost_usd": cost} if at % 3 else {}
        state = ("finished", "failed", "killed")[at % 3]
        yield record(
            f"run-{at:03}",
            gpu_kwh=draw.uniform(0.1, 5.0) if at % 5 else None,
            project=PROJECTS[at % 6],
            state=state,
            started_at=f"2026-{month:02}-{1 + at % 28:02}T00:00:00Z",
            duration_s=draw.uniform(60.0, 9e5),
            **fields,
        )


@pytest.fixture
def sources(tmp_path, database):
    store = str(tmp_path / "store")
    with Ledger(store) as ledger:
        ledger.add(list(made()))
        sync(ledger=database, store=store)
        found = ServerRuns(database)
        yield ledger.index, found
        found.close()


FILTERS = [
    Filter(),
    Filter(project="llm"),
    Filter(state="failed"),
    Filter(since="2026-06-01"),
    Filter(words="RUN-01"),
    Filter(words="%"),
    Filter("x'; --", "killed", "2026-02", "run"),
]


def test_pages_totals_and_projects_are_the_same(sources):
    index, server = sources
    for found in FILTERS:
        assert [each._replace(sums={}) for each in month_sums(server, found)] == [each._replace(sums={}) for each in month_sums(index, found)]
        for ours, theirs in zip(month_sums(server, found), month_sums(index, found), strict=True):
            assert ours.sums == pytest.approx(theirs.sums, rel=1e-12)
        for order in Order:
            for is_descending in (True, False):
                asked = {"order": order, "is_descending": is_descending, "offset": 3, "limit": 20}
                ours, theirs = page_of(server, found, **asked), page_of(index, found, **asked)
                assert (ours.total, [run.run_id for run in ours.runs]) == (theirs.total, [run.run_id for run in theirs.runs]), (found, asked)
    assert projects_of(server) == sorted(projects_of(index))
    assert projects_of(server, most=2) == projects_of(index, most=2)


def test_records_are_the_same(sources):
    index, server = sources
    for asked in ({}, {"limit": 7}, {"project": "llm"}, {"state": "killed", "limit": 3}, {"since": "2026-03", "until": "2026-05"}):
        ours, theirs = server.records(**asked), index.records(**asked)
        assert ours[1] == theirs[1]
        assert [run.to_dict() for run in ours[0]] == [run.to_dict() for run in theirs[0]]
    assert server.ids("run-00") == index.ids("run-00")
    assert server.ids("", limit=1) == index.ids("", limit=1)
    meant = one_letter_off("run-0007")
    assert sorted(server.known(meant)) == sorted(index.known(meant)) == ["run-000", "run-007"]
    assert server.spelled_otherwise("RUN-007", limit=5) == index.spelled_otherwise("RUN-007", limit=5) == ["run-007"]
    assert server.lacks("run_0")
    assert server.ids("%") == server.ids("run_0") == []
    assert server.record("run-007").to_dict() == index.record("run-007").to_dict()
    assert server.record("run-00") is None
    assert server.faults() == []


def test_a_record_that_cannot_be_read_is_named_and_the_rest_is_shown(sources, server, database):
    _, found = sources
    server.query("UPDATE traincarbon.runs SET record = '{}' WHERE run_id = 'run-003'", database.rpartition("/")[2])
    records, total = found.records()
    assert (len(records), total) == (119, 120)
    assert [fault.partition(":")[0] for fault in found.faults()] == ["run-003"]


@pytest.mark.parametrize("at_a_time", [1, 7, 120, 500])
def test_each_record_is_given_once_in_order_however_many_are_read_at_a_time(sources, monkeypatch, at_a_time):
    index, server = sources
    monkeypatch.setattr(answers, "_AT_A_TIME", at_a_time)
    assert [run.to_dict() for run in server.each_record()] == [run.to_dict() for run in index.records()[0]]


def test_only_some_records_are_in_memory_and_what_is_deleted_or_unreadable_meanwhile_is_left_out(sources, server, database, monkeypatch):
    _, found = sources
    monkeypatch.setattr(answers, "_AT_A_TIME", 10)
    expected = found.ids("")
    read = found.each_record()
    first = [next(read).run_id for _ in range(10)]
    name = database.rpartition("/")[2]
    server.query(f"DELETE FROM traincarbon.runs WHERE run_id = '{expected[30]}'", name)
    server.query(f"UPDATE traincarbon.runs SET record = '{{}}' WHERE run_id = '{expected[40]}'", name)
    assert first + [run.run_id for run in read] == [run_id for run_id in expected if run_id not in (expected[30], expected[40])]
    assert [fault.partition(":")[0] for fault in found.faults()] == [expected[40]]


@pytest.mark.usefixtures("sources")
def test_exports_of_a_team_are_those_of_the_store_byte_by_byte(database, monkeypatch, tmp_path):
    monkeypatch.setattr(answers, "_AT_A_TIME", 7)
    for format in ("csv", "json"):
        ours = runs.export(format=format, store=tmp_path / "store")
        with monkeypatch.context() as patched:
            patched.setenv("CARBON_LEDGER", database)
            assert runs.export(format=format) == ours


def test_the_runs_of_some_time_are_the_same(sources):
    index, server = sources
    for asked in (("2026-02-01", "2026-02-10"), ("2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z")):
        for of_other_programs in (False, True):
            ours, theirs = (source.records_around(*asked, of_other_programs=of_other_programs) for source in (server, index))
            assert {run.run_id: run.to_dict() for run in ours} == {run.run_id: run.to_dict() for run in theirs}


@pytest.mark.usefixtures("sources")
def test_a_list_by_the_library_says_which_server(database, monkeypatch, tmp_path):
    monkeypatch.setenv("CARBON_LEDGER", database)
    found = runs.find(limit=2)
    assert (len(found.runs), found.total, found.store) == (2, 120, database.replace("+psycopg", ""))
    assert runs.find(store=tmp_path / "other").total == 0  # a store that is named is read


def test_a_month_of_budgets_is_the_same(sources):
    index, server = sources
    month = month_named("2026-02", time_zone="Europe/Berlin")
    for has_days in (True, False):
        expected = month_uses(index, month, now_s=month.end_s, has_days=has_days)
        found = month_uses(server, month, now_s=month.end_s, has_days=has_days)
        assert found.keys() == expected.keys()
        for project, use in expected.items():
            assert (found[project].runs, found[project].unknown) == (use.runs, use.unknown)
            for name, days in use.by_day.items():
                assert found[project].by_day[name] == pytest.approx(days)


MANY = """
INSERT INTO traincarbon.runs (run_id, cluster, started_at, ended_at, project, state, hw, duration_s, is_shared, record)
SELECT 'many-' || at, '', at_hour(at), at_hour(at + 1), 'many', 'finished', '', 3600, 0, '{}' FROM generate_series(1, 20000) AS at;
ANALYZE traincarbon.runs;
"""
AT_HOUR = """
CREATE FUNCTION at_hour(hour integer) RETURNS text LANGUAGE sql
RETURN to_char(timestamp '2024-01-01' + hour * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
"""


def test_the_latest_month_is_found_by_indexes_and_questions_are_not_compiled(sources, server, database):
    _, found = sources
    server.query(AT_HOUR + MANY, database.rpartition("/")[2])
    values = (timestamp(month_named("2026-03").begin_s), timestamp(month_named("2026-03").end_s), 86400.0)
    plan = "\n".join(line for (line,) in found.rows(f"EXPLAIN {_ACROSS}", *values))
    assert all(f"on {name} " in plan for name in ("runs_running", "runs_ended", "runs_listed")), plan
    assert found.rows("SHOW jit") == [("off",)]


def test_a_month_reads_no_devices(sources):
    index, server = sources
    month = month_named("2026-02")
    asked = (timestamp(month.begin_s), timestamp(month.end_s))
    expected = {run.run_id: replace(run, by_device=()).to_dict() for run in index.records_across(*asked, long_s=86400.0)}
    found = server.records_across(*asked, long_s=86400.0)
    assert {run.run_id: run.to_dict() for run in found} == expected
    assert len(expected) > 5
