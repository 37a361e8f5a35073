"""What a run's live state says, in words: shared by the panel and by the line a minute."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from traincarbon.formatting import amount, clean, scale_of, shortened, significant

J_PER_KWH = 3.6e6
QUANTITIES = (("duration_s", "s", ""), ("facility_energy_kwh", "kWh", ""), ("total_kgco2e", "kg CO2e", " CO2e"), ("cost_usd", "$", ""))
"""What is forecast and planned: key, unit, and what is said behind it."""
WARN_SHARE = 0.8
"""Share of a budget from which on it is warned."""

_LEAST = 0.001
"""What is less than this of the smallest unit is not written out."""
NEXT_TO_NOTHING = f"<{_LEAST}"
_BASES = {"electricity alone": "electricity", "electricity and a share of the purchase": "own"}
"""What a cost counts, in a word."""
_UNITS = {"kwh": "kWh", "usd": "$", "kgco2e": "kg CO2e", "hours": "h"}


class Interval(NamedTuple):
    """Low, median and high of a figure."""

    low: float
    median: float
    high: float


class Told(NamedTuple):
    """One thing to say: a name and a figure."""

    name: str
    figure: str

    def __str__(self) -> str:
        return f"{self.name} {self.figure}".strip()


class Share(NamedTuple):
    """How much of a budget is spent, and how much is forecast to be at the end."""

    name: str
    spent: float
    forecast: float | None
    text: str

    @property
    def worst(self) -> float:
        """The greater of the two."""
        return max(self.spent, self.forecast or 0.0)


def number(value: object) -> float | None:
    """Return *value* where it is a finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def interval(value: object) -> Interval | None:
    """Return low, median and high where *value* states all of them, else None."""
    if not isinstance(value, Mapping):
        return None
    low, median, high = (number(value.get(end)) for end in ("low", "median", "high"))
    return Interval(low, median, high) if low is not None and median is not None and high is not None else None


def section(state: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a table of the state, empty where it is not stated."""
    found = state.get(name)
    return found if isinstance(found, Mapping) else {}


def items(state: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of the state, empty where it is not stated."""
    found = state.get(name)
    return list(found) if isinstance(found, (list, tuple)) else []


def clock(elapsed_s: object) -> str:
    """Return a time as hours, minutes and seconds.

    Example:
        >>> clock(723.9), clock(None)
        ('0:12:03', '–')
    """
    seconds = number(elapsed_s)
    if seconds is None or seconds < 0:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:,}:{minutes % 60:02}:{rest:02}"


def watts(drawn_w: float) -> str:
    """Return a power in the unit in which it is best read.

    Example:
        >>> watts(652.4), watts(41237.0), watts(0.0312)
        ('652 W', '41.2 kW', '0.031 W')
    """
    for size, unit in ((1e6, "MW"), (1e3, "kW")):
        if drawn_w >= size * 0.9995:
            return f"{significant(drawn_w / size, 3)} {unit}"
    return f"{drawn_w:.0f} W" if drawn_w >= 9.95 or drawn_w < _LEAST else f"{significant(drawn_w, 2)} W"


