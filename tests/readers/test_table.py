"""Tables read row by row, with what is wrong with those that cannot be."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError
from traincarbon.readers.table import Row, check_column, delimiter_of, header_of, rows


def read(text, **how):
    return list(rows(io.StringIO(text, newline=""), **how))


def test_a_row_has_its_cells_by_column_and_its_line():
    assert read("a,b\n1,2\n\n3,4\n") == [Row(2, {"a": "1", "b": "2"}), Row(4, {"a": "3", "b": "4"})]
    assert read("") == []
    assert read("a,b\n") == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end):
    assert [row.cells["b"] for row in read(f"a,b{end}1,2{end}3,4{end}")] == ["2", "4"]


def test_rows_with_other_numbers_of_cells_are_named():
    assert read("a,b\n1\n1,2,3\n1,2\n") == [
        "line 2: more or fewer cells than columns (1, not 2)",
        "line 3: more or fewer cells than columns (3, not 2)",
        Row(4, {"a": "1", "b": "2"}),
    ]


def test_a_last_line_without_an_end_is_torn_where_programs_end_each():
    assert read("a,b\n1,2\n3,45") == [Row(2, {"a": "1", "b": "2"}), "line 3: it is cut off, as the last line of the file"]
    assert read("a,b\n1,2\n3,45", always_ended=False)[-1] == Row(3, {"a": "3", "b": "45"})
    assert read("a,b\n1,2\n3", always_ended=False)[-1] == "line 3: it is cut off, as the last line of the file"


def test_a_quotation_mark_that_is_not_closed_is_said_with_the_lines_that_it_takes():
    found = read('a,b\n1,2\n3,"' + "x\n" * 100_000 + "5,6\n")
    assert found[:2] == [Row(2, {"a": "1", "b": "2"}), "lines 3 to 65539: field larger than field limit (131072); is a quotation mark not closed?"]
    assert found[-1] == Row(100_003, {"a": "5", "b": "6"})


def test_a_huge_cell_takes_its_own_row_and_no_other():
    found = read(f'a,b\n1,2\n3,"{"x" * 200_000}"\n5,6\n')
    assert found == [
        Row(2, {"a": "1", "b": "2"}),
        "line 3: field larger than field limit (131072); is a quotation mark not closed?",
        Row(4, {"a": "5", "b": "6"}),
    ]


def test_a_line_of_megabytes_is_not_read():
    found = read("a,b\n1,2\n" + "x" * 3_000_000)
    assert found[0] == Row(2, {"a": "1", "b": "2"})
    assert "longer than 1,048,576 characters" in found[-1]


def test_of_columns_of_one_name_the_first_that_is_filled_counts_and_nameless_ones_are_left_out():
    assert read(",a,a,b\n0,,2,3\n") == [Row(2, {"a": "2", "b": "3"})]


def test_quotation_marks_are_letters_where_the_program_does_not_quote():
    assert read('a|b\n"x|2\n', delimiter="|", quoted=False) == [Row(2, {"a": '"x', "b": "2"})]


@pytest.mark.parametrize(
    ("cell", "number"), [("1.5", 1.5), (" 7B ", 7e9), ("1,500", 1500.0), ("1e3", 1000.0), ("", None), ("NaN", None), ("None", None), ("-", None)]
)
def test_a_number_is_what_people_write(cell, number):
    assert Row(2, {"a": cell}).number("a") == number


@pytest.mark.parametrize("cell", ["x", "1e400", "inf", "-inf", "1,5", "12 apples", "9" * 400, "\u202e12x"])
def test_what_is_no_finite_number_is_refused_by_its_column(cell):
    with pytest.raises(ValueError, match="column a"):
        Row(2, {"a": cell}).number("a")


def test_a_comma_that_parts_decimals_gets_a_word():
    with pytest.raises(ValueError, match=r"write 1\.5, not 1,5"):
        Row(2, {"a": "1,5"}).number("a")


def test_an_amount_is_not_below_zero():
    with pytest.raises(ValueError, match="column a: -1 is negative"):
        Row(2, {"a": "-1"}).amount("a")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e299, max_value=1e299))
def test_every_number_that_a_program_writes_is_read_exactly(number):
    assert Row(2, {"a": repr(number)}).number("a") == number


def test_dictionaries_in_cells_become_columns():
    row = Row(2, {"config": "{'n': 1, 'model': {'layers': 2}, 'x': None, 'y': nan}", "summary": "{broken", "other": "{'n': 3}"})
    found = row.nested("config", "summary", "absent").cells
    assert (found["config.n"], found["config.model.layers"], found["config.x"], found["config.y"]) == ("1", "2", "", "")
    assert "other.n" not in found


@pytest.mark.parametrize("cell", ["{" * 5000, "{'a': __import__('os').system('true')}", "{1, 2}", "{'a': " + "[" * 500])
def test_what_is_no_dictionary_of_plain_values_is_nothing(cell):
    assert Row(2, {"config": cell}).nested("config").cells == {"config": cell}


def test_a_place_names_line_and_run_and_is_short():
    assert Row(7, {}).place("bert") == "line 7, run 'bert'"
    assert Row(7, {}).place("") == "line 7"
    assert len(Row(7, {}).place("x" * 10_000)) < 90


def test_a_header_is_read_from_a_beginning():
    assert header_of('\ufeff"a b", c\r\n1,2') == ["a b", "c"]
    assert header_of("") == []
    assert (delimiter_of("a;b;c\n1,1;2;3"), delimiter_of("a\tb"), delimiter_of("a")) == (";", "\t", ",")


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    check_column("", ["a"], "--params-column")
    check_column("a", ["a"], "--params-column")
    with pytest.raises(CarbonError, match="--params-column 'n'") as caught:
        check_column("n", ["a", "b", *(f"c{number}" for number in range(20))], "--params-column")
    assert caught.value.hint.startswith("it has a, b, c0")
    assert caught.value.hint.endswith("and 10 more")


def test_a_header_that_comes_again_holds_for_the_rows_below():
    found = list(rows(io.StringIO("name,hours\na,1\nname,hours,hw\nb,2,a100\n")))
    assert [(row.line, row.cells) for row in found] == [(2, {"name": "a", "hours": "1"}), (4, {"name": "b", "hours": "2", "hw": "a100"})]
