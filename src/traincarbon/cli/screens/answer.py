"""The answer of an estimate in words: one sentence, how its utilisation comes about, and what its rent rests on."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.estimation.families import kind_of
from traincarbon.formatting import counted
from traincarbon.quantities import QUANTITIES
from traincarbon.uncertain import median_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from traincarbon.estimation.facts.rent import Quote
    from traincarbon.estimation.result import Estimate
    from traincarbon.uncertain import Interval, Num

_FACTORS = {
    "thinned_mfu": "few parameters per GPU",
    "sparse_mfu": "mixture of experts",
    "light_mfu": "little work for each image",
    "end_to_end_mfu": "goodput",
    "calibrated_mfu": "your own runs",
    "mfu_with_generation": "rollouts",
    "quantised_mfu": "four-bit weights",
}
"""Formulas of the chain that refine the utilisation, and what each accounts for."""
_COUNTED = {"6nd": "by 6 N D", "usual_shape": "by usual shape", "stated": "as stated", "per_sample": "by sample"}
"""What stands beside FLOP without an interval: how they were counted, where that is not from the whole shape of the model."""
_ASSUMED_WORK = ("generated_tokens", "reference_params")
"""What the FLOP of post-training rest on where the plan does not state it: they are not exact then."""
_NEXT_TO_ONE = 0.005


def sentence(answer: "Estimate") -> str:
    """Return what the plan takes in one sentence; before it, that numbers contradict each other, or that the stated hardware cannot hold the training."""
    results = listed_results(answer)
    text = f"{subject(answer)} {results}." if results else f"{subject(answer)}: nothing is known."
    before = [f"Warning: {output.clean(slip)}" for slip in answer.slips]
    if answer.is_raised:
        before.append(f"Does not fit on {machines(answer, answer.stated_accelerators)}; the figures are for {_used(answer)}.")
    return "\n".join([*(output.worse(output.filled(line)) for line in before), output.bold(output.filled(text, indent=0))])


def listed_results(answer: "Estimate") -> str:
    """Return cost, time, energy and CO2e with their intervals, as the predicate of a sentence."""
    rent, own, duration, hours = (answer[name] for name in ("rent_usd", "tco_usd", "duration_s", "accelerator_hours_h"))
    energy, carbon = answer["facility_energy_kwh"], answer["total_kgco2e"]
    parts = []
    if rent is not None or own is not None:
        parts.append(f"costs {_about(rent or own, '$', ' to rent' if rent is not None else ' to own')}")
    if duration is not None:
        parts.append(f"takes {_about(duration, 's')}")
    elif hours is not None and answer.plan.accelerator_hours is None:
        parts.append(f"takes {_about(hours, 'h')}")
    parts += [f"uses {_about(energy, 'kWh')}"] if energy is not None else []
    parts += [f"emits {_about(carbon, 'kg CO2e', ' CO2e')}"] if carbon is not None else []
    return output.listed(parts)


def _about(interval: "Interval | None", unit: str, more: str = "") -> str:
    """Return a median with *more* words and its interval."""
    if interval is None:
        return "an unknown amount"
    _, _, bounds = output.median_and_interval(interval, unit)
    median = output.amount(interval.median, unit)
    text = f"less than {median[1:]}" if median.startswith("<") else f"about {median}" if not interval.is_exact else median
    return f"{text}{more}{output.in_brackets(bounds)}"


def subject(answer: "Estimate") -> str:
    """Return what is done on which hardware, where and when, as the subject of a sentence."""
    plan, place = answer.plan, answer.facts.place
    params, active, tokens, hours = (median_of(plan.number(name)) for name in ("params", "active_params", "tokens", "accelerator_hours"))
    words = [kind_of(plan.kind).doing if params is not None else "A run"]
    words += [f"{output.amount(params, 'count', digits=3)} parameters"] if params is not None else []
    words += [f"({output.amount(active, 'count', digits=3)} active)"] if params is not None and active is not None and active != params else []
    words += [f"on {output.amount(tokens, 'count', digits=3)} tokens"] if tokens is not None and params is not None else []
    words += [seen] if tokens is None and params is not None and (seen := _data(answer)) else []
    words += [f"of {output.amount(hours, 'h', digits=3)}"] if hours is not None and params is None else []
    words += ["on", machines(answer, answer.accelerators)]
    words += [f"in {output.clean(place.name)}"] if place is not None else []
    words += [f"from {plan.start}"] if plan.start else []
    title = plan.name or plan.model
    name = f"{output.clean(title)} · " if title else ""
    return f"{name}{' '.join(words)}"


def _data(answer: "Estimate") -> str:
    """Return the samples or hours of audio that the plan states, and how often they are seen; empty where there are none."""
    samples, audio, epochs = (median_of(answer.stated.number(name)) for name in ("samples", "audio_hours", "epochs"))
    if samples is None and audio is None:
        return ""
    amount = f"{output.amount(audio, 'count', digits=3)} hours of audio" if samples is None else f"{output.amount(samples, 'count', digits=3)} samples"
    return f"on {amount}" + (f" × {epochs:,.4g} epochs" if isinstance(epochs, float) and epochs != 1.0 else "")


def machines(answer: "Estimate", count: "Num | None") -> str:
    """Return the hardware and how many there are of it; accelerators in servers are called so."""
    plan, hardware = answer.plan, answer.facts.hardware
    n = median_of(count)
    if n is None or hasattr(n, "shape"):
        return hardware.name
    if hardware.is_server and plan.servers is not None:
        return f"{n / answer.facts.accelerator_count:,.0f} × {hardware.name}"
    return f"{n:,.0f} {'accelerators of ' if hardware.is_server else '× '}{hardware.name}"


def _used(answer: "Estimate") -> str:
    n = median_of(answer.accelerators)
    return f"{n / answer.facts.accelerator_count if answer.plan.servers is not None else n:,.0f}, the fewest that hold it"


def result_rows(answer: "Estimate", names: "tuple[str, ...]" = tuple(QUANTITIES), *, short: bool = False) -> list[tuple[str, ...]]:
    """Return results as rows of label, median, unit and interval, the first of them the header; unknown results have no row."""
    rows: list[tuple[str, ...]] = [("", "median", "", f"{answer.level:.0%} interval")]
    for name in names:
        interval = answer[name] if name in answer.values else None
        if interval is None:
            continue
        quantity = QUANTITIES[name]
        label = quantity.short if short else quantity.label
        if name == "mfu":
            low, median, high = (output.significant(100.0 * bound, 2) for bound in (interval.low, interval.median, min(interval.high, 1.0)))
            rows.append((label, median, "%", "exact" if interval.is_exact else f"{low} – {high}"))
        elif name == "compute_flop":
            counts = answer.flop_counts
            how = _COUNTED.get(counts["how"] if counts is not None else "", "exact")
            how = "partly assumed" if any(each.name in _ASSUMED_WORK for each in answer.assumptions) else how
            bounds = how if interval.is_exact else f"{interval.low:.2g} – {interval.high:.2g}"
            rows.append((label, f"{interval.median:.3g}", quantity.unit, bounds))
        else:
            rows.append((label, *output.median_and_interval(interval, quantity.unit)))
    return rows


def results_table(answer: "Estimate", names: "tuple[str, ...]" = tuple(QUANTITIES)) -> str:
    """Return the table of results: with shorter labels where the screen is narrow, with the bounds below where it is narrower still."""
    for short in (False, True):
        rows = result_rows(answer, names, short=short)
        header, *lines = output.table(rows, right=(1,)).split("\n")
        if max(map(len, lines), default=0) <= output.width():
            return "\n".join([output.dim(header), *lines])
    medians = output.table([row[:-1] for row in rows], right=(1,)).split("\n")
    lines = [line for (*_, bounds), median in zip(rows, medians, strict=True) for line in (median, f"  {bounds}")]
    return "\n".join([*map(output.dim, lines[:2]), *lines[2:]])


def utilisation(answer: "Estimate") -> str:
    """Return the utilisation of the run with its interval, and in the same line how it comes about."""
    interval = answer["mfu"]
    if interval is None:
        return ""
    low, final, high = (output.significant(100.0 * min(bound, 1.0), 2) for bound in interval)
    shown = f"{final} %" if interval.is_exact else f"{final} % ({low} – {high})"
    if answer.plan.accelerator_hours is not None:
        return f"{shown}, from the stated hours"
    prior = answer.inputs.get("mfu")
    last = median_of(answer.plan.number("mfu") if prior is None else prior.value)
    rows = "published whole runs" if answer.plan.goodput is None else "steps of published runs"
    whose = "as stated" if prior is None else rows + ("" if answer.support["of_generation"] else " on other hardware")
    factors = []
    for link, _, value in answer.links:
        if link.name == "mfu" and link.formula.__name__ in _FACTORS:
            ratio, last = median_of(value) / last, median_of(value)
            if abs(ratio - 1.0) > _NEXT_TO_ONE:
                factors.append(f" × {ratio:.2f} ({_FACTORS[link.formula.__name__]})")
    start = f"{output.significant(100.0 * median_of(answer.plan.number('mfu') if prior is None else prior.value), 3)} % ({whose})"
    return f"{shown} = {start}{''.join(factors)}" if factors else f"{shown}, {whose}"


def price(answer: "Estimate") -> str:
    """Return the price of a GPU-hour, the range of the providers' quotes that it rests on, and their dates."""
    given = answer.inputs["rent_price"]
    bought = "" if given.kind == "measured" else f" {(answer.plan.rent or 'on_demand').replace('_', ' ')}"
    text = f"${output.significant(median_of(given.value), 3)} per GPU-hour{bought}"
    quotes = answer.quotes
    is_by_ratio = given.kind == "derived" and answer.plan.rent not in (None, "on_demand")
    if not quotes or is_by_ratio:  # a market's price on demand times the ratio of few providers is the price of none of them
        return f"{text} ({output.clean(given.reason)})"
    dates = sorted({quote.date[:7] for quote in quotes})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    if len(quotes) == 1:
        return f"{text} ({quotes[0].provider}, {when})"
    kinds = dict.fromkeys(quote.kind for quote in sorted(quotes, key=lambda quote: quote.kind, reverse=True))
    parts = [_asked([quote for quote in quotes if quote.kind == kind], kind) for kind in kinds]
    return f"{text} ({'; '.join(parts)}; {when})"


def _asked(quotes: "Sequence[Quote]", kind: str) -> str:
    """Return what one kind of provider asks: the range, and how many they are."""
    low, high = (output.significant(bound(quote.usd_per_h for quote in quotes), 3) for bound in (min, max))
    price = f"${low}" if low == high else f"${low} – ${high}"
    return f"{price} at {counted(len(quotes), kind or 'provider')}"
