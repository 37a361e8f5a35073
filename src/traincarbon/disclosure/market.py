"""Emissions by energy contracts; and the market figures of a place where none is stated: what the provider reports for its region, and the residual mix of the grid."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.select import nearest
from traincarbon.grid.intensities import zones_of
from traincarbon.quantities import G_PER_KG
from traincarbon.uncertain import Interval, Num

_WORDS = {
    "provider": "by the contracts of the provider, as it reports them",
    "residual": "by the residual mix of the grid: what contracts leave over",
}


class MarketFigure(NamedTuple):
    """A market figure: direct emissions of electricity by contracts.

    Attributes:
        mix: ``provider`` or ``residual``.
        zone: The cloud region or the zone of the grid.
        year: Its year.
        gco2e_per_kwh: The intensity. [g/kWh]
        source: Its key in the bibliography.
    """

    mix: str
    zone: str
    year: int
    gco2e_per_kwh: float
    source: str

    @property
    def label(self) -> str:
        """What the figure is, in words."""
        return f"{_WORDS[self.mix]} ({self.zone}, {self.year})"


def market_figures(*, region: str, zone: str, began: str, database: Database) -> tuple[MarketFigure, ...]:
    """Return the market figures of a place, those of the year nearest to the run: the provider's first, then the residual mix.

    Args:
        region: The id of a cloud region, empty where there is none.
        zone: The zone of the grid.
        began: When the run began, in ISO 8601; empty for the latest figures.
        database: The facts.
    """
    places = dict.fromkeys(name for name in (region, *zones_of(zone, region, database)) if name)
    found = []
    for mix in _WORDS:
        rows = ([row for row in database.rows("market", place) if row["mix"] == mix] for place in places)
        row = nearest(next((of_place for of_place in rows if of_place), []), began[:7] or None)
        if row is not None:
            found.append(MarketFigure(mix, row["zone"], int(row["year"]), float(row["intensity_gco2e_per_kwh"]), row["source"]))
    return tuple(found)


def by_contract(facility_energy_kwh: Interval | None, intensity_g_per_kwh: Num | None) -> Interval | None:
    """Return the emissions of the electricity by an energy contract, None where energy or contract are not known. [kg CO2e]."""
    if facility_energy_kwh is None or intensity_g_per_kwh is None:
        return None
    return Interval(*(energy * g / G_PER_KG for energy, g in zip(facility_energy_kwh, Interval.of(intensity_g_per_kwh), strict=True)))
