"""Money in the reader’s currency, converted at one rate that the user states."""

import math
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.formatting import Scale, amount, median_and_interval, scale_of
from traincarbon.uncertain import Interval

NOT_KNOWN = "not known"


class Currency(NamedTuple):
    """A currency and how much of it one US dollar buys; every price in the package is in US dollars."""

    code: str
    per_usd: float

    @property
    def rate(self) -> str:
        """The rate as a sentence, empty for US dollars."""
        rate = f"Money is in {self.code}, at {self.per_usd:g} {self.code} for one US dollar, a rate stated for this report"
        return "" if self == USD else f"{rate}; equations with their inputs and the remarks on alternatives are in US dollars."

    def shown(self, interval: Interval | None, unit: str) -> tuple[str, str, str]:
        """Return median, unit and interval of a quantity on one scale, rounded to what is known, or "not known"."""
        if interval is None:
            return NOT_KNOWN, "", ""
        if unit != "$":
            return median_and_interval(interval, unit)
        middle, _, bounds = median_and_interval(Interval(*(bound * self.per_usd for bound in interval)), unit)
        return self._coded(middle), "", self._coded(bounds)

    def amount(self, value: float | None, unit: str, *, digits: int = 2) -> str:
        """Return one value with its unit, money converted, or "not known"."""
        if value is None:
            return NOT_KNOWN
        return self._coded(amount(value * self.per_usd, unit, digits=digits)) if unit == "$" else amount(value, unit, digits=digits)

    def scale(self, value: float, unit: str) -> Scale:
        """Return the scale in which *value*, in *unit*, is easiest to read, money converted."""
        if unit != "$":
            return scale_of(value, unit)
        scale = scale_of(value * self.per_usd, unit)
        return scale._replace(size=scale.size / self.per_usd, prefix=self._coded(scale.prefix))

    def of(self, value: float, unit: str) -> tuple[float, str]:
        """Return a price and its unit, as $/kWh, in this currency; other values are unchanged."""
        return (value * self.per_usd, unit.replace("$", self.code)) if self != USD and "$" in unit else (value, unit)

    def _coded(self, money: str) -> str:
        return money if self == USD else money.replace("$", f"{self.code} ")


USD = Currency("USD", 1.0)


def parse_currency(stated: str) -> Currency:
    """Return the currency of a text such as ``EUR=0.92``: its code and how much of it one US dollar buys.

    Raises:
        CarbonError: it has no three-letter code or no positive rate.

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
        raise CarbonError(f"currency is {stated[:40]!r}", hint="give a code and how much of it one US dollar buys: EUR=0.92")
    if code == "USD" and per_usd != 1.0:
        raise CarbonError(f"one US dollar is not {per_usd:g} US dollars", hint="give another currency, as EUR=0.92")
    return Currency(code, per_usd)
