"""What a compaction did, or would do, and what packs answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

from traincarbon.ledger.packs.pack import PackedJournal
from traincarbon.ledger.packs.resting import Left, Resting

SCHEMA = "traincarbon/compaction/1"


class Packed(NamedTuple):
    """A journal in a new pack.

    Attributes:
        source: The journal.
        packed: What the pack says of it.
        line: Its summary.
        energy_j: What its lines add. [J]
        state: Its size and time of change when it was read.
    """

    source: Resting
    packed: PackedJournal
    line: bytes
    energy_j: float
    state: tuple[int, int]


class Made(NamedTuple):
    """A new pack.

    Attributes:
        file: Its summaries.
        journals: What it holds.
        size_b: The size of both of its files. [B]
    """

    file: str
    journals: tuple[Packed, ...]
    size_b: int


class Joined(NamedTuple):
    """Small journals of imported runs that became larger ones, or would.

    Attributes:
        journals: How many they were.
        files: How many new ones hold their records.
        size_b: The size that they had. [B]
    """

    journals: int
    files: int
    size_b: int


class Month(NamedTuple):
    """The journals at rest whose runs began in a month.

    Attributes:
        month: As ``2026-11``.
        runs: How many runs they are of.
        journals: How many they are.
        size_b: Their size. [B]
    """

    month: str
    runs: int
    journals: int
    size_b: int


class Compacted(NamedTuple):
    """What a compaction did, or would do.

    Attributes:
        store: The folder of the store.
        dry_run: Whether nothing was written.
        months: The journals at rest by month.
        packs: The new packs.
        removed: Journals that were removed.
        removed_b: Their size. [B]
        left: Journals that stay as they are.
        joined: Journals of imported runs that were joined, or would be.
        duration_s: How long it took. [s]
    """

    store: str
    dry_run: bool
    months: tuple[Month, ...]
    packs: tuple[Made, ...]
    removed: int
    removed_b: int
    left: tuple[Left, ...]
    joined: Joined
    duration_s: float

    @property
    def resting_b(self) -> int:
        """The size of the journals at rest. [B]."""
        return sum(month.size_b for month in self.months)

    @property
    def packed_b(self) -> int:
        """The size of the new packs. [B]."""
        return sum(pack.size_b for pack in self.packs)

    def to_dict(self) -> dict[str, object]:
        """Return it fit for JSON."""
        packs = [{"file": pack.file, "journals": len(pack.journals), "size_b": pack.size_b} for pack in self.packs]
        return {
            "schema": SCHEMA,
            **{name: getattr(self, name) for name in ("store", "dry_run")},
            "months": [month._asdict() for month in self.months],
            "packs": packs,
            **{name: getattr(self, name) for name in ("resting_b", "removed", "removed_b", "packed_b")},
            "left": [each._asdict() for each in self.left],
            "joined": self.joined._asdict(),
            "duration_s": self.duration_s,
        }


OnPlan = Callable[[Compacted], object]


class Answer(NamedTuple):
    """What a question gave.

    Attributes:
        columns: The names of its columns.
        rows: Its rows.
        journals: How many journals are not packed, so that it says nothing of them.
        journals_b: Their size. [B]
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    journals: int
    journals_b: int
