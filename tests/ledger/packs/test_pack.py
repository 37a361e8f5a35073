"""A line of summaries says what a journal says, to every reader of journals."""

import math

import pytest

from journals import lines_of, write_lines
from packed_stores import write_run
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.packs.pack import PackedJournal, Summarised, is_pack, is_same, lines_file, month_of, packed_in, summaries_in, summary_line

PACKED = PackedJournal("run/a1-7-1.jsonl", 10, 2, "ab")


def folded(tmp_path, **given):
    (process,) = fold_files([write_run(tmp_path, **given)], "run")
    return process


@pytest.mark.parametrize("given", [{}, {"ends": False}, {"n": 0}, {"devices": {}}, {"began_s": 9e14}, {"project": "\u202e<b>'\0"}, {"plan": {"params": 7e9}}])
def test_the_summary_comes_back_to_the_last_digit(tmp_path, given):
    process = folded(tmp_path, **given)
    line = summary_line(Summarised(PACKED, process))
    assert line is not None
    file = tmp_path / "month=2026-09" / "p.jsonl"
    file.parent.mkdir()
    file.write_bytes(line)
    (found,) = summaries_in(file)
    assert found.packed == PACKED
    assert is_same(found.process, process)
    (read,) = fold_files([file], "run")
    assert is_same(read, process)


def test_whole_numbers_without_a_point_are_stated_too_unless_a_digit_is_lost(tmp_path):
    file = write_lines(tmp_path / "run" / "a1-7-1.jsonl", lines_of(begin_s=5000, power_w=100))
    (process,) = fold_files([file], "run")
    process.last_wall_s = int(process.last_wall_s)
    assert summary_line(Summarised(PACKED, process)) is not None
    process.gaps_s = 2**60 + 1
    assert summary_line(Summarised(PACKED, process)) is None


def test_the_journal_and_its_summary_together_count_once(tmp_path):
    process = folded(tmp_path)
    file = tmp_path / "month=2026-09" / "p.jsonl"
    file.parent.mkdir()
    file.write_bytes(summary_line(Summarised(PACKED, process)))
    journal = str(tmp_path / "journals" / "run" / "a1-7-1.jsonl")
    for files in ([journal, file], [file, journal], [file, file]):
        (read,) = fold_files(files, "run")
        assert is_same(read, process)


def test_a_summary_that_a_line_cannot_state_is_none(tmp_path):
    process = folded(tmp_path)
    process.mfu = math.nan
    process.notes = ["x" * 1000] * 1000
    assert summary_line(Summarised(PACKED, process)) is None


def test_only_summaries_of_the_run_that_is_asked_for_are_given(tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_bytes(summary_line(Summarised(PACKED, folded(tmp_path))) + b"not json\n")
    assert len(list(summaries_in(file, run_ids={"run"}))) == 1
    assert list(summaries_in(file, run_ids={"other"})) == []


@pytest.mark.parametrize(
    "stated", [None, 5, {}, {"journal": 1, "size_b": 1, "lines": 1, "sha256": ""}, {"journal": "a/b", "size_b": "x", "lines": 1, "sha256": ""}]
)
def test_a_line_that_names_no_journal_is_of_none(stated):
    assert packed_in({"packed": stated}) is None
    assert packed_in({}) is None


def test_names_tell_packs_from_journals():
    assert is_pack("/s/journals/month=2026-11/a.jsonl")
    assert not is_pack("/s/journals/month=2026-11/a.parquet")
    assert not is_pack("/s/journals/run/month=.jsonl")
    assert lines_file("m/a.jsonl") == "m/a.parquet"
    assert PACKED.place == ("run", "a1-7-1.jsonl")
    assert [month_of(text) for text in ("2026-11-30T00:00:00Z", "", "?", "12026-11", "2026-1")] == ["2026-11", *["unknown"] * 4]
