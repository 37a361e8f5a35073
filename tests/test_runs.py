"""The runs of a ledger from Python: listed, loaded, read from files, imported, exported and forgotten."""

import time
from pathlib import Path

import pytest

from imports import kept
from traincarbon import runs
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.imported_runs import as_read
from traincarbon.ledger.run import Run
from traincarbon.readers import sources
from traincarbon.runs import read


def test_runs_of_all_files_come_with_what_was_left_out_by_file():
    found = read([kept("mlflow.csv"), kept("sacct.txt")])
    assert len(found.runs) == 3 + 4
    assert found.left_out[0].startswith(f"{kept('mlflow.csv')}, line 2, run ")
    assert all(note.startswith(kept("sacct.txt")) for note in found.notes)


def test_what_the_user_says_holds_for_all_runs():
    found = read(kept("mlflow.csv"), project="sizes", hw="this")
    assert {(record.project, record.hw) for record in found.runs} == {("sizes", "this")}


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(CarbonError, match="unknown format 'excel'") as caught:
        read(kept("mlflow.csv"), format="excel")
    assert "wandb-metrics" in caught.value.hint


def test_a_file_that_cannot_be_read_among_others_is_named(tmp_path):
    half = tmp_path / "half.json"
    half.write_text('{"schema": "joules/1", "run')
    with pytest.raises(CarbonError, match=r"half\.json: the file is not JSON"):
        read([kept("joules-run"), half])


def test_an_import_adds_each_run_once_and_the_ledger_gives_it_back(tmp_path):
    first = runs.import_(kept("mlflow.csv"), project="sizes", store=tmp_path)
    again = runs.import_(kept("mlflow.csv"), project="sizes", store=tmp_path)
    assert (len(first.added), len(again.added)) == (len(first.found.runs), 0)
    listed = runs.list(project="sizes", store=tmp_path)
    assert {run.run_id for run in listed} == set(first.added)
    assert runs.load("last", store=tmp_path) == listed[0]
    assert runs.list(project="other", store=tmp_path) == ()


def test_a_dry_import_writes_nothing_and_says_so(tmp_path):
    imported = runs.import_(kept("mlflow.csv"), dry_run=True, store=tmp_path)
    assert imported.new == imported.found.runs
    assert imported.to_dict()["dry_run"] is True
    assert runs.find(store=tmp_path).total == 0


def test_an_export_is_what_an_import_takes(tmp_path):
    runs.import_(kept("mlflow.csv"), store=tmp_path / "one")
    file = tmp_path / "runs.json"
    file.write_bytes(runs.export(format="json", store=tmp_path / "one"))
    assert len(runs.import_(file, store=tmp_path / "two").added) == len(runs.list(store=tmp_path / "one"))
    with pytest.raises(CarbonError, match="unknown format 'xml'"):
        runs.export(format="xml", store=tmp_path / "one")


def test_runs_are_deleted_only_when_asked_and_all_or_none(tmp_path):
    ids = runs.import_(kept("mlflow.csv"), store=tmp_path).added
    shown = runs.forget(ids[:1], store=tmp_path)
    assert (shown.runs, shown.removed) == (ids[:1], False)
    with pytest.raises(NotFoundError):
        runs.forget([ids[0], "no such run"], dry_run=False, store=tmp_path)
    assert runs.find(store=tmp_path).total == len(ids)
    assert runs.forget(ids[:1], dry_run=False, store=tmp_path).removed
    assert runs.find(store=tmp_path).total == len(ids) - 1


def test_a_list_may_be_cut_and_its_total_is_that_of_all(tmp_path):
    runs.import_(kept("mlflow.csv"), store=tmp_path)
    found = runs.find(limit=1, store=tmp_path)
    assert (len(found.runs), found.total) == (1, 3)
    assert runs.merge([tmp_path], store=tmp_path / "other").runs == 3


def test_progress_is_reported_before_a_large_file(monkeypatch):
    monkeypatch.setattr(sources, "_LARGE_B", 10)
    said = []
    runs.read(kept("mlflow.csv"), progress=said.append)
    assert said == [f"reading {kept('mlflow.csv')}, 0 MB"]


def test_a_record_of_a_file_is_what_its_journal_gives():
    """So the index can take it in as it is."""
    files = [
        path for path in sorted(Path(kept("mlflow.csv")).parent.iterdir()) if path.suffix in (".csv", ".json", ".log", ".txt") and "simulated" not in path.name
    ]
    records = [record for file in files for record in runs.read(file).runs] + list(runs.read(files).runs)
    assert len(records) > 20
    assert [as_read(record) for record in records] == records
    assert [Run.from_dict(record.to_dict()) for record in records] == records


@pytest.mark.parametrize("dry_run", [True, False])
def test_eight_times_as_many_rows_take_about_eight_times_as_long(tmp_path, dry_run):
    """A comparison of each row with all others would take sixty times as long."""
    took_s = []
    for count in (1000, 8000):
        file = tmp_path / f"{count}.csv"
        file.write_text("name,hours,hw,accelerators,energy_kwh\n" + "".join(f"run-{number},2,h100-sxm5-80gb,8,9\n" for number in range(count)))
        began_s = time.process_time()
        assert len(runs.import_(file, dry_run=dry_run, store=tmp_path / f"store{count}").added) == count
        took_s.append(time.process_time() - began_s)
    assert took_s[1] < 20.0 * took_s[0]
