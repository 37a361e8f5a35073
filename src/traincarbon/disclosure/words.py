"""A statement in words: amounts, their intervals, and how compute and energy were found."""

import re
from collections.abc import Mapping

from traincarbon.disclosure.statement import UNFINISHED, Boundary, Statement
from traincarbon.formatting import amount, counted, listed, significant
from traincarbon.quantities import H_PER_DAY, QUANTITIES, S_PER_DAY
from traincarbon.uncertain import Interval

UNKNOWN = "not known"
_BOUNDARIES = {
    Boundary.ACCELERATOR: "the accelerators alone",
    Boundary.IT: "servers and network, without cooling",
    Boundary.FACILITY: "the whole facility, with cooling and losses",
}
_LABELS = {"accelerator_energy_kwh": "Energy, accelerators alone"}
_MOST_NOTES = 2


def shown(value: Interval | None, unit: str, *, digits: int = 3) -> str:
    """Return an amount with its bounds, or that it is not known.

    Example:
        >>> shown(Interval(1.0, 2.0, 4.0), "kWh")
        '2 kWh (1 kWh – 4 kWh)'
        >>> shown(None, "kWh")
        'not known'
    """
    if value is None:
        return UNKNOWN
    median = amount(value.median, unit, digits=digits)
    return median if value.is_exact else f"{median} ({amount(value.low, unit)} – {amount(value.high, unit)})"


def two_figures(value: float) -> str:
    """Return a number with two significant figures, as forms ask for.

    Example:
        >>> two_figures(1605810.0), two_figures(8.586e23), two_figures(0.0123)
        ('1,600,000', '8.6e+23', '0.012')
    """
    rounded = float(f"{value:.1e}")
    return f"{value:.1e}" if rounded >= 1e9 or 0.0 < rounded < 1e-4 else f"{rounded:,.10g}"


def boundary_words(boundary: Boundary) -> str:
    """Return what an energy with this boundary counts."""
    return _BOUNDARIES[boundary]


def hardware_days(statement: Statement) -> str:
    """Return the accelerator-days, as ``1,234 NVIDIA A100-days``."""
    hours = statement.result("accelerator_hours_h")
    return UNKNOWN if hours is None else f"{two_figures(hours.median / H_PER_DAY)} {statement.accelerator or 'accelerator'}-days"


def wall_clock_days(statement: Statement) -> str:
    """Return the wall-clock days of the training."""
    duration = statement.result("duration_s")
    return UNKNOWN if duration is None else f"{two_figures(duration.median / S_PER_DAY)} days"


def compute_method(statement: Statement) -> str:
    """Return how the compute was counted, and how far the two methods agree."""
    compute, hours = statement.compute, statement.result("accelerator_hours_h")
    parts = []
    if compute.by_architecture is not None:
        work = f"{amount(statement.params, 'count', digits=3)} parameters" if statement.params else "the model"
        tokens = f" and {amount(statement.tokens, 'count', digits=3)} tokens" if statement.tokens else ""
        parts.append(f"By architecture: {two_figures(compute.by_architecture.median)} FLOP from {work}{tokens} ({_counted(compute.how)}).")
    if compute.by_hardware is not None and hours is not None and compute.utilisation is not None:
        parts.append(
            f"By hardware: {two_figures(compute.by_hardware.median)} FLOP from {significant(hours.median, 3)} accelerator-hours on {statement.accelerator},"
            f" its dense peak and a utilisation of {compute.utilisation:.0%}, as published trainings reach it"
            f" ({two_figures(compute.by_hardware.low)} to {two_figures(compute.by_hardware.high)}, {statement.level:.0%} interval)."
        )
    if compute.ratio is not None:
        verdict = "within" if compute.agrees else "beyond"
        parts.append(f"The second is {compute.ratio:.2f} times the first, {verdict} the 30 % that the guidelines allow.")
    elif compute.flop is not None:
        parts.append("The other method cannot be used: " + _why_one(statement))
    parts.append("Recomputation, evaluation and failed experiments are left out; all number formats count alike.")
    return " ".join(parts) if compute.flop is not None else "The compute is not known: parameters and tokens, or accelerators and time, are not stated."


def _counted(how: str) -> str:
    words = {"6nd": "6 × parameters × tokens", "exact": "counted from the shape of the model", "stated": "as stated", "per_sample": "counted by sample"}
    return words.get(how, "counted from the plan")


