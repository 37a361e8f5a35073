"""A file of runs: every kind of damage is named by line and column, and costs no more than the rows that have it."""

import csv
import io
import os

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.published import runs_file
from traincarbon.published.reported_runs import PublishedRun, SetAside
from traincarbon.published.run_kinds import RunKind, Unusable
from traincarbon.published.runs_file import NUMBERS, TEXTS, read_rows, unread_columns

COLUMNS = (*TEXTS, *NUMBERS)
LLAMA = {
    "id": "a",
    "kind": "run",
    "hardware": "a100",
    "total_params": "65.2e9",
    "tokens": "1.4e12",
    "accelerators": "2048",
    "accelerator_hours": "1022362",
    "wallclock_days": "21",
    "energy_kwh": "449000",
    "co2e_t": "173",
    "pue": "1.1",
    "carbon_intensity_g_per_kwh": "385",
}


def text(*rows, columns=COLUMNS, separator=","):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", lineterminator="\n", delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


@pytest.fixture
def write(tmp_path):
    """Return a function that writes text or bytes into a file."""

    def into(content):
        file = tmp_path / "runs.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(file)

    return into


@pytest.fixture
def second(write):
    """Return a function that reads a file of a good row and one with other cells, and returns the latter."""

    def read(**cells):
        first, other = read_rows(write(text(LLAMA, {**LLAMA, "id": "b", **cells})))
        assert isinstance(first, PublishedRun)
        return other

    return read


@pytest.mark.parametrize(
    ("column", "cell", "unit"),
    [
        ("total_params", "175", "175e9 for 175 billion"),
        ("active_params", "13", "13e9 for 13 billion"),
        ("tokens", "300", "300e9 for 300 billion"),
        ("tokens", "0", "300e9"),
        ("tokens", "-3e11", "300e9"),
        ("tokens", "nan", "300e9"),
        ("tokens", "inf", "300e9"),
        ("tokens", "1e400", "300e9"),
        ("batch_tokens", "4", "4e6 for four million"),
        ("mfu", "45", "0.45 for 45 %"),
        ("hfu", "52.1", "0.45 for 45 %"),
        ("pue", "0.1", "1.1 for 10 % on top"),
        ("pue", "110", "1.1 for 10 % on top"),
        ("carbon_intensity_g_per_kwh", "0.385", "429 for 0.429 kg/kWh"),
        ("iter_time_s", "0", "seconds"),
        ("layers", "0", "empty where nothing was published"),
        ("year", "23", "2023"),
    ],
)
def test_an_implausible_number_is_refused_with_its_column_and_a_word_on_the_unit(second, column, cell, unit):
    row = second(**{column: cell})
    assert (row.line, row.id) == (3, "b")
    assert row.reason.startswith(f"column {column}: {cell} is not possible; it holds ")
    assert unit in row.reason


@pytest.mark.parametrize("cell", ["many", "530X", "B", "5 3B", "40%", "1,022", "1,022,362", "1,022.5", "1,5,2", "1 000 000", "12abc"])
def test_a_text_where_a_number_belongs_is_refused(second, cell):
    assert second(tokens=cell).reason == f"column tokens: {cell!r} is not a number; it holds a count: 300e9 for 300 billion"


@pytest.mark.parametrize(
    ("column", "cell", "value"), [("tokens", "530B", 530e9), ("total_params", "6.7 B", 6.7e9), ("tokens", "1.4T", 1.4e12), ("batch_tokens", "512k", 512e3)]
)
def test_an_ending_counts_as_it_does_everywhere_else(second, column, cell, value):
    assert getattr(second(**{column: cell}), column) == pytest.approx(value)


def test_a_share_may_be_in_percent(second):
    assert second(mfu="45%").mfu == pytest.approx(0.45)


@pytest.mark.parametrize(
    ("cells", "column", "hint"),
    [
        ({"co2e_t": "173000"}, "co2e_t", "is it in tonnes?"),
        ({"co2e_t": "173000", "energy_kwh": ""}, "co2e_t", "169 kg an accelerator-hour; is it in tonnes?"),
        ({"accelerator_hours": "1022.362"}, "accelerator_hours", "is one in another unit?"),
        ({"wallclock_days": "504"}, "accelerator_hours", "is one in another unit?"),
        ({"energy_kwh": "449"}, "energy_kwh", "is it in kWh?"),
        ({"energy_kwh": "1.6e12"}, "energy_kwh", "is it in kWh?"),
    ],
)
def test_columns_that_contradict_each_other_betray_a_unit(second, cells, column, hint):
    reason = second(**cells).reason
    assert reason.startswith(f"column {column}: ")
    assert reason.endswith(hint)


