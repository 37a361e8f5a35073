"""Answers of a ledger on a server: lists, totals and records of the runs of all who sent theirs."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from traincarbon.errors import CarbonError
from traincarbon.ledger.listed_runs import ACROSS, BOUNDED, SUMMED, WITHIN, Questions
from traincarbon.ledger.run import Run, timestamp, wall_clock_s
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.schema import check_schema
from traincarbon.ledger.server.stored_record import record_from
from traincarbon.ledger.server.stored_text import stored_text
from traincarbon.quantities import Part

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MOST_BOARDS = 64
"""GPUs of one run for which other runs are looked up."""
_AT_A_TIME = 500
"""Records that are in memory where all are read."""
_MONTH_S = 31 * 86400.0
_RUNS = "traincarbon.runs AS run"
_IS_ALONE = "NOT EXISTS (SELECT 1 FROM traincarbon.runs AS other WHERE other.run_id = run.run_id AND other.cluster <> run.cluster)"
_ID = f"CASE WHEN run.cluster = '' OR {_IS_ALONE} THEN run.run_id ELSE run.run_id || '@' || run.cluster END"
"""The id of a run as it is shown: with its cluster where another cluster has a run of that id."""
_WHERE = "run.record IS NOT NULL AND {where}"
_TERMS = {
    "project": "project = {}",
    "state": "state = {}",
    "since": "started_at >= {}",
    "until": "started_at <= {}",
    "words": "strpos(lower(run_id || ' ' || project || ' ' || hw), lower(CAST({} AS text))) > 0",
}
_LISTED = f"{_ID} AS shown_id, started_at, project, state, hw, duration_s, gpu_h, energy_kwh, co2e_kg, cost_usd"
_SUM = "CAST(coalesce(sum({what}), 0) AS double precision), count({what})"
_SUMS, _BOUNDED = (", ".join(_SUM.format(what=SUMMED[name]) for name in names) for names in (SUMMED, BOUNDED))
_BETWEEN = {"begin": "CAST(:p1 AS text)", "end": "CAST(:p2 AS text)", "long_s": ":p3"}
_PROJECTS = """
WITH RECURSIVE found(name) AS (
    (SELECT min(project) FROM traincarbon.runs WHERE project > '')
    UNION ALL SELECT (SELECT min(project) FROM traincarbon.runs WHERE project > name) FROM found WHERE name IS NOT NULL
) SELECT name FROM found WHERE name IS NOT NULL LIMIT :p1
"""
IN_POSTGRESQL = Questions(
    value=":p{}",
    runs=_RUNS,
    runs_in_order=_RUNS,
    terms=_TERMS,
    total=f"SELECT count(*) FROM {{runs}} WHERE {_WHERE}",
    page=f"SELECT {_LISTED} FROM {{runs}} WHERE {_WHERE} ORDER BY {{sorting}} LIMIT {{most}} OFFSET {{before}}",
    projects=_PROJECTS,
    months=f"SELECT month, project, count(*), {_SUMS} FROM {_RUNS} WHERE {_WHERE} GROUP BY 1, 2 ORDER BY 1, 2",
    within=(
        f"SELECT project, substr(started_at, 1, CAST(:p4 AS integer)), count(*), {_BOUNDED} FROM {_RUNS} "
        f"WHERE run.record IS NOT NULL AND {WITHIN.format(**_BETWEEN)} GROUP BY 1, 2"
    ),
)
_ACROSS = f"SELECT {_ID}, record FROM {_RUNS} WHERE run.record IS NOT NULL AND {ACROSS.format(**_BETWEEN)}"
_RECORDS = f"SELECT {_ID}, record FROM {_RUNS} WHERE {_WHERE} ORDER BY started_at DESC, run_id LIMIT {{most}}"
_IDS = f"SELECT {_ID} FROM {_RUNS} WHERE record IS NOT NULL AND (starts_with(run_id, :p1) OR run_id = ANY(:p3)) ORDER BY started_at DESC, run_id LIMIT :p2"
_KEYS = "SELECT run_id, cluster FROM traincarbon.runs WHERE record IS NOT NULL ORDER BY started_at DESC, run_id, cluster"
_OF_KEYS = f"""
SELECT run_id, cluster, {_ID}, record FROM {_RUNS}
WHERE record IS NOT NULL AND (run_id, cluster) IN (SELECT * FROM unnest(CAST(:p1 AS text[]), CAST(:p2 AS text[])))
"""
_KNOWN = f"SELECT {_ID} FROM {_RUNS} WHERE record IS NOT NULL AND run_id = ANY(:p1)"
_SPELLED = f"SELECT {_ID} FROM {_RUNS} WHERE record IS NOT NULL AND lower(run_id) = lower(:p1) ORDER BY run_id LIMIT :p2"
_RECORD = f"SELECT {_ID}, record FROM {_RUNS} WHERE record IS NOT NULL AND run_id = ANY(:p2) AND {_ID} = :p1"

_AROUND = (
    f"SELECT {_ID}, record FROM {_RUNS} WHERE record IS NOT NULL AND started_at BETWEEN :p3 AND :p2 "
    "AND (state = 'running' OR ended_at IS NULL OR ended_at >= :p1)"
)
_OF_BOARDS = (
    f"SELECT {_ID}, record FROM {_RUNS} WHERE record IS NOT NULL AND started_at BETWEEN :p1 AND :p2 "
    "AND EXISTS (SELECT 1 FROM unnest(CAST(:p3 AS text[])) AS gpu WHERE strpos(record, gpu) > 0)"
)
"""Values of a question never stand in its text."""


class ServerRuns:
    """The runs of a ledger on a server.

    Args:
        address: Its address, see :mod:`traincarbon.ledger.server.address`.

    Raises:
        CarbonError: it cannot be read, or there is no ledger of this version.
    """

    questions = IN_POSTGRESQL

    def __init__(self, address: str) -> None:
        self._server = ServerLedger(address)
        self.shown = self._server.shown
        self._faults: list[str] = []
        self._server.ask(lambda connection: check_schema(connection, place=self.shown))

    def refresh(self) -> None:
        """Do nothing: the server has what was sent."""

    def close(self) -> None:
        """Close the connection. It is safe to call twice."""
        self._server.close()

    def look_through(self, *, within_s: float = 0.0) -> None:
        """Do nothing: the server takes care of its tables."""

    def records(self, *, project: str = "", state: str = "", since: str = "", until: str = "", limit: int = 0) -> tuple[list[Run], int]:
        """Return the matching records, the latest first and at most *limit* (0: all), and the number of all matches."""
        where, values = self.questions.where({"project": project, "state": state, "since": since, "until": until})
        self._faults = []
        ((total,),) = self.rows(self.questions.total.format(runs=self.questions.runs, where=where), *values)
        most = self.questions.value.format(len(values) + 1)
        return self._read(self.rows(_RECORDS.format(where=where, most=most), *values, limit or None)), total

    def ids(self, prefix: str, *, limit: int = 0) -> list[str]:
        """Return the ids of runs that begin with *prefix*, the latest first and at most *limit* (0: all)."""
        begun = stored_text(prefix)
        return [run_id for (run_id,) in self.rows(_IDS, prefix, limit or None, _without_cluster(begun)) if run_id.startswith(begun)]

    def lacks(self, prefix: str) -> bool:  # noqa: ARG002  the answer is that of the server
        """Return that it is certain, see :meth:`look_through`."""
        return True

    def known(self, ids: Sequence[str]) -> list[str]:
        """Return those of some *ids* that runs have."""
        return [run_id for (run_id,) in self.rows(_KNOWN, [stored_text(id) for id in ids])]

    def spelled_otherwise(self, id: str, *, limit: int) -> list[str]:
        """Return at most *limit* ids of runs that differ from *id* in upper and lower case alone."""
        return [run_id for (run_id,) in self.rows(_SPELLED, id, limit)]

    def each_record(self) -> Iterator[Run]:
        """Yield all records, the latest first, some at a time: those of a team may be larger than memory. One that is deleted meanwhile is left out."""
        self._faults = []
        keys = [(run_id, cluster) for run_id, cluster in self.rows(_KEYS)]
        for first in range(0, len(keys), _AT_A_TIME):
            some = keys[first : first + _AT_A_TIME]
            rows = self.rows(_OF_KEYS, [run_id for run_id, _ in some], [cluster for _, cluster in some])
            found = {(run_id, cluster): (shown_id, stored) for run_id, cluster, shown_id, stored in rows}
            yield from self._read([found[key] for key in some if key in found])

    def record(self, run_id: str) -> Run | None:
        """Return the record of the run with that exact id."""
        id = stored_text(run_id)
        found = self._read(self.rows(_RECORD, id, [id, *_without_cluster(id)]))
        return found[0] if found else None

    def records_of_boards(self, run: Run) -> list[Run]:
        """Return the records, *run* and others, that have one of its GPUs and began at most a month before it, and before it ended."""
        gpus = [f'"{use.device}"' for use in run.by_device if use.part == Part.GPU][:_MOST_BOARDS]
        if not gpus or not run.attempts:
            return []
        began_s, ended_s = min(attempt.began_s for attempt in run.attempts), max(attempt.ended_s for attempt in run.attempts)
        return self._read(self.rows(_OF_BOARDS, timestamp(began_s - _MONTH_S), timestamp(ended_s), gpus))

    def records_around(self, begin: str, end: str, *, of_other_programs: bool = False) -> list[Run]:
        """Return the records of runs that ran, or run still, between two instants, and began at most a month before: all, or those that other programs made."""
        others = ' AND strpos(record, \'"source": ""\') = 0' if of_other_programs else ""
        return self._read(self.rows(_AROUND + others, begin, end, timestamp((wall_clock_s(begin) or 0.0) - _MONTH_S)))

    def records_across(self, begin: str, end: str, *, long_s: float) -> list[Run]:
        """Return the records, without their devices, of runs that ran between two instants and crossed one of them, took long, or still run."""
        return self._read(self.rows(_ACROSS, begin, end, long_s), has_devices=False)

    def files(self, run_id: str) -> list[str]:  # noqa: ARG002  as of every source
        """Return nothing: journals stay in the stores."""
        return []

    def faults(self) -> list[str]:
        """Return the runs whose records could not be read when they were asked for."""
        return list(self._faults)

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question; its values are ``:p1``, ``:p2`` and so on."""
        from sqlalchemy import text

        named = {f"p{place}": stored_text(value) if isinstance(value, str) else value for place, value in enumerate(values, 1) if f":p{place}" in question}

        def answered(connection: "Connection") -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(text(question), named)]

        return self._server.ask(answered)

    def rows_kept(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what :meth:`rows` does: what others sent meanwhile counts."""
        return self.rows(question, *values)

    def _read(self, rows: list[tuple[Any, ...]], *, has_devices: bool = True) -> list[Run]:
        """Return records with their ids as they are shown, without their devices if nobody asks for those; records that cannot be read are faults."""
        from dataclasses import replace

        found = []
        for shown_id, stored in rows:
            try:
                record = record_from(stored, has_devices=has_devices)
            except (CarbonError, ValueError) as error:
                self._faults.append(f"{shown_id}: {error}")
                continue
            found.append(record if stored_text(record.run_id) == shown_id else replace(record, run_id=shown_id))
        return found


def _without_cluster(id: str) -> list[str]:
    """Return the ids that *id* may be of, where it ends with a cluster."""
    return [id[:at] for at, letter in enumerate(id) if letter == "@"]
