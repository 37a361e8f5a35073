"""Money in the currency that the reader thinks in, by one rate that the user states."""

import math
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Interval
from traincarbon.formatting import amount, ladder, median_and_interval

NOT_KNOWN = "not known"


class Currency(NamedTuple):
    """A currency and how much of it one US dollar buys; every price in the package is in US dollars."""

    code: str
    per_usd: float

    @property
    def said(self) -> str:
        """The rate as a sentence, empty for US dollars."""
        return "" if self == USD else f"Money is in {self.code}, at {self.per_usd:g} {self.code} for one US dollar, a rate stated for this report."

    def shown(self, interval: Interval | None, unit: str) -> tuple[str, str, str]:
        """Return median, unit and interval of a figure on one scale, rounded to what is known; what is not known says so."""
        if interval is None:
            return NOT_KNOWN, "", ""
        if unit != "$":
            return median_and_interval(interval, unit)
        middle, scale, bounds = median_and_interval(Interval(*(bound * self.per_usd for bound in interval)), unit)
        return middle, self._unit(scale), bounds

    def amount(self, value: float | None, unit: str, *, digits: int = 2) -> str:
        """Return one figure with its unit, money converted; what is not known says so."""
        if value is None:
            return NOT_KNOWN
        if unit != "$":
            return amount(value, unit, digits=digits)
        number, _, scale = amount(value * self.per_usd, unit, digits=digits).rpartition(" ")
        return f"{number} {self._unit(scale)}"

    def scale(self, value: float, unit: str) -> tuple[float, str]:
        """Return the divisor and the name of the unit in which *value* is best read, money converted."""
        if unit != "$":
            return ladder(value, unit)
        size, scale = ladder(value * self.per_usd, unit)
        return size / self.per_usd, self._unit(scale)

    def of(self, value: float, unit: str) -> tuple[float, str]:
        """Return a price, as $/kWh, and its unit in this currency; what is no price as it is."""
        return (value * self.per_usd, unit.replace("$", self.code)) if self != USD and "$" in unit else (value, unit)

    def _unit(self, scale: str) -> str:
        return scale if self == USD else scale.replace("$", f" {self.code}").strip()


USD = Currency("USD", 1.0)


def parse_currency(stated: str) -> Currency:
    """Return the currency that a text as ``EUR=0.92`` states: its code and how much of it one US dollar buys.

    Raises:
        CarbonError: it has no code of three letters, or no positive rate.

    Example:
        >>> parse_currency("eur=0.92")
        Currency(code='EUR', per_usd=0.92)
    """
    code, _, rate = stated.partition("=")
    code = code.strip().upper()
    try:
        per_usd = float(rate)
    except ValueError:
        per_usd = math.nan
    if len(code) != 3 or not (code.isascii() and code.isalpha()) or not 1e-9 < per_usd < 1e9:
        raise CarbonError(f"currency is {stated[:40]!r}", hint="give its code and what one US dollar buys of it: EUR=0.92")
    if code == "USD" and per_usd != 1.0:
        raise CarbonError(f"one US dollar is not {per_usd:g} US dollars", hint="name another currency, as EUR=0.92")
    return Currency(code, per_usd)
