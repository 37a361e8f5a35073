"""The layouts of sacct."""

import io

import pytest

from traincarbon.readers.sacct_layout import is_parsable, is_plain, lacks_header, layout_rows, with_delimiters

PLAIN = "JobID        State\n------------ ----------\n1             COMPLETED\n"


def rows_of(text):
    return [row if isinstance(row, str) else (row.line, row.cells) for row in layout_rows(io.StringIO(text))]


def test_either_layout_gives_the_same_cells_with_the_lines_of_the_file():
    assert rows_of(f"\n{PLAIN}") == [(4, {"JobID": "1", "State": "COMPLETED"})]
    assert rows_of("\nJobID|State\n1|COMPLETED\n") == [(3, {"JobID": "1", "State": "COMPLETED"})]


def test_a_header_that_comes_again_is_no_job():
    assert len(rows_of(PLAIN + PLAIN)) == 2


def test_a_last_line_that_is_cut_off_is_named():
    assert rows_of(PLAIN + "2")[-1] == "line 4: it is cut off, as the last line of the file"


def test_the_layouts_are_told_apart():
    assert is_plain(PLAIN)
    assert not is_parsable(PLAIN)
    assert is_parsable("JobIDRaw|State\n")
    assert not is_plain("JobID State\n1 COMPLETED\n")
    assert not is_parsable("name|hours\n")


def test_bars_go_where_the_state_stays_a_state():
    columns = ["JobID", "JobName", "State", "Comment"]
    assert with_delimiters(columns, ["1", "a", "b", "FAILED", "x"]) == [(columns, ["1", "a|b", "FAILED", "x"])]
    assert with_delimiters(columns, ["1", "a", "FAILED", "x", "y"]) == [(columns, ["1", "a", "FAILED", "x|y"])]
    assert with_delimiters(["JobID", "State"], ["1", "FAILED", "x"]) == []
    assert with_delimiters(columns, ["1"]) == []


ROW = ["1", "COMPLETED", "cpu=8,gres/gpu:a100=8,node=1", "2026-10-01T08:00:00", "60"]


@pytest.mark.parametrize("sign", ["|", ";", "\t", "^", ","])
def test_any_delimiter_that_the_user_chose_is_read(sign):
    text = "\n".join([sign.join(["JobID", "State", "AllocTRES", "Start", "ElapsedRaw"]), sign.join(ROW), ""])
    assert is_parsable(text)
    (row,) = layout_rows(io.StringIO(text))
    assert list(row.cells.values()) == ROW


@pytest.mark.parametrize(("line", "lacks"), [("|".join(ROW), True), ("4_7|a|CANCELLED by 10|", True), ("1|a|b", False), ("a|COMPLETED|x", False), ("", False)])
def test_a_row_without_a_header_is_seen(line, lacks):
    assert lacks_header(line) is lacks
