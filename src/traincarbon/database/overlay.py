"""The user's own facts: which folder they go to, and how a program adds to it without harming what stands there."""

import json
import os
import secrets
import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from os import path

from traincarbon.database.load import own_root
from traincarbon.database.records import Fact
from traincarbon.errors import CarbonError, DatabaseError

_BARE = frozenset(string.ascii_letters + string.digits + "-_")
_HINT = "name a folder that you may write to: --db DIR or CARBON_DB=DIR"


def overlay_root(folder: str | None = None) -> str:
    """Return the folder that a program's facts go to: *folder* (``--db``), else ``$CARBON_DB``, else the user's own.

    Raises:
        CarbonError: none of them is stated and there is no home folder.
    """
    named = folder or os.environ.get("CARBON_DB", "")
    root = path.abspath(named) if named else own_root(os.environ.get("XDG_CONFIG_HOME", ""))
    if root.startswith("~"):
        raise CarbonError("there is no home folder to keep facts in", hint=_HINT)
    return root


def check_writable(root: str) -> None:
    """Refuse a *root* in which nothing could be written, before anything long is done for it; nothing is left there.

    Raises:
        CarbonError: it cannot be written to.
    """
    above = root
    while not path.lexists(above) and path.dirname(above) != above:
        above = path.dirname(above)
    probe = path.join(above, f".{secrets.token_hex(8)}.part")
    try:
        with open(probe, "x", encoding="utf-8"):
            pass
        os.unlink(probe)
    except (OSError, ValueError) as error:
        raise _cannot_write(root, error) from error


@contextmanager
def alone(root: str) -> Iterator[None]:
    """Hold the folder *root*, made where it is not there, so that programs that add to its files wait for one another; a holder that dies lets go.

    Raises:
        CarbonError: the folder cannot be made or opened.
    """
    try:
        os.makedirs(root, exist_ok=True)
        held = os.open(root, os.O_RDONLY)
    except (OSError, ValueError) as error:
        raise _cannot_write(root, error) from error
    try:
        with suppress(ImportError, OSError):  # where there are no locks, go without
            from fcntl import LOCK_EX, flock

            flock(held, LOCK_EX)
        yield
    finally:
        os.close(held)


def replace_file(root: str, name: str, text: str) -> None:
    """Make *text* the whole of the file *name* under *root*: it is the old or the new one at any time, never a part.

    Raises:
        CarbonError: it cannot be written; the old one stands.
    """
    file = path.join(root, name)
    unfinished = path.join(path.dirname(file), f".{secrets.token_hex(8)}.part")
    try:
        os.makedirs(path.dirname(file), exist_ok=True)
        with open(unfinished, "x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, file)
    except (OSError, ValueError) as error:
        raise _cannot_write(file, error) from error
    finally:
        with suppress(OSError, ValueError):
            os.unlink(unfinished)


def with_source(text: str, key: str, entry: Mapping[str, str]) -> str:
    """Return the *text* of a ``sources.toml`` with one more entry at its end; what stands there is not touched.

    Raises:
        DatabaseError: *text* is not TOML, or has that key.
    """
    import tomllib

    try:
        known = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DatabaseError(f"sources.toml is not TOML: {error}", hint="mend it first: nothing can be added to it") from error
    if key in known:
        raise DatabaseError(f"sources.toml has an entry {key!r} already", hint="a source is stated once")
    before = text.rstrip("\n")
    title = key if set(key) <= _BARE else _quoted(key)
    lines = [*([before, ""] if before else []), f"[{title}]", *(f"{name} = {_quoted(value)}" for name, value in entry.items())]
    return "\n".join(lines) + "\n"


def product_toml(keys: Mapping[str, str], aliases: Sequence[str], facts: Mapping[str, Fact]) -> str:
    """Return the file of a product with its *keys*, *aliases* and *facts*."""
    lines = [f"{name} = {_quoted(value)}" for name, value in keys.items() if value]
    lines.append(f"aliases = [{', '.join(_quoted(alias) for alias in aliases)}]")
    for name, fact in facts.items():
        lines += ["", f"[{name}]", f"value = {fact.value!r}"]
        lines += [f"{bound} = {limit!r}" for bound, limit in (("low", fact.low), ("high", fact.high)) if limit is not None]
        texts = {part: getattr(fact, part) for part in ("as_published", "source", "locator", "kind", "note")}
        lines += [f"{part} = {_quoted(text)}" for part, text in texts.items() if text]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return *text* as a TOML string, what cannot be printed replaced."""
    return json.dumps("".join(character if character.isprintable() else "�" for character in text), ensure_ascii=False)


def _cannot_write(place: str, error: OSError | ValueError) -> CarbonError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CarbonError(f"cannot write {place!r}: {reason}", hint=_HINT)
