"""``carbon db``: list, show and check the hardware database."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.commands.prices import prices
from traincarbon.cli.commands.upkeep import export_command, refresh
from traincarbon.cli.lazy import Ordered
from traincarbon.cli.options import common_options, database
from traincarbon.database.find import find_hardware
from traincarbon.database.find_place import find_place, is_place_name
from traincarbon.database.listing import listed
from traincarbon.database.models import CountedModel, counted_models, find_model
from traincarbon.database.names import hardware_names, squeeze
from traincarbon.database.place_names import Place
from traincarbon.database.towns import zones_of_part
from traincarbon.errors import CarbonError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from traincarbon.database.load import Database
    from traincarbon.database.records import Fact, Product, Row


class Source(NamedTuple):
    """An entry of the bibliography."""

    key: str
    entry: Mapping[str, str]


_SHOWN_OLD = 4
_EVIDENCE = ("source", "locator", "kind", "note", "origin")
"""Columns that say where a row comes from."""
LISTS = ("hardware", "servers", "accelerators", "models", "regions", "zones", "sources", "priors")


@click.group("db", cls=Ordered)
def command() -> None:
    """List, show and check the hardware database. Every fact has a source."""


@command.command("list", short_help="List ids and names.")
@click.argument("what", metavar="[WHAT]", type=Choice(LISTS), default="hardware")
@click.argument("words", metavar="[WORD]…", nargs=-1)
@common_options
def list_command(*, what: str, words: tuple[str, ...], as_json: bool, quiet: bool, db: str | None) -> None:  # noqa: ARG001  common option
    """List ids and names, all or those that contain every WORD.

    WHAT is hardware, servers, accelerators, models, regions, zones, sources or priors.

    \b
    carbon db list servers a100
    carbon db list models llama
    carbon db list regions france
    """  # noqa: D301  click reads the escape
    head, rows = _listing(database(db), what)
    wanted = [squeeze(word) for word in words]
    found = [row for row in rows if all(word in squeeze(" ".join(row)) for word in wanted)]
    if as_json:
        click.echo(output.as_json([dict(zip(head, row, strict=True)) for row in found]))
        return
    if not found:
        raise NotFoundError(f"no {what} with {' '.join(words)!r}", hint=f"carbon db list {what} shows all")
    click.echo(output.fitting_table([head, *found], cut=range(len(head) - 1, -1, -1)))


@command.command("show", short_help="Show every fact about one thing, with its sources.")
@click.argument("name")
@common_options
def show_command(*, name: str, as_json: bool, quiet: bool, db: str | None) -> None:  # noqa: ARG001  common option
    """Show every fact about a server, accelerator, model, region, zone or source, with its source and its kind of evidence.

    \b
    carbon db show dgx-a100
    carbon db show us-east-1
    """  # noqa: D301  click reads the escape
    facts = database(db)
    found = _find(facts, name)
    if as_json:
        click.echo(output.as_json(_as_dict(facts, found)))
    else:
        click.echo("\n".join(_page(facts, found)))


@command.command("check", short_help="Check the database for errors, or for what is old.")
@click.option("--stale", "is_stale", is_flag=True, help="List what has no value newer than 6 months (prices) or 24 (grids, facilities, electricity).")
@common_options
def check_command(*, is_stale: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Check the database for errors in sources, keys, values and names, or with --stale for values that are out of date.

    The exit code is 1 if anything is wrong or old.
    """
    if is_stale:
        _check_age(database(db), as_json=as_json, quiet=quiet)
        return
    from traincarbon.database.check import check

    report = check(database(db))
    if as_json:
        faults = [fault._asdict() for fault in report.faults]
        click.echo(output.as_json({"counts": report.counts, "kinds": report.kinds, "faults": faults}))
    elif not quiet:
        click.echo(output.table([(name, f"{n:,}") for name, n in report.counts.items()], right=(1,)))
        facts = ", ".join(f"{n:,} {kind}" for kind, n in report.kinds.items())
        click.echo(f"\n{output.wrapped('Facts', facts)}")
    if report.faults:
        for fault in report.faults if not as_json else ():
            click.echo(f"{output.clean(fault.place)}: {output.clean(fault.what)}")
        raise CarbonError(f"{len(report.faults)} fault{'s' * (len(report.faults) > 1)} in the database", hint="each is listed above with its place")
    if not as_json and not quiet:
        click.echo("No faults found.")


