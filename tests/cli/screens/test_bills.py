"""Bills on a screen."""

from traincarbon.cli.screens.bills import bill_screen
from traincarbon.readers.bills.joining import Joined, Unmatched


def test_a_bill_without_rest_is_one_line() -> None:
    assert bill_screen(Joined(1234.5, {"a": ()}, ())) == "bill: $1,234.50, $1,234.50 joined to 1 run, $0.00 to none"


def test_the_rest_names_the_most_expensive_resources_and_how_many_more_there_are() -> None:
    rest = tuple(Unmatched("EC2", f"i-{number}\x1b", 100.0 - number, "2026-03-01", f"2026-03-0{1 + number % 2}") for number in range(12))
    text = bill_screen(Joined(5000.0, {}, rest))
    assert "i-7" in text
    assert "i-8" not in text
    assert "2026-03-01 – 2026-03-02" in text
    assert "and 4 more; --json lists all" in text
    assert "i-7\x1b" not in text


def test_a_credit_is_below_nothing() -> None:
    assert "-$3.00 to none" in bill_screen(Joined(-3.0, {}, (Unmatched("Credit", "", -3.0, "2026-03-01", "2026-03-01"),)))