def _why_one(statement: Statement) -> str:
    if statement.compute.by_architecture is None:
        return "parameters or tokens are not stated."
    return "the hours of a plan follow from its compute." if statement.is_estimate else "the hardware or its time is not known."


def energy_method(statement: Statement) -> str:
    """Return how the energy was found: boundary, meters, shares, overhead, assumptions and interval."""
    found = statement.widest
    if found is None:
        return f"The energy is not known. {energies_missing(statement.missing) or 'Nothing was metered'}."
    boundary, energy = found
    parts = [f"Boundary: {boundary_words(boundary)}."]
    if statement.is_estimate:
        parts.append(
            "Nothing was measured: the energy is estimated before the training from its compute, the utilisation and the mean power of such hardware"
            " in published and measured runs."
        )
    else:
        parts.append(f"Metered on {counted(statement.nodes or 1, 'node')}: {'; '.join(statement.meters) or 'nothing'}.")
    if statement.shares and not statement.is_estimate:
        parts.append(f"Of the energy, {listed([f'{share:.0%} is {how}' for how, share in statement.shares.items()])}.")
    if statement.pue is not None:
        parts.append(f"The facility's overhead (PUE) is {statement.pue:.2f}{f' ({statement.pue_source})' if statement.pue_source else ''}.")
    if not energy.is_exact:
        parts.append(f"The {statement.level:.0%} interval is {shown(energy, 'kWh').partition(' (')[2].rstrip(')')}.")
    if statement.assumptions:
        parts.append(f"Assumed: {'; '.join(statement.assumptions)}.")
    if statement.notes:
        parts.append(f"Notes of the record: {'; '.join(statement.notes[:_MOST_NOTES])}.")
    if gaps := {what: why for what, why in statement.missing.items() if what.startswith("energy of ") or what in UNFINISHED}:
        parts.append(f"Missing: {'; '.join(missing_words(gaps))}.")
    return " ".join(parts)


def missing_words(missing: Mapping[str, str]) -> list[str]:
    """Return what is missing, each reason once, after all that is missing by it.

    Example:
        >>> missing_words({"water_l": "a record states no water"})
        ['Water: a record states no water']
        >>> missing_words({"energy of gpu": "no driver", "water_l": "not stated", "energy of cpu": "no driver"})
        ['energy of gpu and energy of cpu: no driver', 'Water: not stated']
    """
    by_reason: dict[str, list[str]] = {}
    for what, why in missing.items():
        by_reason.setdefault(why, []).append(missing_label(what))
    return [f"{listed(labels)}: {why}" for why, labels in by_reason.items()]


def missing_label(what: str) -> str:
    """Return what a reader calls something that is missing, which may follow the name of its subject.

    Example:
        >>> missing_label("run-1: water_l"), missing_label("accelerator_energy_kwh"), missing_label("energy of gpu")
        ('run-1: Water', 'Energy, accelerators alone', 'energy of gpu')
    """
    subject, mark, name = what.rpartition(": ")
    label = QUANTITIES[name].label if name in QUANTITIES else _LABELS.get(name)
    return what if label is None else f"{subject}{mark}{label}"


def energies_missing(missing: Mapping[str, str]) -> str:
    """Return which energies are missing, with the reasons; empty if none is."""
    return "; ".join(missing_words({what: why for what, why in missing.items() if "energy" in what}))


def markdown_text(text: str) -> str:
    """Return text that Markdown shows as it is: no emphasis, link, code or tag, and on one line.

    Example:
        >>> markdown_text("<b> 5 < 6 snake_case"), len(markdown_text("*"))
        ('&lt;b> 5 < 6 snake_case', 2)
    """
    escaped = re.sub(r"([\\`*\[\]~$])", r"\\\1", " ".join(text.split()))
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", escaped))


def attempts_words(statement: Statement) -> str:
    """Return how many attempts the run took, and that failed ones are in the figures."""
    if statement.is_estimate or not statement.attempts:
        return ""
    failed = statement.failed_attempts
    return (
        f"{counted(len(statement.attempts), 'attempt')}, {failed} of which ended early; all are in the figures."
        if failed
        else counted(len(statement.attempts), "attempt") + "."
    )