def _check_age(facts: "Database", *, as_json: bool, quiet: bool) -> None:
    """Say what is out of date, table by table.

    Raises:
        CarbonError: anything is.
    """
    from datetime import UTC, datetime

    from traincarbon.database.stale import stale

    found = stale(facts, datetime.now(UTC).date())
    if as_json:
        tables = {each.limit.table: {"most_months": each.limit.most_months, "known": each.known, "old": dict(each.old)} for each in found}
        click.echo(output.as_json(tables))
    elif not quiet:
        for each in found:
            oldest = ", ".join(f"{output.clean(name)} {dated}" for name, dated in each.old[:_SHOWN_OLD])
            more = f" and {len(each.old) - _SHOWN_OLD:,} more" if len(each.old) > _SHOWN_OLD else ""
            text = f"{len(each.old):,} of {each.known:,} {each.limit.what} have nothing newer than {each.limit.most_months} months"
            click.echo(output.wrapped(each.limit.table, f"{text}{f': {oldest}{more}' if oldest else ''}"))
    count = sum(len(each.old) for each in found)
    if count:
        raise CarbonError(f"{count:,} values are out of date", hint="newer ones: carbon db refresh")


@command.command("path", short_help="Print the folders of the database.")
@common_options
def path_command(*, as_json: bool, quiet: bool, db: str | None) -> None:  # noqa: ARG001  common option
    """Print the folders of the database, the built-in one first. Entries of a later one override those of an earlier one."""
    roots = list(database(db).roots)
    click.echo(output.as_json(roots) if as_json else "\n".join(roots))


command.add_command(prices)
command.add_command(refresh)
command.add_command(export_command)


def _listing(facts: "Database", what: str) -> "tuple[tuple[str, ...], list[tuple[str, ...]]]":
    if what in ("hardware", "servers", "accelerators", "models"):
        folders = ("servers", "accelerators") if what == "hardware" else (what,)
        products = [(each.id, each.name, each.aliases) for folder in folders for each in listed(facts, folder)]
        counted = sorted((each.id, each.row["name"], each.aliases) for each in counted_models(facts)) if what == "models" else []
        return ("id", "name", "also"), [(id, name, ", ".join(aliases[:3])) for id, name, aliases in (*products, *counted)]
    if what == "sources":
        entries = facts.sources()
        return ("key", "title"), [(key, str(entry.get("title", ""))) for key, entry in sorted(entries.items())]
    columns = {"regions": ("region", "location", "zone"), "zones": ("zone", "type", "name"), "priors": ("prior", "scope", "median", "sigma_ln")}[what]
    return columns, list(dict.fromkeys(tuple(row[column] for column in columns) for row in facts.all_rows(what)))


def _find(facts: "Database", name: str) -> "Product | Place | Source | CountedModel":
    entry = facts.sources().get(name)
    if entry is not None:
        return Source(name, entry)
    model = facts.product("models", name) if name.isprintable() and "/" not in name else None
    if model is not None:
        return model
    if squeeze(name) not in hardware_names(facts) and (is_place_name(facts, name) or zones_of_part(facts, name)):
        return find_place(facts, name)
    errors: list[NotFoundError] = []
    for find in (find_hardware, find_place, find_model):
        try:
            return find(facts, name)
        except NotFoundError as error:
            errors.append(error)
    if (counted := _find_counted(facts, name)) is not None:
        return counted
    nearest = next((error for error in errors if "did you mean" in error.hint or "one of" in error.hint), errors[1])
    raise NotFoundError(f"nothing is named {name[:60]!r}", hint=nearest.hint) from None


def _find_counted(facts: "Database", name: str) -> CountedModel | None:
    """Return the model of a table that *name* names as it does in a plan, None where there is none."""
    from traincarbon.estimation.model.convolution import find_convolution
    from traincarbon.estimation.model.diffusion import find_diffusion_transformer
    from traincarbon.estimation.model.hybrid import find_hybrid
    from traincarbon.estimation.model.speech import find_speech_encoder

    finds = (find_convolution, find_diffusion_transformer, find_speech_encoder, find_hybrid)
    id = next((model.id for find in finds if (model := find(facts, name)) is not None), None)
    return next((each for each in counted_models(facts) if each.id == id), None)


def _page(facts: "Database", found: "Product | Place | Source | CountedModel") -> list[str]:
    if isinstance(found, CountedModel):
        return _counted_page(facts, found)
    if isinstance(found, Source):
        return [output.bold(found.key), *(_filled(f"{name}: {value}") for name, value in found.entry.items())]
    return _place_page(facts, found) if isinstance(found, Place) else _product_page(facts, found)


def _filled(text: str, *, first: int = 2) -> str:
    return output.filled(text, first=first, indent=first + 2)


