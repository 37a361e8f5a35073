"""Find places by what a person types: cloud regions, countries, states, towns, and sites of one's own."""

from traincarbon.database.find import LONGEST_SHOWN, MOST_CANDIDATES, refuse_ambiguous, refuse_unknown, shown
from traincarbon.database.load import Database
from traincarbon.database.names import squeeze
from traincarbon.database.place_names import Place, place_names, plain, region_place, zone_of, zone_place
from traincarbon.errors import NotFoundError

_CODE = 3
"""Letters of a country's code; such short names resemble many words, so they are not suggested for longer ones."""
_ALIKE = 0.75
"""How alike the names of two places must be, of 1 for the same: short names resemble many."""
SITES = {
    "home": "home",
    "at-home": "home",
    "my-home": "home",
    "on-prem": "on-prem",
    "on-premises": "on-prem",
    "on-premise": "on-prem",
    "onprem": "on-prem",
    "office": "on-prem",
    "self-hosted": "on-prem",
}
"""Words for a site of one's own; a place after or before one of them says on which grid it is."""


_OWN_WORDS = frozenset(
    ("local", "localhost", "laptop", "desktop", "workstation", "my office", "lab", "my lab", "university", "cluster", "my cluster", "private")
)
"""Words for something of one's own that may be a home or not."""


def find_place(database: Database, text: str, *, provider: str = "") -> Place:
    """Return the place that *text* names: a cloud region, a grid zone, a country, a state, or a site of one's own.

    A country is the country: it is never taken for a company's data centre. ``home`` and ``on-prem`` may be followed by a place, as ``home:france``.

    Args:
        database: Where to look.
        text: What the person typed.
        provider: The operator of the hardware; its region wins over others of the same name.

    Raises:
        AmbiguousError: several places match; the hint lists them.
        NotFoundError: none matches; the hint lists the nearest.
    """
    wanted = text.strip()
    exact = (
        database.rows("regions", wanted) or database.rows("regions", wanted.lower()) or (database.rows("regions", f"{provider}:{wanted}") if provider else ())
    )
    if exact:
        return region_place(exact[0])
    zones = database.rows("zones", wanted) or database.rows("zones", wanted.upper().replace("_", "-"))
    if zones:
        return zone_place(zones[0])
    site = _site(database, wanted)
    if site is not None:
        return site
    country = _zone_named(database, wanted)
    if country is not None:
        return country
    spelt = {row["region"]: region_place(row) for row in database.rows_with("regions", wanted) if row["name"] == wanted and provider in ("", row["provider"])}
    if spelt and len(spelt := _documented(database, spelt)) == 1:
        return next(iter(spelt.values()))
    names = place_names(database)
    found = names.get(squeeze(wanted), {}) | names.get(plain(wanted), {})
    zones_found = {id: place for id, place in found.items() if place.region is None}
    own = {id: place for id, place in found.items() if place.region is not None and place.region["provider"] == provider}
    literal = {id: place for id, place in found.items() if place.region is not None and wanted in (place.region["name"], id)}
    found = (own if provider else {}) or zones_found or literal or found
    if len(found) > 1:
        found = _town(database, wanted, found) or _documented(database, found)
    if len(found) == 1:
        return next(iter(found.values()))
    if not found and "," in wanted:
        from traincarbon.database.find_within import place_within

        within = place_within(database, wanted)
        if within is not None:
            return within
    from traincarbon.database.towns import zones_of_part

    towns = zones_of_part(database, wanted) if not found else ()
    if len(towns) == 1:
        return _town_in(database, wanted, towns[0])
    if found or towns:
        refuse_ambiguous("region or zone", text, sorted(found or towns), "carbon db list regions")
    close = _near_places(database, wanted)
    _refuse_without_grid(database, wanted, is_like_a_region=any(id.partition(":")[2].startswith(wanted.lower()) for id in close))
    return refuse_unknown("region or zone", text, close, "carbon db list regions, or name a country")


def is_place_name(database: Database, text: str) -> bool:
    """Return whether *text* is the name of a region or zone; few rows are read where it stands as it is in one."""
    wanted = text.strip().lower()
    for table, columns in (("zones", ("zone", "name")), ("regions", ("region", "name"))):
        for row in database.rows_with(table, wanted):
            if wanted in {*(row[column].lower() for column in columns), *row["aliases"].split(";")}:
                return True
    return squeeze(text) in place_names(database)


