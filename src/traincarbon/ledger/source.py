"""What lists, pages and reports ask a ledger: the index of a store answers it, and the ledger of a team on a server."""

from collections.abc import Sequence
from typing import Any, Protocol

from traincarbon.ledger.listed_runs import Questions
from traincarbon.ledger.run import Run


class RunSource(Protocol):
    """The runs of a ledger."""

    @property
    def questions(self) -> Questions:
        """What lists and totals ask, as its database spells it."""

    def refresh(self) -> None:
        """Take in what is new."""

    def look_through(self, *, within_s: float = 0.0) -> None:
        """Make sure that what is kept of the runs is as it was written, unless that was done within some time, and take in what is new."""

    def records(self, *, project: str = "", state: str = "", since: str = "", until: str = "", limit: int = 0) -> tuple[list[Run], int]:
        """Return the matching records, the latest first and at most *limit* (0: all), and the number of all matches."""

    def ids(self, prefix: str, *, limit: int = 0) -> list[str]:
        """Return the ids of runs that begin with *prefix*, the latest first and at most *limit* (0: all)."""

    def lacks(self, prefix: str) -> bool:
        """Return whether it is certain without a look at all runs that none has an id that begins with *prefix*, after :meth:`ids` gave none."""

    def known(self, ids: Sequence[str]) -> list[str]:
        """Return those of some *ids* that runs have."""

    def spelled_otherwise(self, id: str, *, limit: int) -> list[str]:
        """Return at most *limit* ids of runs that differ from *id* in upper and lower case alone."""

    def record(self, run_id: str) -> Run | None:
        """Return the record of the run with that exact id."""

    def records_of_boards(self, run: Run) -> list[Run]:
        """Return the records, *run* and others, that have one of its GPUs and ran, or run still, while it did."""

    def records_around(self, begin: str, end: str, *, of_other_programs: bool = False) -> list[Run]:
        """Return the records of runs that ran, or run still, between two instants: all, or those that other programs made."""

    def records_across(self, begin: str, end: str, *, long_s: float) -> list[Run]:
        """Return the records that :attr:`Questions.within` leaves out of those that ran between two instants, or still run; devices may be left out."""

    def files(self, run_id: str) -> list[str]:
        """Return the paths of the journals that hold lines of a run, as far as they are at hand."""

    def faults(self) -> list[str]:
        """Return what cannot be read, each with its place."""

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question."""

    def rows_kept(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what :meth:`rows` does, for a question that takes long and is asked again and again."""

    def close(self) -> None:
        """Close it. It is safe to call twice."""
