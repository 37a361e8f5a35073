"""Packing without being asked: where a store holds a lot of journals at rest, some of them are packed after a command that reads it."""

import os
import re
import sqlite3
from contextlib import closing
from typing import NamedTuple
from urllib.parse import quote

from traincarbon.errors import CarbonError
from traincarbon.ledger.packs.packages import has_pyarrow
from traincarbon.ledger.store_folder import known_node_name

VARIABLE = "CARBON_COMPACT_ABOVE"
ABOVE_B = 1_000_000_000
"""The size of the journals of a store above which some are packed. [B]"""
AT_ONCE_B = 64_000_000
"""What is packed at a time, a second or two of work. [B]"""
NEVER = "never"
_UNITS_B = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZES = """
SELECT coalesce(sum(CASE WHEN NOT is_pack THEN size END), 0), count(CASE WHEN NOT is_pack THEN 1 END), count(CASE WHEN is_pack THEN 1 END)
FROM (SELECT size, substr(folder, 1, 6) = 'month=' AS is_pack FROM files WHERE substr(folder, 1, 7) != 'import-')
"""


class Journals(NamedTuple):
    """The journals of a store, as its index last saw them.

    Attributes:
        size_b: The size of those that no pack holds. [B]
        journals: How many they are.
        packs: How many packs there are.
        above_b: The size above which some are packed automatically, None for never. [B]
        problem: Why nothing is packed automatically, empty if nothing stands against it.
    """

    size_b: int
    journals: int
    packs: int
    above_b: int | None
    problem: str

    @property
    def is_due(self) -> bool:
        """Whether some are packed after the next command that lists them."""
        return not self.problem and self.above_b is not None and self.size_b > self.above_b


def journals_of_store(store: str) -> Journals | None:
    """Return what the index of a store says of its journals, None if there is no index. It is read as it is."""
    index = os.path.join(store, f"index-{known_node_name(store)}.sqlite")
    if not os.path.isfile(index):
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(index)}?mode=ro", uri=True)) as connection:
            ((size_b, journals, packs),) = connection.execute(_SIZES).fetchall()
    except sqlite3.Error:
        return None
    try:
        above_b, problem = above(os.environ.get(VARIABLE, "")), ""
    except CarbonError as error:
        above_b, problem = None, str(error)
    if not problem and not has_pyarrow():
        problem = "pyarrow is not installed"
    return Journals(int(size_b), int(journals), int(packs), above_b, problem)


def above(stated: str) -> int | None:
    """Return the size that ``$CARBON_COMPACT_ABOVE`` states, None for never. [B].

    Raises:
        CarbonError: it states none.

    Example:
        >>> above(""), above("500MB"), above("2 GB"), above("never")
        (1000000000, 500000000, 2000000000, None)
    """
    text = stated.strip().lower()
    if not text:
        return ABOVE_B
    if text == NEVER:
        return None
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)\s*([kmgt]?)b?", text)
    if found is None:
        raise CarbonError(f"{VARIABLE} is {stated[:40]!r}, which is not a size", hint=f"write 500MB, 2GB or {NEVER}")
    return int(float(found[1]) * _UNITS_B[found[2]])
