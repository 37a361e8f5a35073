"""DuckDB answers what packed journals say, reads nothing else, and changes nothing."""

import sys

import pytest

from packed_stores import BEGAN_S, files_in, write_run
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError
from traincarbon.ledger.packs import questions

pytest.importorskip("duckdb")
BY_MONTH = "SELECT project, strftime(time, '%Y-%m') AS month, sum(energy_j) AS energy_j FROM intervals GROUP BY ALL ORDER BY ALL"


@pytest.fixture
def store(tmp_path):
    write_run(tmp_path, "one", project="a")
    write_run(tmp_path, "two", project="b'; DROP", writer="b2-8-2", began_s=BEGAN_S + 40 * 86_400)
    runs.compact(store=tmp_path)
    return tmp_path


def test_energy_by_project_and_month_is_that_of_the_records(store):
    found = runs.query(BY_MONTH, store=store)
    joules = {run.project: sum(energy or 0.0 for energy in run.energy_j.values()) for run in runs.list(store=store)}
    assert found.columns == ("project", "month", "energy_j")
    assert found.rows == (("a", "2026-09", pytest.approx(joules["a"])), ("b'; DROP", "2026-10", pytest.approx(joules["b'; DROP"])))
    assert found.journals == 0


def test_devices_and_the_month_of_a_folder_can_be_asked(store):
    devices = runs.query("SELECT month, sum(d.energy_j) FROM (SELECT month, unnest(devices) AS d FROM intervals) GROUP BY month ORDER BY 1", store=store)
    assert devices.rows == (("2026-09", pytest.approx(20 * 30 * 351.0)), ("2026-10", pytest.approx(20 * 30 * 351.0)))
    assert ("line", "BLOB") in [row[:2] for row in runs.query("DESCRIBE intervals", store=store).rows]


@pytest.mark.parametrize(
    "question",
    ["COPY intervals TO 'x.csv'", "DROP VIEW intervals", "SELECT 1; SELECT 2", "", "SELECT * FROM read_csv('/etc/hostname')", "SELEC", "SELECT * FROM other",
     "ATTACH 'x.db'", "SELECT * FROM glob('/*')", "INSTALL httpfs", "SET enable_external_access = true"],
)  # fmt: skip
def test_what_is_not_a_question_about_packs_is_refused(store, question):
    names = files_in(store)
    with pytest.raises(CarbonError):
        runs.query(question, store=store)
    assert files_in(store) == names


def test_journals_that_are_not_packed_are_counted(store):
    write_run(store, "three", writer="c3-9-3")
    found = runs.query("SELECT count(*) FROM intervals", store=store)
    assert (found.rows, found.journals) == (((44,),), 1)
    assert found.journals_b > 1000


def test_a_store_without_packs_has_an_empty_table(tmp_path):
    assert runs.query("SELECT count(*), sum(energy_j) FROM intervals", store=tmp_path).rows == ((0, None),)


def test_without_duckdb_the_extra_is_named(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match="DuckDB"):
        runs.query(BY_MONTH, store=store)


def test_a_file_that_gets_its_place_between_two_steps_is_asked_there(tmp_path, monkeypatch):
    write_run(str(tmp_path), "one")
    runs.compact(store=tmp_path)
    real = questions.current_lines_of
    endings = iter([".next", ""])
    monkeypatch.setattr(questions, "current_lines_of", lambda files: [file + ending for ending in (next(endings),) for file in real(files)])
    assert runs.query("SELECT count(*) FROM intervals WHERE kind = 'end'", store=tmp_path).rows == ((1,),)
