"""Money in another currency is the dollars times the one rate that was stated."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.formatting import Scale
from traincarbon.reporting.currency import USD, Currency, parse_currency
from traincarbon.uncertain import Interval

EUR = Currency("EUR", 0.5)


def test_money_is_converted_with_its_interval_and_its_scale():
    assert EUR.shown(Interval(1e6, 2.5e6, 4e6), "$") == ("EUR 1.25M", "", "EUR 0.50M – EUR 2.0M")
    assert EUR.amount(1600.0, "$") == "EUR 800"
    assert EUR.scale(4e6, "$") == Scale(2e6, prefix="EUR ", suffix="M")
    assert EUR.of(0.1, "$/kWh") == (0.05, "EUR/kWh")


def test_what_is_no_money_stays():
    assert EUR.shown(Interval(1e6, 2e6, 4e6), "kWh") == USD.shown(Interval(1e6, 2e6, 4e6), "kWh")
    assert EUR.amount(1e6, "kWh") == "1 GWh"
    assert EUR.scale(1e6, "kWh") == Scale(1e6, unit="GWh")
    assert EUR.of(300.0, "g/kWh") == (300.0, "g/kWh")


def test_dollars_read_as_on_the_screen():
    assert USD.shown(Interval(2.7e6, 8.1e6, 24e6), "$") == ("$8.10M", "", "$2.7M – $24M")
    assert USD.rate == ""
    assert "0.5 EUR for one US dollar" in EUR.rate


def test_what_is_not_known_says_so():
    assert USD.shown(None, "$") == ("not known", "", "")
    assert EUR.amount(None, "$") == "not known"


@pytest.mark.parametrize("stated", ["EUR", "EUR=", "EUR=x", "EUR=0", "EUR=-1", "EUR=nan", "EUR=inf", "EU=1", "€€€=1", "USD=2", "=1"])
def test_a_currency_without_code_or_rate_is_refused(stated):
    with pytest.raises(CarbonError) as caught:
        parse_currency(stated)
    assert caught.value.hint


def test_a_currency_is_read_whatever_its_case():
    assert parse_currency(" jpy = 150 ") == Currency("JPY", 150.0)
    assert parse_currency("USD=1") == USD
