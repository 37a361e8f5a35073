"""An upstream of a table: where it is published, how it is read, and what a sound copy of it looks like."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.errors import CarbonError

_SHOWN = 60
_LEAST_ROWS = 2


class Edition(NamedTuple):
    """One published edition of an upstream, as it was read.

    Attributes:
        text: Its whole text.
        name: The file or the address that it was read from, for locators.
        date: When it was published or read: YYYY, YYYY-MM or YYYY-MM-DD.
        database: What the rows are matched with.
    """

    text: str
    name: str
    date: str
    database: Database


class Upstream(NamedTuple):
    """A place where a table is published.

    Attributes:
        name: What the command calls it.
        title: What the bibliography calls an edition, before its date.
        publisher: Who publishes it.
        url: Where it is read when asked to.
        licence: Under what terms.
        table: The table that its rows go to.
        key: The columns that tell its rows apart.
        source: The key in ``sources.toml``, with the edition's ``{year}``, ``{next_year}`` or ``{date}`` in it.
        rows: Reads an edition; yields rows without source and kind.
    """

    name: str
    title: str
    publisher: str
    url: str
    licence: str
    table: str
    key: tuple[str, ...]
    source: str
    rows: Callable[[Edition], Iterable[Row]]


def refuse_page(edition: Edition) -> None:
    """Refuse an edition that is a page of a website, as of an error or a login, or nothing.

    Raises:
        CarbonError: it is one.
    """
    begins = edition.text.lstrip("\ufeff \t\r\n")[:_SHOWN].lower()
    if not begins:
        raise CarbonError(f"{edition.name} is empty", hint="download it again")
    if begins.startswith(("<!doctype", "<html", "<?xml", "<head")):
        raise CarbonError(f"{edition.name} is a web page, not data", hint="download the file itself; the address may ask for a login or have moved")


def csv_rows(edition: Edition, columns: Mapping[str, str], *, separator: str = ",") -> Iterator[dict[str, str]]:
    """Yield the rows of an edition in CSV with the cells of *columns*, by our names.

    Args:
        edition: The text, with a line of column names first.
        columns: Our name to the upstream's; an upstream name that ends in ``*`` stands for the column that begins so.
        separator: What is between two cells.

    Raises:
        CarbonError: it is no table, a column is missing, or it has almost no rows.
    """
    refuse_page(edition)
    lines = csv.reader(io.StringIO(edition.text.lstrip("\ufeff")), delimiter=separator)
    try:
        head = [cell.strip() for cell in next(lines, [])]
        found = {ours: _place_of(theirs, head, edition) for ours, theirs in columns.items()}
        count = 0
        for cells in lines:
            if not any(cells):
                continue
            if len(cells) < len(head):
                raise CarbonError(f"{edition.name}, line {lines.line_num}, has {len(cells)} cells, not {len(head)}", hint="is the file cut off?")
            count += 1
            yield {name: cells[place].strip() for name, place in found.items()}
    except csv.Error as error:
        raise CarbonError(f"{edition.name} is no table: {error}", hint="is the file cut off, or not text?") from None
    if count < _LEAST_ROWS:
        raise CarbonError(f"{edition.name} has {count} rows", hint="is the file cut off?")


def _place_of(name: str, head: list[str], edition: Edition) -> int:
    begins = name.removesuffix("*")
    found = [place for place, cell in enumerate(head) if (cell.startswith(begins) if name.endswith("*") else cell == name)]
    if not found:
        has = ", ".join(head)[:_SHOWN]
        raise CarbonError(f"{edition.name} has no column {begins!r}", hint=f"it has {has}: has the upstream changed its form, or its unit?")
    return found[0]


def json_of(edition: Edition) -> object:
    """Return an edition in JSON.

    Raises:
        CarbonError: it is not JSON.
    """
    refuse_page(edition)
    try:
        return json.loads(edition.text)
    except ValueError as error:
        raise CarbonError(f"{edition.name} is not JSON: {error}", hint="is the file cut off?") from None


def number_of(text: str, edition: Edition, what: str) -> float:
    """Return the number that *text* states.

    Raises:
        CarbonError: it states none.
    """
    try:
        return float(text)
    except ValueError:
        raise CarbonError(f"{edition.name}: {what} is {text[:_SHOWN]!r}, not a number", hint="has the upstream changed its form?") from None


def server_ids(database: Database, operator: str) -> dict[str, tuple[str, str, float]]:
    """Return the instances of a cloud that the database has: id to accelerator and their count."""
    return {
        server.id: (server.id, server.keys.get("accelerator", ""), server.value("accelerator_count") or 1.0)
        for server in database.products("servers")
        if server.operator == operator
    }