@pytest.mark.parametrize(("column", "kept"), [("carbon_intensity_g_per_kwh", 0.0), ("co2e_t", None), ("cost_usd", None), ("embodied_t", None)])
def test_a_zero_that_can_be_meant_is_no_fault(second, column, kept):
    row = second(**{column: "0"})
    assert getattr(row, column) == kept


def test_an_unknown_kind_is_refused_with_those_there_are(second):
    assert second(kind="training").reason == "column kind: 'training' is none of run, segment, finetune, lora, bench, project, estimate"


def test_the_second_of_two_ids_names_the_line_of_the_first(second):
    assert second(id="a") == SetAside("a", "column id: 'a' is already in line 2", 3)


@pytest.mark.parametrize(("id", "reason"), [("", "column id is empty"), ("x" * 201, "is a quotation mark not closed?")])
def test_a_row_without_a_usable_id_is_known_by_its_line(second, id, reason):
    row = second(id=id)
    assert row.id == "line 3"
    assert reason in row.reason


def test_lines_are_counted_through_blank_ones_and_quoted_breaks(write):
    good, bad = text(LLAMA, {**LLAMA, "id": "b", "tokens": "x"}).split("\n")[1:3]
    rows = list(read_rows(write("\n".join([",".join(COLUMNS), "", good.replace(",run,", ',"run",'), "", "," * (len(COLUMNS) - 1), bad]))))
    assert [row.line for row in rows if isinstance(row, SetAside)] == [6]


def test_a_file_cut_in_half_loses_the_row_of_the_cut_only(write):
    whole = text(LLAMA, {**LLAMA, "id": "b"}, {**LLAMA, "id": "c"})
    rows = list(read_rows(write(whole[: whole.rindex("\nc,") + 20])))
    assert [type(row) for row in rows] == [PublishedRun, PublishedRun, SetAside]
    assert rows[2] == SetAside("c", f"{rows[2].reason.split()[0]} cells, but {len(COLUMNS)} columns", 4)


@pytest.mark.parametrize(
    "dress", [lambda plain: b"\xef\xbb\xbf" + plain, lambda plain: plain.replace(b"\n", b"\r\n"), lambda plain: plain.replace(b"\n", b"\r")]
)
def test_a_mark_of_unicode_and_any_ends_of_lines_are_read(write, dress):
    (row,) = read_rows(write(dress(text(LLAMA).encode())))
    assert row.tokens == 1.4e12


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (text(LLAMA, {**LLAMA, "id": "b", "note": "é"}).encode("latin-1"), "line 3 is not in UTF-8"),
        (text(LLAMA).encode("utf-16"), "line 1 is not in UTF-8"),
        (text(LLAMA, columns=[column for column in COLUMNS if column != "hardware"]), "lacks the column hardware"),
        ("a,b\n1,2\n", "lacks the columns id and hardware"),
        (text(LLAMA, columns=[*COLUMNS, "tokens"]), "has the column tokens twice"),
        (text(LLAMA) + "x" * (1 << 20), "a line is longer than"),
        (text(LLAMA) + '"' + "x" * 200_000, "beyond line"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(write, content, message):
    with pytest.raises(DatabaseError, match=message) as caught:
        list(read_rows(write(content)))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("cell", "point"),
    [("1500,5", "1500.5"), ("1,5", "1.5"), ("0,429", "0.429"), ("3,1e23", "3.1e23"), ("1234,567", "1234.567"), ("1.022.362,5", "1022362.5")],
)
def test_a_decimal_comma_is_told_from_those_of_thousands(second, cell, point):
    assert second(tokens=cell).reason == f"column tokens: {cell!r} is not a number; write a point: {point}"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_blank_lines_and_any_case_of_the_header_are_read(write, separator):
    plain = text(LLAMA, separator=separator)
    header, _, rest = plain.partition("\n")
    (row,) = read_rows(write(f"\n\n{header.upper()}\n\n{rest}"))
    assert (row.tokens, row.hardware) == (1.4e12, "a100")
    damaged = write(f"\n{header}\nb{separator}nonsense{separator * (header.count(separator) - 1)}\n")
    (aside,) = read_rows(damaged)
    assert aside.line == 3


