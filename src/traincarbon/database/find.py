"""Find hardware and places by what a person types: by id, by alias, or by an unambiguous part of a name."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, NoReturn

from traincarbon.database.load import Database
from traincarbon.database.records import Product, Row
from traincarbon.errors import AmbiguousError, NotFoundError

_MOST_CANDIDATES = 6
_LONGEST_SHOWN = 60
THIS = "this"
"""The name of the machine that this runs on, once ``carbon bench`` has measured it."""
_CODE = 3
"""Letters of a country's code; such short names resemble many words, so they are not suggested for longer ones."""


class Place(NamedTuple):
    """Where a training runs: a grid zone, and the cloud region if one was named."""

    zone: str
    name: str
    region: Row | None = None

    @property
    def id(self) -> str:
        """The region's id, or the zone if no region was named."""
        return self.region["region"] if self.region is not None else self.zone


def squeeze(text: str) -> str:
    """Return *text* in the form in which names are compared: lower case, without spaces, hyphens, dots and underscores.

    Example:
        >>> squeeze("DGX A100"), squeeze("p4d.24xlarge")
        ('dgxa100', 'p4d24xlarge')
    """
    return text.strip().lower().translate(_DROPPED)


_DROPPED = str.maketrans("", "", " -_.")


def find_hardware(database: Database, text: str) -> Product:
    """Return the server or accelerator that *text* names by id, alias or any unambiguous part of a name.

    Raises:
        AmbiguousError: several products match; the hint lists them.
        NotFoundError: none matches; the hint lists the nearest.
    """
    slug = "-".join(text.strip().lower().replace("_", "-").split())
    if _is_file_name(slug):
        for folder in ("servers", "accelerators"):
            product = database.product(folder, slug)
            if product is not None:
                return product
    names = hardware_names(database)
    wanted = squeeze(text)
    exact = names.get(wanted, [])
    if not exact and wanted:
        words = [squeeze(word) for word in text.replace("-", " ").split()]
        exact = sorted({place for name, places in names.items() if all(word in name for word in words) for place in places})
    if len(exact) == 1:
        folder, id = exact[0]
        product = database.product(folder, id)
        if product is not None:
            return product
    if wanted == THIS and not exact:
        raise NotFoundError("no hardware 'this': this machine has not been measured yet", hint="measure it with carbon bench")
    return _refuse("hardware", text, [id for _, id in exact], ((name, id) for name, places in names.items() for _, id in places), "carbon db list hardware")


def find_place(database: Database, text: str, *, provider: str = "") -> Place:
    """Return the cloud region or grid zone that *text* names: ``us-east-1``, ``aws:us-east-1``, ``france``, ``US-VA``.

    Args:
        database: Where to look.
        text: What the person typed.
        provider: The operator of the hardware; its region wins over others of the same name.

    Raises:
        AmbiguousError: several places match; the hint lists them.
        NotFoundError: none matches; the hint lists the nearest.
    """
    exact = database.rows("regions", text.strip())
    if exact:
        return _region(exact[0])
    zones = database.rows("zones", text.strip())
    if zones:
        return _zone(zones[0])
    wanted = squeeze(text)
    names = place_names(database)
    found = names.get(wanted, {})
    own = {id: place for id, place in found.items() if place.region is not None and place.region["provider"] == provider}
    literal = {id: place for id, place in found.items() if place.region is not None and text.strip() in (place.region["name"], id)}
    found = (own if provider else {}) or literal or found
    if len(found) > 1:
        found = {id: place for id, place in found.items() if place.region is None} or _documented(database, found)
    if len(found) == 1:
        return next(iter(found.values()))
    return _refuse("region or zone", text, list(found), ((name, id) for name, places in names.items() for id in places), "carbon db list regions")


def hardware_names(database: Database) -> dict[str, list[tuple[str, str]]]:
    """Return every squeezed id and alias with the products (folder, id) of that name, without parsing whole files."""
    return database.remember(_hardware_names, None)


def _hardware_names(database: Database, _key: None) -> dict[str, list[tuple[str, str]]]:
    names: dict[str, list[tuple[str, str]]] = {}
    for folder in ("servers", "accelerators"):
        for id in database.ids(folder):
            mine = {squeeze(id)}
            for _, text in database.raw(folder, id):
                mine.update(squeeze(alias) for alias in aliases_in(text))
            for name in mine:
                names.setdefault(name, []).append((folder, id))
    return names


def place_names(database: Database) -> dict[str, dict[str, Place]]:
    """Return every squeezed name of a region or zone with the places of that name."""
    return database.remember(_place_names, None)


def _place_names(database: Database, _key: None) -> dict[str, dict[str, Place]]:
    names: dict[str, dict[str, Place]] = {}
    for row in database.all_rows("zones"):
        for name in (row["zone"], row["name"], row["iso3"], *row["aliases"].split(";")):
            if name:
                names.setdefault(squeeze(name), {}).setdefault(row["zone"], _zone(row))
    for row in database.all_rows("regions"):
        for name in (row["region"], row["name"], f"{row['provider']}-{row['name']}", *row["aliases"].split(";")):
            if name:
                names.setdefault(squeeze(name), {}).setdefault(row["region"], _region(row))
    return names


def _refuse(what: str, text: str, fitting: Sequence[str], names: Iterable[tuple[str, str]], listing: str) -> NoReturn:
    if fitting:
        shown = sorted(set(fitting))
        rest = f" and {len(shown) - _MOST_CANDIDATES} more" if len(shown) > _MOST_CANDIDATES else ""
        raise AmbiguousError(f"{_shown(text)} matches more than one {what}", hint=f"one of {', '.join(shown[:_MOST_CANDIDATES])}{rest}; all: {listing}")
    from traincarbon.suggestions import nearest

    wanted = squeeze(text)[:_LONGEST_SHOWN]
    bearers: dict[str, str] = {}
    for name, id in names:
        if len(name) > _CODE or len(wanted) <= _CODE:
            bearers.setdefault(name, id)
    close = list(dict.fromkeys(bearers[name] for name in nearest(wanted, bearers, most=_MOST_CANDIDATES)))
    hint = f"did you mean {' or '.join(close[:3])}?" if close else f"all: {listing}"
    raise NotFoundError(f"no {what} {_shown(text)}", hint=hint)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _documented(database: Database, found: dict[str, Place]) -> dict[str, Place]:
    """Return the regions of one name whose operator publishes PUE or water for them; all if there are none."""
    known = {}
    for id, place in found.items():
        region = place.region
        if region is not None and any(row["scope"] == region["name"] for row in database.rows("facilities", region["provider"])):
            known[id] = place
    return known or found


def _region(row: Row) -> Place:
    return Place(row["zone"], f"{row['location']} ({row['region']})", row)


def _zone(row: Row) -> Place:
    return Place(row["zone"], row["name"])


def aliases_in(text: str) -> list[str]:
    """Return the aliases in the text of a product's file; they stand on one line, so the rest is not parsed."""
    for line in text.split("\n"):
        if line.startswith("aliases"):
            return line.partition("#")[0].split('"' if '"' in line else "'")[1::2]
        if line.startswith("["):
            break
    return []


def _is_file_name(slug: str) -> bool:
    return bool(slug) and slug not in (".", "..") and not set(slug) & set('/\\:*?"<>|\0') and len(slug) < 100
