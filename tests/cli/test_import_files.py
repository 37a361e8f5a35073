"""The files of an import and what the user says of them."""

from datetime import UTC, datetime, timedelta

import pytest

from imports import kept
from traincarbon.cli.import_files import read_files, zone_of
from traincarbon.errors import CarbonError
from traincarbon.readers.imported import ImportOptions


def read(*files, format="auto", project="", hw="", quiet=True, **options):
    return read_files(files, format=format, options=ImportOptions(**options), project=project, hw=hw, quiet=quiet)


def test_runs_of_all_files_come_with_what_was_left_out_by_file():
    found = read(kept("mlflow.csv"), kept("sacct.txt"))
    assert len(found.records) == 3 + 4
    assert found.left_out[0].startswith(f"{kept('mlflow.csv')}, line 2, run ")
    assert all(note.startswith(kept("sacct.txt")) for note in found.notes)


def test_what_the_user_says_holds_for_all_runs():
    found = read(kept("mlflow.csv"), project="sizes", hw="this")
    assert {(record.project, record.hw) for record in found.records} == {("sizes", "this")}


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(CarbonError, match="--format 'excel'") as caught:
        read(kept("mlflow.csv"), format="excel")
    assert "wandb-metrics" in caught.value.hint


@pytest.mark.parametrize(("text", "hours"), [("+02:00", 2), ("-05:30", -5.5), ("UTC", 0)])
def test_a_zone_is_a_name_or_an_offset(text, hours):
    assert datetime(2026, 1, 1, tzinfo=UTC).astimezone(zone_of(text)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["Mars/Olympus", "+99:00", "../../etc/passwd", "+", "\0"])
def test_a_zone_that_is_none_is_refused(text):
    with pytest.raises(CarbonError, match="--timezone"):
        zone_of(text)


def test_no_zone_is_none():
    assert zone_of("") is None


def test_a_file_that_cannot_be_read_among_others_is_named(tmp_path):
    half = tmp_path / "half.json"
    half.write_text('{"schema": "joules/1", "run')
    with pytest.raises(CarbonError, match=r"half\.json: the file is not JSON"):
        read(kept("joules-run"), str(half))
