"""Send runs to a ledger on a server: all of a batch or nothing, and the same batch twice changes nothing."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.index_file import VERSION
from traincarbon.ledger.listed_runs import COLUMNS as LISTED
from traincarbon.ledger.listed_runs import listed_values
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.record import combine
from traincarbon.ledger.run import Run
from traincarbon.ledger.server.cluster import cluster_of
from traincarbon.ledger.server.stored_record import record_text
from traincarbon.ledger.server.stored_text import stored_text
from traincarbon.ledger.server.tables import PROCESSES, RUNS, SOURCES

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LISTED = tuple(column.partition(" ")[0] for column in LISTED)
Key = tuple[str, str]
"""The id and the cluster of a run as the server has them."""


class Sender(NamedTuple):
    """Who sends.

    Attributes:
        store: What tells its store from others.
        cluster: The cluster of its runs, empty if it does not state one.
        user: The name under which its runs count, empty if it does not state one.
    """

    store: str
    cluster: str = ""
    user: str = ""


class ToSend(NamedTuple):
    """A run to send: its processes, and a digest of its journals."""

    run_id: str
    digest: str
    processes: Sequence[Process]


class Sent(NamedTuple):
    """What became of a batch: the ids of the runs that were written, and for others the reason why not."""

    runs: tuple[str, ...]
    refused: Mapping[str, str]


def send(connection: "Connection", batch: Sequence[ToSend], sender: Sender) -> Sent:
    """Write runs and their processes. Runs that other stores sent parts of are made from the processes of all of them.

    Writers of the same run wait for each other, in the order of the runs, so that they never wait in a circle.
    """
    keyed = dict(sorted(_keys(connection, batch, sender).items()))
    _insert_new(connection, keyed)
    writable = _locked(connection, keyed)
    refused = {run.run_id: "another role wrote it" for key, run in keyed.items() if key not in writable}
    keyed = {key: run for key, run in keyed.items() if key in writable}
    if keyed:
        _upsert(connection, PROCESSES, [row for key, run in keyed.items() for row in _process_rows(key, run)], newer="seq")
        others = _others(connection, keyed)
        rows = []
        for key, run in keyed.items():
            try:
                rows.append(_run_row(key, _combined(run, others.get(key, [])), sender))
            except CarbonError as error:
                refused[run.run_id] = str(error)
        _upsert(connection, RUNS, rows)
        _upsert(connection, SOURCES, [{**_of(key), "store": sender.store, "digest": run.digest} for key, run in keyed.items() if run.run_id not in refused])
    return Sent(tuple(run.run_id for run in keyed.values() if run.run_id not in refused), refused)


def _keys(connection: "Connection", batch: Sequence[ToSend], sender: Sender) -> dict[Key, ToSend]:
    """Return the key of each run. A process that the server has already stays in its run, whichever store sends it."""
    from sqlalchemy import select, tuple_

    wanted = {(stored_text(run.run_id), stored_text(process.writer)) for run in batch for process in run.processes}
    known: dict[tuple[str, str], str] = {}
    pairs = sorted(wanted)
    for first in range(0, len(pairs), _AT_ONCE):
        question = select(PROCESSES.c.run_id, PROCESSES.c.writer, PROCESSES.c.cluster).where(
            tuple_(PROCESSES.c.run_id, PROCESSES.c.writer).in_(pairs[first : first + _AT_ONCE])
        )
        known |= {(run_id, writer): cluster for run_id, writer, cluster in connection.execute(question)}
    keys: dict[Key, ToSend] = {}
    for run in batch:
        run_id = stored_text(run.run_id)
        seen = next((cluster for process in run.processes if (cluster := known.get((run_id, stored_text(process.writer)))) is not None), None)
        cluster = cluster_of(run.run_id, run.processes, store=sender.store, stated=sender.cluster) if seen is None else seen
        keys[run_id, stored_text(cluster)] = run
    return keys


_AT_ONCE = 1000
"""Rows of a question; PostgreSQL takes 65,535 values in one."""


def _insert_new(connection: "Connection", keyed: Iterable[Key]) -> None:
    """Make the rows of new runs, which have no record until the end of this transaction."""
    from sqlalchemy.dialects.postgresql import insert

    rows = [{**_of(key), "started_at": "", "project": "", "state": "", "hw": "", "is_shared": 0} for key in keyed]
    for first in range(0, len(rows), _AT_ONCE):
        connection.execute(insert(RUNS).values(rows[first : first + _AT_ONCE]).on_conflict_do_nothing())


def _locked(connection: "Connection", keyed: Iterable[Key]) -> set[Key]:
    """Lock the rows of runs until the end of this transaction; those that this role may not change are left out."""
    from sqlalchemy import select, tuple_

    question = (
        select(RUNS.c.run_id, RUNS.c.cluster)
        .where(tuple_(RUNS.c.run_id, RUNS.c.cluster).in_(list(keyed)))
        .order_by(RUNS.c.run_id, RUNS.c.cluster)
        .with_for_update()
    )
    return {(run_id, cluster) for run_id, cluster in connection.execute(question)}


def _upsert(connection: "Connection", table: Any, rows: Sequence[Mapping[str, object]], *, newer: str = "") -> None:
    """Write rows in place of those with the same keys; with *newer*, none whose number there is lower than the one that is known."""
    from sqlalchemy.dialects.postgresql import insert

    for first in range(0, len(rows), _AT_ONCE):
        new = insert(table).values([dict(row) for row in rows[first : first + _AT_ONCE]])
        keys = [column.name for column in table.primary_key]
        changed = {name: new.excluded[name] for name in rows[0] if name not in keys}
        where = table.c[newer] <= new.excluded[newer] if newer else None
        connection.execute(new.on_conflict_do_update(index_elements=keys, set_=changed, where=where))


def _process_rows(key: Key, run: ToSend) -> list[dict[str, object]]:
    by_writer = {stored_text(process.writer): process for process in sorted(run.processes, key=lambda process: process.seq)}
    return [
        {**_of(key), "writer": writer, "seq": process.seq, "version": VERSION, "summary": json.dumps(process.to_stored())}
        for writer, process in sorted(by_writer.items())
    ]


def _others(connection: "Connection", keyed: Mapping[Key, ToSend]) -> dict[Key, list[tuple[int, str, str]]]:
    """Return the version, writer and summary of processes that other stores sent, or of which the server knows more lines."""
    from sqlalchemy import select, tuple_

    question = select(PROCESSES.c.run_id, PROCESSES.c.cluster, PROCESSES.c.writer, PROCESSES.c.seq).where(
        tuple_(PROCESSES.c.run_id, PROCESSES.c.cluster).in_(list(keyed))
    )
    ours = {(*key, stored_text(process.writer)): process.seq for key, run in keyed.items() for process in run.processes}
    missing = [(run_id, cluster, writer) for run_id, cluster, writer, seq in connection.execute(question) if ours.get((run_id, cluster, writer), -2) < seq]
    found: dict[Key, list[tuple[int, str, str]]] = {}
    for first in range(0, len(missing), _AT_ONCE):
        rows = select(PROCESSES.c.run_id, PROCESSES.c.cluster, PROCESSES.c.version, PROCESSES.c.writer, PROCESSES.c.summary).where(
            tuple_(PROCESSES.c.run_id, PROCESSES.c.cluster, PROCESSES.c.writer).in_(missing[first : first + _AT_ONCE])
        )
        for run_id, cluster, version, writer, summary in connection.execute(rows):
            found.setdefault((run_id, cluster), []).append((version, writer, summary))
    return found


def _combined(run: ToSend, others: Sequence[tuple[int, str, str]]) -> Run:
    """Return the record of a run from its own processes and those that others sent.

    Raises:
        CarbonError: another version sent one of them, or there is no process.
    """
    if any(version != VERSION for version, _, _ in others):
        raise CarbonError("another version of traincarbon sent a part of it, which this one cannot read")
    theirs = {writer: Process.from_stored(json.loads(summary)) for _, writer, summary in others}
    own = [process for process in run.processes if stored_text(process.writer) not in theirs]
    return combine(sorted([*own, *theirs.values()], key=lambda process: (process.run_id, process.node, process.writer)), now_s=time.time())


def _run_row(key: Key, record: Run, sender: Sender) -> dict[str, object]:
    hw, *numbers = listed_values(record)
    return {
        **_of(key),
        "started_at": stored_text(record.started_at),
        "project": stored_text(record.project),
        "state": record.state,
        "username": stored_text(sender.user) if sender.user else None,
        **dict(zip(_LISTED, [stored_text(str(hw)), *numbers], strict=True)),
        "record": record_text(record),
    }


def _of(key: Key) -> dict[str, object]:
    return {"run_id": key[0], "cluster": key[1]}
