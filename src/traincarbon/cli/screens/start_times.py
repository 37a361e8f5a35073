"""When to start, as text."""

from typing import TYPE_CHECKING

from traincarbon.cli import output

if TYPE_CHECKING:
    from traincarbon.explore.start_times import StartTime, StartTimes

_SMALL = 0.01


def start_times_text(found: "StartTimes") -> str:
    """Return the best times to start, against a start now, and what they rest on."""
    if found.now is None or found.worst is None or not found.best:
        return output.wrapped("When to start", output.clean("; ".join(["not known", *found.notes])))
    rows: list[tuple[str, ...]] = [("start (UTC)", "intensity", "CO2e", "against now")]
    rows += [_row("now", found.now), *(_row("", start) for start in found.best), _row("worst", found.worst)]
    lines = [output.wrapped("When to start", _lead(found)), output.table(rows, right=(1, 2, 3))]
    lines += [output.wrapped("Note", output.clean(note)) for note in found.notes]
    return "\n".join(lines)


def _lead(found: "StartTimes") -> str:
    best = found.best[0]
    source = f"by {'the forecast' if found.expectation == 'forecast' else 'a typical week'} of {found.service}, zone {output.clean(found.zone)}, {found.basis}"
    if best.saving < _SMALL:
        return f"now is as good as any time; {source}"
    return f"{best.start[:16].replace('T', ' ')} UTC: {best.saving:.0%} less CO2e of electricity than now; {source}"


def _row(name: str, start: "StartTime") -> tuple[str, ...]:
    moment = start.start[:16].replace("T", " ")
    co2e = "–" if start.kgco2e is None else output.amount(start.kgco2e, "kg CO2e")
    against = "" if name == "now" else f"{-start.saving:+.0%}"
    return (f"{moment} {name}".strip(), f"{output.significant(start.intensity_gco2e_per_kwh, 3)} g/kWh", co2e, against)
