"""The user's own facts: which folder they go to, and how a program adds to it without harming what stands there."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os import path

from traincarbon import files
from traincarbon.database.load import own_root
from traincarbon.database.records import Fact
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.toml import parse_toml, to_toml

HINT = "name a folder that you may write to: --db DIR or CARBON_DB=DIR"


def overlay_root(folder: str | None = None) -> str:
    """Return the folder that a program's facts go to: *folder* (``--db``), else ``$CARBON_DB``, else the user's own.

    Raises:
        CarbonError: none of them is stated and there is no home folder.
    """
    named = folder or os.environ.get("CARBON_DB", "")
    root = path.abspath(named) if named else own_root()
    if root.startswith("~"):
        raise CarbonError("there is no home folder to keep facts in", hint=HINT)
    return root


def check_writable(root: str) -> None:
    """Refuse a *root* in which nothing could be written, before anything long is done for it; nothing is left there.

    Raises:
        CarbonError: it cannot be written to.
    """
    above = root
    while not path.lexists(above) and path.dirname(above) != above:
        above = path.dirname(above)
    files.check_writable(above, name=root, hint=HINT)


@contextmanager
def alone(root: str, *, hint: str = HINT) -> Iterator[None]:
    """Hold the folder *root*, made where it is not there, so that programs that add to its files wait for one another; a holder that dies lets go.

    Args:
        root: The folder.
        hint: What to do where that fails.

    Raises:
        CarbonError: the folder cannot be made or opened.
    """
    try:
        os.makedirs(root, exist_ok=True)
        held = os.open(root, os.O_RDONLY)
    except (OSError, ValueError) as error:
        raise files.cannot_write(root, error, hint) from error
    try:
        with suppress(ImportError, OSError):  # where there are no locks, go without
            from fcntl import LOCK_EX, flock

            flock(held, LOCK_EX)
        yield
    finally:
        os.close(held)


def with_source(text: str, key: str, entry: Mapping[str, str]) -> str:
    """Return the *text* of a ``sources.toml`` with one more entry at its end; what stands there is not touched.

    Raises:
        DatabaseError: *text* is not TOML, or has that key.
    """
    try:
        known = parse_toml(text)
    except ValueError as error:
        raise DatabaseError(f"sources.toml is not TOML: {error}", hint="mend it first: nothing can be added to it") from error
    if key in known:
        raise DatabaseError(f"sources.toml has an entry {key!r} already", hint="a source is stated once")
    before = text.rstrip("\n")
    return (f"{before}\n\n" if before else "") + to_toml({key: {name: _printable(value) for name, value in entry.items()}})


def product_toml(keys: Mapping[str, str], aliases: Sequence[str], facts: Mapping[str, Fact]) -> str:
    """Return the file of a product with its *keys*, *aliases* and *facts*."""
    texts = {name: _printable(value) for name, value in keys.items() if value}
    return to_toml({**texts, "aliases": [_printable(alias) for alias in aliases], **{name: _fact(fact) for name, fact in facts.items()}})


def _fact(fact: Fact) -> dict[str, object]:
    texts = {part: getattr(fact, part) for part in ("as_published", "dated", "source", "locator", "kind", "note")}
    return {"value": fact.value, "low": fact.low, "high": fact.high, **{part: _printable(text) for part, text in texts.items() if text}}


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)
