"""Costs in other currencies than dollars: converted by the mean exchange rate of their year, where the database has one."""

from collections import defaultdict

from traincarbon.database.load import Database, open_database
from traincarbon.database.select import prior

DOLLARS = "USD"


class Converter:
    """Converts costs to dollars, and adds up what it converted and what it could not.

    Args:
        database: Where exchange rates are looked up; by default ours with the user's own.
    """

    def __init__(self, database: Database | None = None) -> None:
        self._database = database
        self._rates: dict[tuple[str, str], float | None] = {}
        self._amounts: dict[tuple[str, str], float] = defaultdict(float)

    def usd(self, amount: float, currency: str, *, year: str) -> float | None:
        """Return a cost in dollars, None if no exchange rate of its year is known.

        Args:
            amount: The cost.
            currency: Its currency by ISO 4217, such as ``EUR``.
            year: The year in which it fell due, such as ``2026``.
        """
        if currency == DOLLARS:
            return amount
        self._amounts[currency, year] += amount
        rate = self._rate(currency, year)
        return None if rate is None else amount * rate

    def notes(self) -> list[str]:
        """Return what was converted, and at which rate."""
        return [
            f"{amount:,.2f} {currency} of {year} count as ${amount * rate:,.2f}, at the mean exchange rate of that year, {rate:.5g}"
            for (currency, year), amount in sorted(self._amounts.items())
            if (rate := self._rate(currency, year)) is not None
        ]

    def left_out(self) -> list[str]:
        """Return what could not be converted, by currency and year."""
        return [
            f"{amount:,.2f} {currency} of {year}: its exchange rate is not known; add {_name(currency)},year={year} to priors.csv of your own facts"
            for (currency, year), amount in sorted(self._amounts.items())
            if self._rate(currency, year) is None
        ]

    def _rate(self, currency: str, year: str) -> float | None:
        """Return the dollars that one of a currency bought in the mean of a year, None if that is not known."""
        key = currency, year
        if key not in self._rates:
            if self._database is None:
                self._database = open_database()
            known = prior(self._database, _name(currency), f"year={year}") if currency.isalpha() else None
            self._rates[key] = None if known is None else float(known.value.median)
        return self._rates[key]


def _name(currency: str) -> str:
    return f"usd_per_{currency.lower()}"
