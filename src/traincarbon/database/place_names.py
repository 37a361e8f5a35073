"""Places, and every name that regions and zones have."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.names import squeeze, without_accents
from traincarbon.database.records import Row
from traincarbon.database.select import grid_of


class Place(NamedTuple):
    """Where a training runs: a zone, the cloud region if one was named, and the kind of site if it is one's own.

    Attributes:
        zone: The country, state or area; empty if only the kind of site was named.
        site: ``home`` or ``on-prem``; empty for a data centre.
    """

    zone: str
    name: str
    region: Row | None = None
    site: str = ""

    @property
    def id(self) -> str:
        """The region's id, or the zone if no region was named, after the kind of site if one was."""
        if self.region is not None:
            return self.region["region"]
        return ":".join(part for part in (self.site, self.zone) if part)


def place_names(database: Database) -> dict[str, dict[str, Place]]:
    """Return every squeezed name of a region or zone, with and without its accents, with the places of that name."""
    return database.remember(_place_names, None)


def _place_names(database: Database, _key: None) -> dict[str, dict[str, Place]]:
    names: dict[str, dict[str, Place]] = {}

    def add(name: str, place: Place) -> None:
        for spelling in (squeeze(name),) if name.isascii() else dict.fromkeys((squeeze(name), plain(name))):
            if spelling:
                names.setdefault(spelling, {}).setdefault(place.id, place)

    zones = {row["zone"]: row for row in database.all_rows("zones")}
    for row in zones.values():
        for name in (row["zone"], row["name"], *row["aliases"].split(";")):
            add(name, zone_place(row))
        if row["type"] == "country":
            add(row["iso3"], zone_place(row))
    for row in database.all_rows("zone_names"):
        if row["zone"] in zones:
            for name in row["names"].split(";"):
                add(name, zone_place(zones[row["zone"]]))
    for row in database.all_rows("regions"):
        for name in (row["region"], row["name"], f"{row['provider']}-{row['name']}", *row["aliases"].split(";")):
            add(name, region_place(row))
    return names


def plain(text: str) -> str:
    """Return *text* squeezed, without accents."""
    return squeeze(without_accents(text))


def zone_of(database: Database, place: Place) -> str:
    """Return the zone of *place*, or the grid area within it that its region is on, where that is not the grid of the whole zone."""
    grid = grid_of(database, place.id, place.zone)
    return place.zone if grid == grid_of(database, place.zone, place.zone) else grid


def region_place(row: Row) -> Place:
    """Return the place of a *row* of regions.csv."""
    return Place(row["zone"], f"{row['location']} ({row['region']})", row)


def zone_place(row: Row) -> Place:
    """Return the place of a *row* of zones.csv."""
    return Place(row["zone"], row["name"])
