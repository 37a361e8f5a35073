"""Bring a ledger on a server up to date with a store: send the runs that it does not have as they are now."""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.ledger.index_contents import Contents, contents_of, processes_of
from traincarbon.ledger.listed_runs import SOUND_S
from traincarbon.ledger.server.address import VARIABLE, server_address
from traincarbon.ledger.server.connection import ServerAwayError, ServerLedger
from traincarbon.ledger.server.schema import KNOWN, make_schema, schema_of
from traincarbon.ledger.server.stored_text import stored_text
from traincarbon.ledger.store import Ledger
from traincarbon.ledger.store_folder import name_of_machine, random_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from traincarbon.ledger.server.sending import Sender, Sent, ToSend

T = TypeVar("T")
WAIT_S = 20.0
"""How long a server that does not answer is asked again."""
_AT_ONCE = 100
"""Runs of a transaction."""
_TOLD_EVERY = 1000
_PAUSES_S = (0.2, 0.5, 1.0, 2.0)
_UPGRADE_S = 3600.0
"""Longest wait for the tables of an earlier version to be brought up to date. [s]"""


class Synced(NamedTuple):
    """What became of the runs of a store.

    Attributes:
        server: The server, without its password.
        runs: How many runs were looked at.
        sent: Ids of the runs that were sent.
        unchanged: How many the server had as they are.
        refused: Runs that the server did not take, with the reason.
    """

    server: str
    runs: int
    sent: tuple[str, ...]
    unchanged: int
    refused: Mapping[str, str]


def sync(
    ids: Iterable[str] = (),
    *,
    ledger: str = "",
    cluster: str = "",
    user: str = "",
    wait_s: float = WAIT_S,
    store: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Synced:
    """Send runs to the ledger of a team on PostgreSQL. What an earlier sync sent is not sent again.

    Args:
        ids: The runs, as :meth:`traincarbon.ledger.store.Ledger.run` takes them; all if there are none.
        ledger: The server as ``postgresql+psycopg://USER@HOST/DATABASE``; by default ``$CARBON_LEDGER``.
        cluster: The cluster of these runs, if others count their jobs alike; by default ``$CARBON_CLUSTER``.
        user: Count these runs under that user; by default ``$CARBON_LEDGER_USER``, else under none.
        wait_s: How long a server that does not answer is asked again. [s]
        store: The folder of the runs; by default ``$CARBON_STORE``, else the user's data folder.
        progress: Called with a line after each thousand runs.

    Raises:
        ServerAwayError: the server does not answer; what was sent until then stays, and the next time the rest is sent.
        CarbonError: no server is named, it refuses the runs or has another schema, or a run is unknown.
    """
    address = ledger or server_address()
    if not address:
        raise CarbonError("no ledger on a server is named", hint=f"set {VARIABLE}=postgresql+psycopg://USER@HOST/DATABASE, or give --ledger")
    user = user or os.environ.get("CARBON_LEDGER_USER", "")
    with closing(ServerLedger(address)) as server, Ledger(store, progress=progress) as own:
        chosen = [own.full_id(id) for id in ids]
        sender = sender_of(own.store, cluster=cluster or os.environ.get("CARBON_CLUSTER", ""), user=user)
        _bring_up_to_date(server, progress)
        known = patiently(server, lambda connection: known_of(connection, sender, chosen), wait_s=wait_s)
        found = _found(own, chosen, mark=user)
        changed = [each for each in found if known.get(stored_text(each.run_id)) != each.digest]
        sent, refused = _sent(own, server, changed, sender, wait_s=wait_s, progress=progress)
        return Synced(server.shown, len(found), sent, len(found) - len(changed), refused)


def _bring_up_to_date(server: ServerLedger, progress: Callable[[str], None] | None) -> None:
    """Bring tables of an earlier version up to date, which takes minutes with millions of runs; a server that is away is asked again later."""
    try:
        step = server.ask(lambda connection: schema_of(connection, place=server.shown))
    except ServerAwayError:
        return
    if step and step != KNOWN[-1]:
        if progress is not None:
            progress(f"bringing the ledger at {server.shown} from the schema {step} to {KNOWN[-1]}: minutes, if there are a million runs")
        server.ask(lambda connection: make_schema(connection, place=server.shown), within_s=_UPGRADE_S)


def _sent(
    own: Ledger, server: ServerLedger, changed: Sequence[Contents], sender: "Sender", *, wait_s: float, progress: Callable[[str], None] | None
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Send runs in batches, each in a transaction; return those that were sent, and why others were not."""
    sent: list[str] = []
    refused: dict[str, str] = {}
    for batch in _batches(changed):
        done = patiently(server, partial(_send, _to_send(own, batch), sender), wait_s=wait_s)
        sent += done.runs
        refused |= done.refused
        if progress is not None and len(sent) % _TOLD_EVERY < _AT_ONCE < len(changed):
            progress(f"{len(sent):,} of {len(changed):,} runs sent")
    return tuple(sent), refused


def _to_send(own: Ledger, batch: Sequence[Contents]) -> "list[ToSend]":
    from traincarbon.ledger.server.sending import ToSend

    return [ToSend(each.run_id, each.digest, processes) for each in batch if (processes := processes_of(own.index, each.run_id))]


def _send(runs: "Sequence[ToSend]", sender: "Sender", connection: "Connection") -> "Sent":
    from traincarbon.ledger.server.sending import send

    return send(connection, runs, sender)


def _found(ledger: Ledger, chosen: Sequence[str], *, mark: str) -> list[Contents]:
    ledger.index.look_through(within_s=SOUND_S)
    if not chosen:
        return list(contents_of(ledger.index, mark=mark))
    return [each for run_id in dict.fromkeys(chosen) for each in contents_of(ledger.index, run_id, mark=mark)]


def known_of(connection: "Connection", sender: "Sender", chosen: Sequence[str] = ()) -> dict[str, str]:
    """Return the digest of each run, or of each that is *chosen*, as this store sent it last."""
    from sqlalchemy import select

    from traincarbon.ledger.server.tables import SOURCES

    question = select(SOURCES.c.run_id, SOURCES.c.digest).where(SOURCES.c.store == sender.store)
    if chosen:
        question = question.where(SOURCES.c.run_id.in_([stored_text(run_id) for run_id in chosen]))
    return {row.run_id: row.digest for row in connection.execute(question)}


def sender_of(store: str, *, cluster: str = "", user: str = "") -> "Sender":
    """Return who sends: a store, which has the same name each time."""
    from traincarbon.ledger.server.sending import Sender

    return Sender(name_of_machine(store, "ledger") or random_name(), cluster, user)


def _batches(changed: Sequence[Contents]) -> Iterator[list[Contents]]:
    rest = iter(changed)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch


def patiently(server: ServerLedger, work: "Callable[[Connection], T]", *, wait_s: float) -> T:
    """Return what *work* returns, with the tables of this version; if the server is away, try again, with longer and longer pauses.

    Raises:
        ServerAwayError: it is still away after *wait_s*.
        CarbonError: it refuses the work, or has another schema.
    """

    def done(connection: "Connection") -> T:
        make_schema(connection, place=server.shown)
        return work(connection)

    until_s = time.monotonic() + wait_s
    for attempt in itertools.count():
        try:
            return server.ask(done)
        except ServerAwayError:
            pause_s = _PAUSES_S[min(attempt, len(_PAUSES_S) - 1)]
            if time.monotonic() + pause_s > until_s:
                raise
            time.sleep(pause_s)
    raise AssertionError
