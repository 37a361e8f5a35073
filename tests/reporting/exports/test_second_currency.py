"""Money stands in a second currency behind its table, as formulas of the cells in dollars."""

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.exports.second_currency import in_currency_too
from traincarbon.reporting.exports.workbook import Formula

EUR = Currency("EUR", 0.5)
ROWS = [
    ("Input", "Value"),
    ("hours", 3.0),
    (),
    ("Line", "USD", "Equation"),
    ("Rent", Formula("B2 * 2", 6.0), "hours × 2"),
    ("Staff", 4.0),
    ("Unknown", None, ""),
]


def test_each_amount_of_a_table_is_there_once_more_as_a_formula():
    found = in_currency_too(ROWS, EUR, heads={3}, columns=(1,))
    assert found[:3] == ROWS[:3]
    assert found[3] == ("Line", "USD", "Equation", "USD, EUR")
    assert found[4][3] == Formula("B5 * 0.5", 3.0)
    assert found[5] == ("Staff", 4.0, None, Formula("B6 * 0.5", 2.0))
    assert found[6][3] is None


def test_a_table_ends_with_an_empty_row():
    found = in_currency_too([*ROWS, (), ("hours", 3.0)], EUR, heads={3}, columns=(1,))
    assert found[-1] == ("hours", 3.0)


def test_dollars_stand_once():
    assert in_currency_too(ROWS, USD, heads={3}, columns=(1,)) == ROWS