def test_columns_that_are_empty_may_be_left_out_and_a_file_without_kinds_holds_runs(write):
    kept = ["hardware", "tokens", "id", "total_params", "accelerator_hours"]
    (row,) = read_rows(write(text(LLAMA, columns=kept)))
    assert (row.kind, row.tokens, row.year, row.family) == (RunKind.RUN, 1.4e12, None, "")
    assert isinstance(next(read_rows(write(text({**LLAMA, "kind": ""})))), SetAside)


@pytest.mark.parametrize(("stated", "family"), [("MoE", "moe-lm"), ("encoder-decoder", "seq2seq"), ("LLM", "dense-lm"), ("CNN", "convolution"), ("ssm", "ssm")])
def test_families_are_known_by_their_names_in_a_plan_and_by_usual_words(second, stated, family):
    assert second(family=stated).family == family


@pytest.mark.parametrize("family", ["gnn", "recsys", "other"])
def test_a_row_of_a_family_that_nothing_counts_is_set_aside(second, family):
    assert f"column family: {family!r} is none of dense-lm" in second(family=family).reason


def test_a_folder_and_a_file_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(DatabaseError, match="Is a directory"):
        list(read_rows(str(tmp_path)))
    with pytest.raises(DatabaseError, match="No such file"):
        list(read_rows(str(tmp_path / "none.csv")))
    with pytest.raises(DatabaseError, match="null"):
        list(read_rows("a\0b"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(write):
    file = write(text(LLAMA))
    os.chmod(file, 0)
    with pytest.raises(DatabaseError, match="Permission denied"):
        list(read_rows(file))


def test_more_rows_than_published_runs_ever_will_be_are_refused(write, monkeypatch):
    monkeypatch.setattr(runs_file, "_MOST_ROWS", 2)
    with pytest.raises(DatabaseError, match="holds more than 2 runs"):
        list(read_rows(write(text(*({**LLAMA, "id": str(at)} for at in range(4))))))


def test_columns_of_ones_own_are_left_alone_and_the_set_is_read(write):
    (row,) = read_rows(write(text({**LLAMA, "set": "mine", "colour": "red"}, columns=[*COLUMNS, "set", "colour"])))
    assert row.set == "mine"
    assert not hasattr(row, "colour")


def test_a_column_says_why_no_constant_may_be_fitted_to_a_row(write):
    rows = [{**LLAMA, "id": str(at), "unusable": cell} for at, cell in enumerate(("", "unreliable", "epochs-unknown", "broken"))]
    *read, bad = read_rows(write(text(*rows, columns=[*COLUMNS, "unusable"])))
    assert [row.unusable for row in read] == [None, Unusable.UNRELIABLE, Unusable.EPOCHS_UNKNOWN]
    assert bad.reason.startswith("column unusable: 'broken' is none of frozen, shared-parameters, ")


def test_a_file_may_leave_out_the_optional_columns(write):
    (row,) = read_rows(write(text(LLAMA)))
    assert (row.kind, row.unusable, row.set) == (RunKind.RUN, None, "")


@pytest.mark.parametrize(
    ("column", "cell", "unit"), [("mfu", "45 percent", "a share: 0.45 for 45 %"), ("year", "2023-01", "a year: 2023"), ("layers", "many", "1.5e6")]
)
def test_a_text_where_a_number_belongs_names_what_the_column_holds(second, column, cell, unit):
    assert second(**{column: cell}).reason.startswith(f"column {column}: {cell!r} is not a number; it holds ")
    assert unit in second(**{column: cell}).reason


def test_columns_that_are_not_read_are_named(write, tmp_path):
    extra = "\n".join(f"{line},{cell}" for line, cell in zip(text(LLAMA).splitlines(), (" Sets ", "x"), strict=True))
    assert unread_columns(write(extra)) == ["Sets"]
    assert unread_columns(write(text(LLAMA))) == []
    assert unread_columns(str(tmp_path)) == []
