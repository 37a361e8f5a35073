"""What every page needs: the facts, the store, the address and who may write."""

from dataclasses import dataclass

from starlette.requests import Request

from traincarbon.database.load import Database
from traincarbon.webapp.address import Address
from traincarbon.webapp.ledger_thread import LedgerThread


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The app as it was started.

    Attributes:
        database: The facts.
        ledger: The ledger of the store.
        plans: The same store for saved plans, which need not wait for the index of runs.
        address: Where it listens.
        level: Confidence level of the intervals. [1]
        is_read_only: Whether nobody may write.
    """

    database: Database
    ledger: LedgerThread
    plans: LedgerThread
    address: Address
    level: float = 0.9
    is_read_only: bool = False


def site_of(request: Request) -> Site:
    """Return the site that a *request* is for."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def may_write(request: Request) -> bool:
    """Say whether a *request* may write: it has the token, and the app is not read-only."""
    return bool(getattr(request.state, "may_write", False))
