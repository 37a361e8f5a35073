"""The phases and attempts of a run, and what it paid for and did not use, as text."""

from collections.abc import Callable

from traincarbon.formatting import amount, counted, shortened, significant
from traincarbon.ledger.phases import Phase
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, S_PER_H, Part
from traincarbon.terminal_text import dim, table
from traincarbon.tracking.display import wording

_WORTH_SAYING = 0.1
"""Share of their time from which on the idle time of GPUs that also work is a verdict."""
_LEAST_PAUSE_S = 1.0
_MOST_ATTEMPTS = 8
_MOST_PHASES = 12


def dollars(usd: float) -> str:
    """Return an amount of money with two digits."""
    return amount(usd, "$", digits=2)


def waste_verdicts(run: Run, *, money: Callable[[float], str] = dollars) -> list[str]:
    """Return what the run paid for and did not use, a sentence each; none without evidence.

    Args:
        run: The record of the run.
        money: Writes an amount of dollars, as in another currency.

    Example:
        >>> from traincarbon.ledger.waste import Waste
        >>> run = Run(run_id="r", state="finished", started_at="", duration_s=3600.0, energy_j={}, how={}, missing={}, versions={}, counts={}, accelerators=8,
        ...           waste=Waste(idle_gpus=1, idle_gpu_kwh=3.1, idle_gpu_usd=12.0))
        >>> waste_verdicts(run)
        ['1 of 8 GPUs was idle: 3.1 kWh, $12']
    """
    waste, gpus = run.waste, [use for use in run.by_device if use.part == Part.GPU]
    n_gpus = len(gpus) or run.accelerators or 0
    found = []
    if waste.idle_gpus:
        found.append(
            f"{waste.idle_gpus} of {counted(n_gpus, 'GPU')} {'was' if waste.idle_gpus == 1 else 'were'} idle{_price(waste.idle_gpu_kwh, waste.idle_gpu_usd, money)}"
        )
    working_h = sum(use.metered_s for use in gpus) / S_PER_H - (waste.idle_gpu_h or 0.0)
    share = (waste.waiting_gpu_h or 0.0) / working_h if working_h > 0.0 else 0.0
    if share >= _WORTH_SAYING:
        which = "the other GPUs" if waste.idle_gpus else "the GPUs" if n_gpus > 1 else "the GPU"
        verb = "waited" if n_gpus > 1 else "waited for work"
        found.append(f"{which} {verb} {wording.percent(share)} of the time{_price(waste.waiting_gpu_kwh, waste.waiting_gpu_usd, money)}")
    if waste.repeated_steps:
        steps = f"{significant(waste.repeated_steps, 4)} steps were done twice after a restart"
        found.append(f"{steps}{_price(waste.repeated_kwh, waste.repeated_usd, money)}")
    if waste.interrupted_s >= _LEAST_PAUSE_S and len(run.attempts) > 1:
        found.append(f"{amount(waste.interrupted_s, 's')} passed between {len(run.attempts)} attempts")
    return found


def phases_text(run: Run) -> str:
    """Return each phase with its time, energy and share of the energy, in one line; empty if the script named none."""
    whole_j = sum(phase.energy_j or 0.0 for phase in run.phases)
    return " · ".join(_phase(phase, whole_j) for phase in sorted(run.phases, key=lambda phase: -phase.duration_s))


def phase_rows(run: Run) -> list[tuple[str, ...]]:
    """Return the phases as rows: name, time, share of the time, metered energy, share of the energy, tokens; the first row is the head."""
    whole_j, whole_s = sum(phase.energy_j or 0.0 for phase in run.phases), sum(phase.duration_s for phase in run.phases)
    rows = [
        (
            shortened(phase.name, most=40),
            amount(phase.duration_s, "s", digits=3),
            _share(phase.duration_s, whole_s),
            "–" if phase.energy_j is None else wording.short_amount(phase.energy_j / J_PER_KWH, "kWh"),
            "–" if phase.energy_j is None else _share(phase.energy_j, whole_j),
            "–" if phase.tokens is None else amount(phase.tokens, "count", digits=3),
        )
        for phase in run.phases[:_MOST_PHASES]
    ]
    return [("phase", "time", "share", "metered", "share", "tokens"), *rows] if rows else []


def attempt_rows(run: Run) -> list[tuple[str, ...]]:
    """Return the attempts of a run that was started more than once: number, how it ended, time, metered energy, steps, and where it began."""
    if len(run.attempts) < 2:
        return []
    rows = [
        (
            str(number),
            each.state,
            amount(each.duration_s, "s", digits=3),
            "–" if each.energy_j is None else wording.short_amount(each.energy_j / J_PER_KWH, "kWh"),
            "–" if each.steps is None else f"{significant(each.steps, 4)}",
            "–" if each.start_steps is None else f"{significant(each.start_steps, 4)}",
        )
        for number, each in enumerate(run.attempts, 1)
    ]
    return [("attempt", "ended", "time", "metered", "steps", "from step"), *rows]


def tables(run: Run) -> list[str]:
    """Return the tables of phases and attempts, each after an empty line."""
    lines: list[str] = []
    for rows, right, most in ((phase_rows(run), (1, 2, 3, 4, 5), _MOST_PHASES), (attempt_rows(run), (0, 2, 3, 4, 5), _MOST_ATTEMPTS)):
        if rows:
            head, *body = table([list(row) for row in rows[: most + 1]], right=right).split("\n")
            over = len(rows) - 1 - most
            lines += ["", dim(head), *body, *([dim(f"and {over} more")] if over > 0 else [])]
    return lines


def _phase(phase: Phase, whole_j: float) -> str:
    text = f"{shortened(phase.name, most=20)} {amount(phase.duration_s, 's', digits=2)}"
    if phase.energy_j is None or not whole_j:
        return text
    return f"{text}, {wording.short_amount(phase.energy_j / J_PER_KWH, 'kWh')} ({_share(phase.energy_j, whole_j)})"


def _share(part: float, whole: float) -> str:
    return wording.percent(part / whole) if whole > 0.0 else "–"


def _price(kwh: float | None, usd: float | None, money: Callable[[float], str]) -> str:
    """Return what something took and cost, as far as it is known."""
    known = [amount(kwh, "kWh", digits=2)] if kwh is not None else []
    known += [money(usd)] if usd is not None else []
    return f": {', '.join(known)}" if known else ""
