"""Connections to the server of a ledger: with a limit for each wait, and errors in one line."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.ledger.patience import Asked
from traincarbon.ledger.server.address import missing_extra, parsed, shown

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
_CONNECT_S, _STATEMENT_S, _LOCK_S = 5, 60, 20
_ANSWER_S = 90.0
"""Longest wait for all statements of a transaction: a server that accepts a connection and then says nothing has no other limit."""
_SETTINGS = f"""
SELECT set_config('statement_timeout', '{_STATEMENT_S}s', true), set_config('lock_timeout', '{_LOCK_S}s', true), set_config('jit', 'off', true)
"""
"""For one transaction: limits, and no compiling of questions, which takes longer than any of ours."""
_NOT_PERMITTED, _TWICE = "42501", "23505"
_WRONG = re.compile(
    r"authentication failed|(role|user|database) .* does not exist|no password supplied|no pg_hba\.conf entry|not permitted to log in|channel binding|permission denied for database"
    r"|does not support SSL|invalid (\S+ )?(connection option|port number|\S+ value)|certificate|is not currently accepting connections"
)
"""What a server, or the driver, says of an address that will not be right later either; it has no SQLSTATE before a connection stands."""
_PASSING = ("08", "23505", "40", "53", "55", "57")
"""What passes, by SQLSTATE: connections, transactions that collided, resources, locks, and a server that is shut down or starts."""


class ServerAwayError(CarbonError):
    """The server does not answer, or not now: trying again later may help."""


class ServerLedger:
    """A ledger on a server.

    Args:
        address: Its address, see :mod:`traincarbon.ledger.server.address`.
        answer_s: Longest wait for an answer. [s]

    Raises:
        MissingExtraError: SQLAlchemy or psycopg is not installed.
        CarbonError: the address cannot be read.
    """

    def __init__(self, address: str, *, answer_s: float = _ANSWER_S) -> None:
        url = parsed(address)
        self.shown = shown(address)
        self._answer_s = answer_s
        try:
            import psycopg  # noqa: F401  the driver, which SQLAlchemy imports by name
            from sqlalchemy import create_engine
            from sqlalchemy.pool import QueuePool
        except ImportError as error:
            raise missing_extra() from error
        waits = {"connect_timeout": _CONNECT_S, "tcp_user_timeout": 1000 * _LOCK_S, "application_name": "traincarbon"}
        arguments = {name: value for name, value in waits.items() if name not in url.query}
        self._engine: Engine = create_engine(
            url,
            connect_args={**arguments, "prepare_threshold": None},
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=2,
            pool_pre_ping=True,
            hide_parameters=True,
        )

    def close(self) -> None:
        """Close the connections. It is safe to call twice."""
        self._engine.dispose()

    def ask(self, work: "Callable[[Connection], T]", *, within_s: float | None = None) -> T:
        """Return what *work* returns, done in one transaction: all of it or nothing.

        Args:
            work: What to do.
            within_s: Longest wait, by default that of this ledger. [s]

        Raises:
            ServerAwayError: the server does not answer, or the connection was lost; whether the work was done is not known.
            CarbonError: the server refuses it.
        """
        try:
            return Asked(lambda: self._done(work)).answer(within_s=self._answer_s if within_s is None else within_s)
        except TimeoutError:
            raise ServerAwayError(f"the ledger at {self.shown} does not answer", hint=_LATER) from None

    def _done(self, work: "Callable[[Connection], T]") -> T:
        with self._errors_in_a_line(), self._engine.begin() as connection:
            connection.exec_driver_sql(_SETTINGS)
            return work(connection)

    @contextmanager
    def _errors_in_a_line(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            yield
        except DBAPIError as error:
            raise self._error(error) from None
        except (SQLAlchemyError, UnicodeError) as error:
            raise CarbonError(f"the ledger at {self.shown} cannot be used: {_first_line(error)}", hint="is its address right?") from None

    def _error(self, error: "DBAPIError") -> CarbonError:
        from sqlalchemy.exc import InterfaceError, OperationalError

        state = getattr(error.orig, "sqlstate", None) or ""
        said = _first_line(error.orig)
        if state == _NOT_PERMITTED:
            return CarbonError(f"the ledger at {self.shown} does not permit it: {said}", hint="ask its owner for the role that the documentation names")
        is_lost = not state and isinstance(error, OperationalError | InterfaceError)
        if not state and (_WRONG.search(said) or not is_lost):
            return CarbonError(f"the ledger at {self.shown} cannot be opened: {said}", hint=_CHECK)
        if is_lost or error.connection_invalidated:
            return ServerAwayError(f"the ledger at {self.shown} does not answer: {said}", hint=_LATER)
        if state.startswith(_PASSING):
            return ServerAwayError(f"the ledger at {self.shown} cannot do it now: {said}", hint=_DUPLICATE if state == _TWICE else _BUSY)
        return CarbonError(
            f"the ledger at {self.shown} refuses it: {said}", hint="is it a server of PostgreSQL 12 or later, and this version of traincarbon the latest?"
        )


_CHECK = "are user, password, host, port, database and options of CARBON_LEDGER right? no run is lost: the store keeps them; --store DIR reads a store"
_BUSY = "try it again later: no run is lost, the store keeps them"
_DUPLICATE = "try it again later; if it stays, another role sent these runs as those of another cluster: is CARBON_CLUSTER the same as there?"
_LATER = "is it up, and the name of its machine right? no run is lost: the store keeps them, and carbon runs sync sends them later; --store DIR reads a store"


def _first_line(error: object) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
