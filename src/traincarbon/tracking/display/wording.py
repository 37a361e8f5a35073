"""The words and numbers of a live state, for the panel and for the line a minute."""

from collections.abc import Iterable
from typing import NamedTuple

from traincarbon.formatting import amount, clean, shortened, significant
from traincarbon.quantities import BUDGETED, COMPARED, QUANTITIES, CostBasis
from traincarbon.tracking.live_state import BudgetState, DeviceState, LiveState, ProgressState
from traincarbon.tracking.reports import COUNTS

FORECAST: tuple[str, ...] = tuple(name for name in COMPARED if name in BUDGETED.values())
"""The quantities that are forecast and planned."""
WARN_SHARE = 0.8
"""Share of a budget from which on it is marked."""
_STALLED_S = 60.0
"""From when on a late report is said to be missing. [s]"""
_ABOUT_SAME = (0.8, 1.25)
"""Ratio of two speeds that are shown as one."""
FACILITY = "facility"
"""What energy is called that includes cooling, and parts without a meter; that of the meters alone is called ``metered``."""


class Item(NamedTuple):
    """A labelled value."""

    label: str
    value: str

    def __str__(self) -> str:
        return f"{self.label} {self.value}".strip()


class BudgetShare(NamedTuple):
    """The shares of a budget that are spent, and forecast for the end of the run."""

    unit: str
    spent: float
    forecast: float | None
    text: str

    @property
    def worst(self) -> float:
        """The larger of the two."""
        return max(self.spent, self.forecast or 0.0)


def clock(elapsed_s: float | None) -> str:
    """Return a time as hours, minutes and seconds.

    Example:
        >>> clock(723.9), clock(None)
        ('0:12:03', '–')
    """
    if elapsed_s is None or elapsed_s < 0.0:
        return "–"
    minutes, seconds = divmod(int(elapsed_s), 60)
    return f"{minutes // 60:,}:{minutes % 60:02}:{seconds:02}"


def watts(power_w: float) -> str:
    """Return a power in the unit in which it is easiest to read.

    Example:
        >>> watts(652.4), watts(41237.0), watts(0.0312)
        ('652 W', '41.2 kW', '0.031 W')
    """
    for size, unit in ((1e6, "MW"), (1e3, "kW")):
        if power_w >= size * 0.9995:
            return f"{significant(power_w / size, 3)} {unit}"
    return f"{power_w:.0f} W" if power_w >= 9.95 or power_w < 0.001 else f"{significant(power_w, 2)} W"


def cost_word(basis: str) -> str:
    """Return a word for what a cost counts: rent, own or electricity."""
    known = {each.value: each.name.lower() for each in CostBasis}
    return known.get(basis, shortened(basis, most=12))


def power_w(devices: Iterable[DeviceState]) -> float | None:
    """Return the power of *devices* together, None if none reports it; the meter of a whole server includes its parts."""
    known = [(device.part, device.power_w) for device in devices if device.power_w is not None]
    servers_w = [power_w for part, power_w in known if part == "server"]
    return sum(servers_w or [power_w for _, power_w in known]) if known else None


def spent(state: LiveState) -> list[Item]:
    """Return what the run took so far: energy of the facility, CO2e of electricity, cost, metered energy, CO2e of the hardware."""
    medians = {name: value.median for name, value in state.results.items()}
    values = (
        (FACILITY, medians.get("facility_energy_kwh"), "kWh"),
        ("CO2e", medians.get("operational_kgco2e"), "kg CO2e"),
        (cost_word(state.cost_basis or "cost"), medians.get("cost_usd"), "$"),
        ("metered", state.metered_kwh, "kWh"),
        ("hardware", medians.get("embodied_kgco2e"), "kg CO2e"),
    )
    return [Item(label, short_amount(value, unit)) for label, value, unit in values if value is not None]


def idle_gpus(state: LiveState) -> str:
    """Return how many GPUs have been idle for a minute, "" if none has.

    Example:
        >>> idle_gpus(LiveState("r", devices=(DeviceState("gpu:0", "gpu"), DeviceState("gpu:1", "gpu")), idle_gpus=1))
        '1 of 2 GPUs idle'
    """
    n_gpus = sum(device.part == "gpu" for device in state.devices)
    return f"{state.idle_gpus} of {n_gpus} GPU{'' if n_gpus == 1 else 's'} idle" if state.idle_gpus else ""


