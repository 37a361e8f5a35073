"""How the energy of a run is known, as text: what was measured, modelled and assumed of each part."""

from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, EnergySource
from traincarbon.tracking.display import wording

MEASURED = tuple(source for source in EnergySource if source.is_measured)
MODELLED = (EnergySource.MODELLED,)
ASSUMED = (EnergySource.ASSUMED,)


def parts_j(run: Run, sources: tuple[EnergySource, ...]) -> dict[str, float]:
    """Return the energy of each part that is known by one of *sources* [J]."""
    found: dict[str, float] = {}
    for source in sources:
        for part, energy_j in run.energy_by_source.get(source, {}).items():
            found[part] = found.get(part, 0.0) + energy_j
    return found


def parts_text(run: Run, sources: tuple[EnergySource, ...]) -> str:
    """Return these parts with their energy, and how many devices of a part it is if others are known otherwise."""
    shown = [f"{part}{_of_all(run, part, sources)} {wording.short_amount(energy_j / J_PER_KWH, 'kWh')}" for part, energy_j in parts_j(run, sources).items()]
    used = [source for source in sources if source in run.energy_by_source]
    by = f" (by {' and '.join(used)})" if sources == MEASURED else ""
    return f"{' · '.join(shown)}{by}" if shown else "nothing"


def facility_shares(run: Run) -> str:
    """Return the shares of the facility's energy that were measured, modelled and assumed (overhead and parts without a meter); "" if it is unknown."""
    return ", ".join(f"{wording.percent(share)} {name}" for name, share in run.facility_shares.items())


def _of_all(run: Run, part: str, sources: tuple[EnergySource, ...]) -> str:
    uses = [use.how in sources for use in run.by_device if use.part == part and not use.is_unknown]
    return f" ({sum(uses)} of {len(uses)})" if 0 < sum(uses) < len(uses) else ""
