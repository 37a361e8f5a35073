"""Dollars for costs in other currencies."""

from collections.abc import Callable

import pytest

from traincarbon.database.load import Database
from traincarbon.readers.bills.currency import Converter

RATES = {"priors.csv": "prior,scope,median,sigma_ln,n,source,locator,kind,note\nusd_per_sek,year=2026,0.1,,,choice,a,assumed,\n"}


@pytest.fixture
def converter(make_database: Callable[[dict[str, str]], Database]) -> Converter:
    return Converter(make_database(RATES))


def test_dollars_stay_and_are_not_mentioned(converter: Converter) -> None:
    assert converter.usd(5.0, "USD", year="1999") == 5.0
    assert (converter.notes(), converter.left_out()) == ([], [])


def test_credits_and_charges_add_up_by_currency_and_year(converter: Converter) -> None:
    assert [converter.usd(amount, "SEK", year="2026") for amount in (100.0, -40.0)] == pytest.approx([10.0, -4.0])
    assert converter.usd(7.0, "SEK", year="2025") is None
    assert converter.notes() == ["60.00 SEK of 2026 count as $6.00, at the mean exchange rate of that year, 0.1"]
    assert converter.left_out() == ["7.00 SEK of 2025: its exchange rate is not known; add usd_per_sek,year=2025 to priors.csv of your own facts"]


@pytest.mark.parametrize("currency", ["", "??", "a,b", "CREDITS"])
def test_what_is_no_currency_is_left_out(converter: Converter, currency: str) -> None:
    assert converter.usd(1.0, currency, year="2026") is None