def phase(state: LiveState) -> str:
    """Return the phase that the script reported, cut to 16 characters."""
    return shortened(clean(state.phase), most=16)


def with_unit(name: str, median: float) -> str:
    """Return the amount of a quantity, with ``CO2e`` behind the unit of emissions."""
    unit = QUANTITIES[name].unit
    return amount(median, unit, digits=3) + (" CO2e" if unit == "kg CO2e" else "")


def short_amount(value: float, unit: str) -> str:
    """Return an amount with three digits.

    Example:
        >>> short_amount(0.0123, "kWh"), short_amount(6e-13, "kWh"), short_amount(6e-13, "$")
        ('12.3 Wh', '<1 Wh', '<$0.01')
    """
    return amount(value, unit, digits=3)


def utilisation(mfu: float) -> str:
    """Return a utilisation in per cent.

    Example:
        >>> utilisation(0.412), utilisation(1.2e-7)
        ('41.2 %', 'below 0.1 %')
    """
    return f"{significant(100.0 * mfu, 3, is_exact=False)} %" if mfu >= 0.001 or mfu <= 0.0 else "below 0.1 %"


def time_left(left_s: float) -> str:
    """Return the time to the end of the run."""
    return f"{amount(max(left_s, 0.0), 's')} left"


def training(progress: ProgressState) -> list[Item]:
    """Return how the training goes: speed, utilisation, what each accelerator does by the script, loss, energy of a token, tokens so far."""
    return [
        *(Item("", text) for text in _speed(progress)),
        *([] if progress.mfu is None else [Item("MFU", utilisation(progress.mfu))]),
        *([] if progress.accelerator_flop_per_s is None else [Item("", f"{significant(progress.accelerator_flop_per_s / 1e12, 3)} TFLOP/s each")]),
        *([] if progress.loss is None else [Item("loss", significant(progress.loss, 4))]),
        *([] if progress.j_per_token is None else [Item("", f"{significant(progress.j_per_token, 3)} J/token metered")]),
        *(Item("", f"{amount(progress.counts[name], 'count', digits=3)} {name}") for name in COUNTS if name in progress.counts),
    ]


def _speed(progress: ProgressState) -> list[str]:
    """Return the speed by which the time left is forecast, and that of the last minute where it differs; or since when nothing was reported.

    Example:
        >>> _speed(ProgressState(rates_per_s={"tokens": 4000.0}, over_rate=1.02))
        ['4,000 tokens/s']
        >>> _speed(ProgressState(rates_per_s={"tokens": 4000.0}, over_rate=0.5))
        ['2,000 tokens/s (now 4,000)']
        >>> _speed(ProgressState(rates_per_s={"tokens": 40.0}, over_rate=50.0, late_s=300.0))
        ['no progress for 5 min']
    """
    speeds = [(name, progress.rates_per_s[name]) for name in COUNTS if name in progress.rates_per_s]
    if not speeds:
        return []
    if progress.late_s >= _STALLED_S:
        return [f"no progress for {amount(progress.late_s, 's')}"]
    (name, now), over = speeds[0], progress.over_rate or 1.0
    if _ABOUT_SAME[0] <= over <= _ABOUT_SAME[1]:
        return [f"{significant(now, 3)} {name}/s"]
    return [f"{significant(now * over, 3)} {name}/s (now {significant(now, 3)})"]


def budgets(states: Iterable[BudgetState]) -> list[BudgetShare]:
    """Return how much of each budget is used.

    Example:
        >>> budgets([BudgetState("hours", 4.0, 1.0)])[0].text
        '25 % of 4 h'
    """
    found = []
    for budget in states:
        unit = "h" if budget.name == "hours" else QUANTITIES[BUDGETED[budget.name]].unit
        limit = f"{significant(budget.limit, 3)} h" if unit == "h" else amount(budget.limit, unit, digits=3)
        forecast = None if budget.forecast is None else budget.forecast.median / budget.limit
        share = budget.spent / budget.limit
        found.append(BudgetShare(unit, share, forecast, f"{percent(share)} of {limit}"))
    return found


def percent(share: float) -> str:
    """Return a share as whole per cent; a small one as less than 1 %."""
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 or share <= 0.0 else "<1 %"


def deviation(value: float, planned: float) -> str:
    """Return how far *value* is from the plan.

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


def notes(state: LiveState) -> list[str]:
    """Return the notes without control characters, each on one line, the latest last."""
    return [clean(" ".join(note.split())) for note in state.notes]