def devices(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the devices of the state."""
    return [device for device in items(state, "devices") if isinstance(device, Mapping)]


def counted_as(cost_basis: str) -> str:
    """Return what a cost counts, in a word: rent, own or electricity."""
    return _BASES.get(cost_basis, shortened(cost_basis, most=12))


def power_w(devices: Iterable[Mapping[str, Any]]) -> float | None:
    """Return what *devices* draw together, None where none says; a whole server's meter has seen what its parts draw."""
    known = [(device.get("part"), drawn_w) for device in devices if (drawn_w := number(device.get("power_w"))) is not None]
    servers_w = [drawn_w for part, drawn_w in known if part == "server"]
    return sum(servers_w or [drawn_w for _, drawn_w in known]) if known else None


def spent(state: Mapping[str, Any]) -> list[Told]:
    """Return what the run has taken so far: energy of the facility, CO2e of electricity, cost, energy metered, CO2e of the hardware's making."""
    known = [energy_j for value in section(state, "energy_j").values() if (energy_j := number(value)) is not None]
    basis = str(state.get("cost_basis") or "cost")
    figures = {name: found.median for name, value in section(state, "figures").items() if (found := interval(value))}
    told = (
        ("energy", figures.get("facility_energy_kwh"), "kWh"),
        ("CO2e", figures.get("operational_kgco2e"), "kg CO2e"),
        (counted_as(basis), figures.get("cost_usd"), "$"),
        ("metered", sum(known) / J_PER_KWH if known else None, "kWh"),
        ("hardware", figures.get("embodied_kgco2e"), "kg CO2e"),
    )
    return [Told(name, figure(value, unit)) for name, value, unit in told if value is not None]


def figure(value: float, unit: str) -> str:
    """Return an amount of three digits; where it is next to nothing, as at the beginning of a run, only that.

    Example:
        >>> figure(0.0123, "kWh"), figure(6e-13, "kWh")
        ('12.3 Wh', '<0.001 µWh')
    """
    return scale_of(value, unit).text(NEXT_TO_NOTHING) if is_next_to_nothing(value, unit) else amount(value, unit, digits=3)


def is_next_to_nothing(value: float, unit: str) -> bool:
    """Say whether *value* is not worth writing out, but not nothing."""
    return 0.0 < value / scale_of(value, unit).size < _LEAST


def trained(state: Mapping[str, Any]) -> list[Told]:
    """Return how the training goes: time left, speed, utilisation, loss, energy of a token, tokens so far."""
    progress = section(state, "progress")
    told = []
    if (left_s := number(progress.get("eta_s"))) is not None:
        told.append(Told("", f"{amount(max(left_s, 0.0), 's')} left"))
    for what in ("tokens", "samples", "steps"):
        if (speed := number(progress.get(f"{what}_per_s"))) is not None:
            told.append(Told("", f"{significant(speed, 3)} {what}/s"))
            break
    if (mfu := number(progress.get("mfu"))) is not None:
        told.append(Told("MFU", significant(mfu, 3)))
    if (loss := number(progress.get("loss"))) is not None:
        told.append(Told("loss", significant(loss, 4)))
    if (energy_j := number(progress.get("j_per_token"))) is not None:
        told.append(Told("", f"{significant(energy_j, 3)} J/token"))
    counts = {what: count for what in ("tokens", "samples", "steps") if (count := number(progress.get(what))) is not None}
    return [*told, *(Told("", f"{amount(count, 'count', digits=3)} {what}") for what, count in counts.items())]


def share_done(state: Mapping[str, Any]) -> float | None:
    """Return the share of the training that is done, held between 0 and 1."""
    share = number(section(state, "progress").get("share"))
    return None if share is None else min(max(share, 0.0), 1.0)


def shares(state: Mapping[str, Any]) -> list[Share]:
    """Return how far each budget is used up."""
    found = []
    for budget in items(state, "budgets"):
        limit, used = (number(budget.get(name)) if isinstance(budget, Mapping) else None for name in ("limit", "spent"))
        if limit is None or used is None or limit <= 0.0:
            continue
        unit = shortened(str(budget.get("unit") or _UNITS.get(str(budget.get("name")), "")), most=8)
        forecast = interval(budget.get("forecast"))
        end = None if forecast is None else forecast.median / limit
        found.append(Share(unit, used / limit, end, f"{percent(used / limit)} of {amount(limit, unit, digits=3)}"))
    return found


def percent(share: float) -> str:
    """Return a share as whole per cent, a small one not as none."""
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 or share <= 0.0 else "<1 %"


def deviation(value: float, planned: float) -> str:
    """Return how far *value* is from what was planned.

    Example:
        >>> deviation(88.0, 100.0), deviation(250.0, 100.0), deviation(100.2, 100.0)
        ('−12 %', '× 2.5', '±0 %')
    """
    if planned <= 0.0:
        return ""
    ratio = value / planned
    if ratio >= 2.0:
        return f"× {significant(ratio, 2)}"
    text = f"{abs(ratio - 1.0) * 100.0:.0f} %"
    return f"±{text}" if text == "0 %" else f"{'+' if ratio > 1.0 else '−'}{text}"


def notes(state: Mapping[str, Any]) -> list[str]:
    """Return the notes, clean and each on one line, the latest last."""
    return [clean(" ".join(str(note).split())) for note in items(state, "notes")]