def _site(database: Database, text: str) -> Place | None:
    """Return the site of one's own that *text* names, alone or with the place that it is in; None if it names none."""
    head, mark, tail = text.partition(":")
    if not mark:
        head, mark, tail = text.partition(",")
    head, tail = head.strip(), tail.strip()
    site = SITES.get(head.lower().replace(" ", "-").replace("_", "-"))
    if site is None and mark:
        site, tail = SITES.get(tail.lower().replace(" ", "-")), head
    if site is None:
        return None
    where = find_place(database, tail) if tail else None
    if where is None:
        return Place("", site, None, site)
    if where.region is not None:
        raise NotFoundError(f"{tail[:LONGEST_SHOWN]!r} is a cloud's region, which is no {site}", hint=f"name its zone: {site}:{where.zone}")
    return where._replace(site=site, name=f"{site}, {where.name}")


def _zone_named(database: Database, text: str) -> Place | None:
    """Return the zone of which *text* is a name as it stands, by reading only the rows that hold it; None if there is not exactly one."""
    wanted, rows = text.lower(), {}
    for table in ("zones", "zone_names"):
        for row in database.rows_with(table, text):
            named = (row["name"], row["iso3"] if row["type"] == "country" else "", *row["aliases"].split(";")) if table == "zones" else row["names"].split(";")
            if any(wanted == name.lower() for name in named):
                rows[row["zone"]] = row
    zones = [row for zone in rows for row in database.rows("zones", zone)]
    return zone_place(zones[0]) if len(zones) == 1 and len(rows) == 1 else None


def _town(database: Database, text: str, found: dict[str, Place]) -> dict[str, Place]:
    """Return the zone of a town in which several clouds have a region; none if *text* is the name of a region, or they are on different grids."""
    zones = {zone_of(database, place) for place in found.values()}
    if len(zones) > 1 or any(place.region is None or squeeze(text) == squeeze(place.region["name"]) for place in found.values()):
        return {}
    zone = zones.pop()
    return {zone: _town_in(database, text, zone)} if database.rows("zones", zone) else {}


def _town_in(database: Database, text: str, zone: str) -> Place:
    """Return the *zone* that a town or part of a country called *text* is in, by the name of both."""
    known = zone_place(database.rows("zones", zone)[0])
    return known._replace(name=f"{text[:LONGEST_SHOWN]} ({known.name})")


def _refuse_without_grid(database: Database, text: str, *, is_like_a_region: bool) -> None:
    """Refuse a country of which no grid is known, or a part of a country of which none is known, and name the country.

    An abbreviation that is a state's as well, as VA, is left to be suggested.
    """
    from traincarbon.database.find_within import states_abbreviated

    if states_abbreviated(database, text):
        return
    for row in database.rows_with("zone_names", text):
        if squeeze(text) in {squeeze(row["zone"]), *map(squeeze, row["names"].split(";"))}:
            raise NotFoundError(f"no carbon intensity of {shown(text)} is known", hint="give --carbon-intensity with your own, and leave the region out")
    country, mark, _ = text.upper().partition("-")
    if mark and len(country) in (2, _CODE) and not is_like_a_region:
        known = [place for place in place_names(database).get(squeeze(country), {}).values() if place.region is None]
        if known:
            raise NotFoundError(f"no zone {shown(text)} is known", hint=f"did you mean {known[0].zone}, all of {known[0].name}?")


def _near_places(database: Database, text: str) -> list[str]:
    from traincarbon.database.find_within import states_abbreviated
    from traincarbon.suggestions import nearest

    if text.strip().lower() in _OWN_WORDS:
        return ["home", "on-prem"]
    wanted = plain(text)[:LONGEST_SHOWN]
    bearers: dict[str, str] = {}
    for name, places in place_names(database).items():
        if len(name) > _CODE or len(wanted) <= _CODE:
            for id in sorted(places, key=lambda each: (places[each].region is not None, each)):
                bearers.setdefault(name, id)
    starting = [bearers[name] for name in sorted(bearers, key=len) if len(wanted) > _CODE and name.startswith(wanted)]
    states = [place.zone for place in states_abbreviated(database, text)]
    return list(dict.fromkeys([*states, *starting[:3], *(bearers[name] for name in nearest(wanted, bearers, most=MOST_CANDIDATES, alike=_ALIKE))]))


def _documented(database: Database, found: dict[str, Place]) -> dict[str, Place]:
    """Return the regions of one name whose operator publishes PUE or water for them; all if there are none."""
    known = {}
    for id, place in found.items():
        region = place.region
        if region is not None and any(row["scope"] == region["name"] for row in database.rows("facilities", region["provider"])):
            known[id] = place
    return known or found