def _proof(evidence: str, kind: str) -> str:
    """Return the evidence of a fact dimmed, in the colour of assumptions where it is one."""
    line = _filled(evidence, first=4)
    return output.assumed(line) if kind in ("assumed", "unverified") else output.dim(line)


def _product_page(facts: "Database", product: "Product") -> list[str]:
    lines = [output.bold(output.filled(f"{product.id} · {product.name}"))]
    lines.append(_filled(", ".join(f"{key} {value}" for key, value in product.keys.items() if key != "name")))
    lines += [_filled(f"also called {', '.join(product.aliases)}")] if product.aliases else []
    for name, fact in product.facts.items():
        low_high = f" ({fact.low:g} to {fact.high:g})" if fact.low is not None and fact.high is not None else ""
        published = f', published as "{fact.as_published}"' if fact.as_published else ""
        value = f"{fact.value:.0f}" if name.endswith("_year") else f"{fact.value:,.6g}"
        dated = f", of {fact.dated}" if fact.dated else ""
        lines.append(_filled(f"{output.bold(name)} = {value}{low_high}{published}{dated}"))
        lines.append(_proof(_evidence(facts, fact.kind, fact.source, fact.locator, fact.origin), fact.kind))
        if fact.note:
            lines.append(output.dim(_filled(fact.note, first=4)))
    return lines


def _counted_page(facts: "Database", model: CountedModel) -> list[str]:
    row = model.row
    lines = [output.bold(output.filled(f"{model.id} · {row['name']}"))]
    lines += [_filled(f"also called {', '.join(model.aliases)}")] if model.aliases else []
    stated = {column: text for column, text in list(row.items())[1:] if text and column not in ("name", "aliases", *_EVIDENCE)}
    lines += [_filled(f"{output.bold(column)} = {text}") for column, text in stated.items()]
    lines.append(_proof(_evidence(facts, row["kind"], row["source"], row["locator"], row["origin"]), row["kind"]))
    return [*lines, output.dim(_filled(row["note"], first=4))] if row["note"] else lines


def _place_page(facts: "Database", place: "Place") -> list[str]:
    lines = [output.bold(output.filled(f"{place.id} · {place.name}"))]
    for title, rows in _place_rows(facts, place).items():
        for row in rows:
            known = {column: text for column, text in row.items() if text and column not in _EVIDENCE}
            lines.append(_filled(f"{output.bold(title)}: {', '.join(f'{column} {text}' for column, text in known.items())}"))
            lines.append(_proof(_evidence(facts, row["kind"], row["source"], row["locator"], row["origin"]), row["kind"]))
    return lines


def _place_rows(facts: "Database", place: "Place") -> "dict[str, Sequence[Row]]":
    found: dict[str, Sequence[Row]] = {}
    if place.region is not None:
        region = place.region
        found["region"] = (region,)
        found["facility"] = [row for row in facts.rows("facilities", region["provider"]) if row["scope"] in (region["name"], "fleet")]
        found["grid, by the provider"] = facts.rows("grid", place.id)
    found["grid"] = facts.rows("grid", place.zone)
    found["market"] = [row for zone in dict.fromkeys((place.id, place.zone)) for row in facts.rows("market", zone)]
    found["electricity"] = facts.rows("electricity", place.zone)
    return found


def _evidence(facts: "Database", kind: str, source: str, locator: str, origin: str) -> str:
    title = facts.sources().get(source, {}).get("title", source)
    yours = f" [yours: {origin}]" if origin != facts.roots[0] else ""
    return f"{kind}: {title}; {locator}{yours}"


def _as_dict(facts: "Database", found: "Product | Place | Source | CountedModel") -> dict[str, object]:
    if isinstance(found, Source):
        return {"source": found.key, **found.entry}
    if isinstance(found, CountedModel):
        return {"id": found.id, "name": found.row["name"], "aliases": found.aliases, "row": dict(found.row)}
    if not isinstance(found, Place):
        return {
            "id": found.id,
            "folder": found.folder,
            **found.keys,
            "aliases": found.aliases,
            "facts": {name: _fact(fact) for name, fact in found.facts.items()},
        }
    return {
        "id": found.id,
        "zone": found.zone,
        "name": found.name,
        "rows": {title: [dict(row) for row in rows] for title, rows in _place_rows(facts, found).items()},
    }


def _fact(fact: "Fact") -> dict[str, object]:
    names = ("value", "low", "high", "as_published", "dated", "source", "locator", "kind", "note", "origin")
    return {name: value for name in names if (value := getattr(fact, name)) not in (None, "")}
