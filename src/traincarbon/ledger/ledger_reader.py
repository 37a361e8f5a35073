"""Read a ledger: list its runs, and find one by its id."""

from collections.abc import Iterator
from typing import Self

from traincarbon.errors import AmbiguousError, NotFoundError
from traincarbon.ledger.listed_runs import looked_twice
from traincarbon.ledger.run import Run
from traincarbon.ledger.source import RunSource
from traincarbon.suggestions import one_letter_off

LATEST = "last"
"""Names the run that began last."""

_SHOWN = 5


class LedgerReader:
    """The runs of a ledger: of a store, or of a team on a server.

    Attributes:
        store: The folder of the store, or the server.
    """

    store: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def index(self) -> RunSource:
        """What answers."""
        raise NotImplementedError

    def close(self) -> None:
        """Close it. It is safe to call twice."""

    def runs(self, *, project: str = "", state: str = "", since: str = "", limit: int = 0) -> list[Run]:
        """Return the matching runs, the latest first.

        Args:
            project: Only those of this project.
            state: Only those in this state.
            since: Only those that began at this time (ISO 8601, UTC) or later.
            limit: Return at most this many; 0 means all.
        """
        return self.index.records(project=project, state=state, since=since, limit=limit)[0]

    def each_run(self) -> Iterator[Run]:
        """Yield all runs, the latest first, some at a time."""
        raise NotImplementedError

    def run(self, id: str) -> Run:
        """Return the run with that id, with the only id that begins with it, or the ``last`` run.

        Raises:
            NotFoundError: there is no such run.
            AmbiguousError: several ids begin with it.
        """
        return self.found(self.full_id(id))

    def faults(self) -> list[str]:
        """Return what cannot be read, each with its place."""
        self.index.refresh()
        return self.index.faults()

    def full_id(self, id: str) -> str:
        """Return the id of the run that :meth:`run` returns."""
        found = looked_twice(self.index, lambda: self._ids(id), is_whole=lambda ids: bool(ids) or not id or self.index.lacks("" if id == LATEST else id))
        if not found:
            begun = f" that begins with {id[:60]!r}" if id and id != LATEST else ""
            meant = self._meant(id) if begun else []
            question = f"did you mean {' or '.join(meant)}? " if meant else ""
            raise NotFoundError(f"no run{begun} in {self.store}", hint=f"{question}list all with: carbon runs list; choose another store with: --store DIR")
        if len(found) > 1:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise AmbiguousError(f"{len(found)} runs begin with {id[:60]!r}", hint=f"use one of {', '.join(run_id[:60] for run_id in found[:_SHOWN])}{more}")
        return found[0]

    def _ids(self, id: str) -> list[str]:
        found = self.index.ids(id) if id else []
        if id in found:
            return [id]
        return self.index.ids("", limit=1) if id == LATEST else found

    def _meant(self, id: str) -> list[str]:
        """Return some ids of runs that *id* may be a slip for, first those that differ in upper and lower case alone."""
        return list(dict.fromkeys([*self.index.spelled_otherwise(id, limit=_SHOWN), *self.index.known(one_letter_off(id))]))[:_SHOWN]

    def found(self, run_id: str) -> Run:
        """Return the run with that exact id.

        Raises:
            NotFoundError: it was deleted in the meantime.
        """
        record = looked_twice(self.index, lambda: self.index.record(run_id), is_whole=bool)
        if record is None:
            raise NotFoundError(f"no run {run_id[:60]!r} in {self.store}", hint="it was deleted in the meantime; list all with: carbon runs list")
        return record
