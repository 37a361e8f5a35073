"""Files options apart by their content, and runs of which several files speak."""

import contextlib
import io
import json
import random
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from imports import DATA, kept, read_kept, read_text
from journals import WALL_S, lines_of
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.exchange import dump
from traincarbon.ledger.record import merge
from traincarbon.readers.formats import AUTO, FORMAT_NAMES, FORMATS, expanded, formats_table, merged, read_file
from traincarbon.readers.imported import ImportOptions

KINDS = {
    "emissions.csv": "codecarbon",
    "joules-run.json": "joules",
    "toy_10126.884094_2026-11-25T132728Z_carbontracker.log": "carbontracker",
    "toy_10126.884094_2026-11-25T132728Z_carbontracker_output.log": "carbontracker",
    "mlflow.csv": "mlflow",
    "wandb-table.csv": "wandb",
    "wandb-script.csv": "wandb",
    "wandb-metrics.csv": "wandb-metrics",
    "sacct.txt": "sacct",
}

NASTY = (
    "", "nan", "inf", "-inf", "1e400", "-1", "0", "1e308", "9" * 400, "null", "{}", "[]", "'", '"', "\0", "\u202e", "<script>", "x" * 3000, "2026-13-45",
    "0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "1e18", "True", "[1 2]", "-1:-2:-3", "99:99:99", "{'a':", "{[]: 1}", "1-99:99:99", "²", "1_0",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_file_is_known_by_one_reader_alone(name):
    beginning = Path(kept(name)).read_text("utf-8")
    assert [source.name for source in FORMATS if source.recognise(beginning)] == [KINDS[name]]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_forced_format_reads_the_same(name):
    assert read_file(kept(name), format=KINDS[name]) == read_kept(name)


@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("format", FORMAT_NAMES[1:])
def test_a_wrong_format_is_refused_or_finds_no_runs(name, format):
    if format == KINDS[name]:
        return
    try:
        reading = read_file(kept(name), format=format)
    except CarbonError:
        return
    assert reading.records == []


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_file_cut_anywhere_is_refused_or_read_as_far_as_it_goes(name, tmp_path):
    content = Path(kept(name)).read_bytes()
    whole = {record.run_id for record in read_kept(name).records}
    for part in (1, 10, len(content) // 3, len(content) // 2, len(content) - 3):
        cut = tmp_path / name
        cut.write_bytes(content[:part])
        try:
            records = read_file(str(cut)).records
        except CarbonError:
            continue
        assert {record.run_id for record in records} <= whole


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_file_with_anything_in_it_is_refused_or_read_never_a_crash(name):
    text = Path(kept(name)).read_text("utf-8")
    words = list(re.finditer(r"[^,|\n\": ]+", text))
    source = next(source for source in FORMATS if source.name == KINDS[name])
    chance = random.Random(name)
    for nasty in NASTY * 8:
        word = chance.choice(words)
        try:
            reading = read_text(source.read, text[: word.start()] + nasty + text[word.end() :], name=name)
        except CarbonError:
            continue
        for record in merged(reading.records):
            json.dumps(record.to_dict(), allow_nan=False)
            assert not any(energy_j == 0.0 for energy_j in record.energy_j.values())


@pytest.mark.parametrize("format", ["csv", "json", "parquet"])
def test_our_own_exports_come_back(format, tmp_path):
    if format == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    record = merge(lines_of(), now_s=WALL_S)
    file = tmp_path / "runs"
    file.write_bytes(dump([record], format))
    assert [found.to_dict() for found in read_file(str(file)).records] == [record.to_dict()]


def test_powershell_writes_utf_16(tmp_path):
    file = tmp_path / "sacct.txt"
    file.write_text(Path(kept("sacct.txt")).read_text("utf-8"), encoding="utf-16")
    assert read_file(str(file)).records == read_kept("sacct.txt").records


def test_a_folder_has_files_in_utf_16_too(tmp_path):
    file = tmp_path / "emissions.csv"
    file.write_text(Path(kept("emissions.csv")).read_text("utf-8"), encoding="utf-16")
    assert expanded(str(tmp_path)) == [str(file)]


def test_standard_input_is_a_file(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(Path(kept("sacct.txt")).read_bytes())))
    assert read_file("-").records == read_kept("sacct.txt").records


@pytest.mark.parametrize(("content", "seen"), [(b"\x89PNG\r\n\x1a\n", "it begins"), (b"hello\n", "it begins 'hello'"), (b"{}", "it begins '{}'")])
def test_what_nobody_knows_is_refused_with_the_kinds_there_are(content, seen, tmp_path):
    file = tmp_path / "x"
    file.write_bytes(content)
    with pytest.raises(NotFoundError, match=seen) as caught:
        read_file(str(file))
    assert "sacct" in caught.value.hint


def test_an_empty_file_is_refused_as_what_it_is(tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(NotFoundError, match="it is empty") as caught:
        read_file(str(tmp_path / "x"))
    assert "did the program" in caught.value.hint


def test_an_output_of_sacct_without_its_header_is_refused_as_such(tmp_path):
    (tmp_path / "x").write_text("1|a|COMPLETED|2026-10-01T08:00:00|3600\n")
    with pytest.raises(NotFoundError, match="without its header") as caught:
        read_file(str(tmp_path / "x"))
    assert "--noheader" in caught.value.hint


@pytest.mark.parametrize("file", ["nowhere", "", "a\0b", str(DATA)])
def test_a_file_that_cannot_be_read_is_an_error_of_ours(file):
    with pytest.raises(CarbonError, match="cannot read"):
        read_file(file)


def test_a_column_is_not_named_where_there_are_none_to_choose_from():
    with pytest.raises(CarbonError, match="which has no columns for parameters or tokens"):
        read_file(kept("joules-run.json"), options=ImportOptions(params_column="n"))


def test_a_run_that_several_files_speak_of_is_one_run_in_either_order():
    parts = [
        *read_kept("toy_10126.884094_2026-11-25T132728Z_carbontracker.log").records,
        *read_kept("toy_10126.884094_2026-11-25T132728Z_carbontracker_output.log").records,
    ]
    assert len(parts) == 2
    (one,), (other,) = merged(parts), merged(parts[::-1])
    assert one == other
    assert json.dumps(one.to_dict(), allow_nan=False)


def test_runs_of_several_names_stay_apart():
    records = read_kept("mlflow.csv").records
    assert merged([*records, *records]) == records


@pytest.mark.parametrize("name", ["emissions", "mlflow", "wandb-metrics", "wandb-script", "wandb-table"])
def test_a_table_that_a_spreadsheet_parted_by_semicolons_is_told_so(name, tmp_path):
    file = tmp_path / "saved.csv"
    file.write_text(Path(kept(name)).read_text().replace(",", ";"))
    with pytest.raises(CarbonError, match=r"saved\.csv looks like .*, but with semicolons") as options:
        read_file(str(file))
    assert "commas between cells" in options.value.hint


@pytest.mark.parametrize("name", ["emissions", "mlflow", "sacct", "wandb-metrics", "wandb-script", "wandb-table"])
def test_a_file_without_a_run_says_so(name, tmp_path):
    file = tmp_path / "head.csv"
    file.write_text(Path(kept(name)).read_text().splitlines(keepends=True)[0])
    assert read_file(str(file)) == ([], [], ["it holds no run"])


def test_the_manual_has_the_table_of_formats():
    manual = (Path(__file__).parents[2] / "docs" / "readers.md").read_text("utf-8")
    assert f"\n{formats_table()}\n" in manual, "run make readers"


@pytest.mark.parametrize("format", [name for name in FORMAT_NAMES if name != AUTO])
def test_a_device_without_an_end_is_refused_at_once(format):
    began_s = time.process_time()
    with contextlib.suppress(CarbonError):
        assert read_file("/dev/zero", format=format).records == []
    assert time.process_time() - began_s < 3.0


def test_a_pointer_of_git_lfs_says_how_to_get_the_file(tmp_path):
    file = tmp_path / "emissions.csv"
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n")
    with pytest.raises(NotFoundError, match="a pointer of Git LFS") as caught:
        read_file(str(file))
    assert caught.value.hint == "fetch it with: git lfs pull"
