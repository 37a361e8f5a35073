"""The facts about prices: the rent of an accelerator, the price of a server, and how long and how much it is used."""

from collections.abc import Hashable
from functools import partial

from traincarbon.database.load import Database
from traincarbon.estimation.facts.evidence import Given, Part, from_prior
from traincarbon.estimation.facts.purchase import purchase_price
from traincarbon.estimation.facts.question import Subject
from traincarbon.estimation.facts.rent import Quote, Rent, rent_key, rent_of


class PriceFacts(Part):
    """Prices of hardware, to rent and to buy, and its use.

    Attributes:
        quotes: The quotes that ``rent_price`` rests on, one a provider.
    """

    quotes: tuple[Quote, ...] = ()
    rent_price: Given | None = None
    purchase_price: Given | None = None
    interconnect_share: Given | None = None
    service_life: Given | None = None
    utilisation: Given | None = None
    value_retained: Given | None = None
    support_share: Given | None = None
    staff_share: Given | None = None
    spares_share: Given | None = None
    capital_share: Given | None = None
    disposal_share: Given | None = None
    colocation_price: Given | None = None


def price_key(subject: Subject) -> Hashable:
    """Return the part of *subject* that its prices depend on."""
    return (rent_key(subject), _is_home(subject))


def price_facts(subject: Subject, database: Database) -> PriceFacts:
    """Return the rent of an accelerator-hour, the price of a server, and how long and how much it is used.

    Raises:
        NotFoundError: ``rent_from`` is neither a kind of provider nor a provider.
        DatabaseError: a prior is missing.
    """
    rent, quotes, warnings = kept_rent(subject, database)
    return PriceFacts(
        **_upkeep(subject, database),
        quotes=quotes,
        rent_price=rent,
        purchase_price=database.kept(purchase_price, (subject.hardware.id, subject.question.start), partial(purchase_price, subject, database)),
        interconnect_share=from_prior(
            database, "interconnect_share", "*", "", "network between servers, as a share of the cluster's price", spread="interconnect"
        ),
        service_life=from_prior(database, "service_life", "*", "years", "years that accelerators stay in service"),
        value_retained=from_prior(database, "value_retained", "*", "", "share of its price that hardware keeps in a year"),
        utilisation=from_prior(database, "utilisation", "*", "", "share of its service life in which a cluster is used"),
        warnings=warnings,
    )


def kept_rent(subject: Subject, database: Database) -> Rent:
    """Return the rent of an accelerator-hour; the answer is kept with the database.

    Raises:
        NotFoundError: ``rent_from`` is neither a kind of provider nor a provider.
        DatabaseError: a prior is missing.
    """
    return database.kept(rent_of, rent_key(subject), partial(rent_of, subject, database))


_UPKEEP = {
    "support_share": ("", "support and maintenance contracts in a year, over the price"),
    "staff_share": ("", "people who run the cluster in a year, over the price"),
    "spares_share": ("", "spare parts in a year, over the price"),
    "capital_share": ("", "interest in a year, or what the capital would earn elsewhere"),
    "disposal_share": ("", "taking the hardware down at the end, over the price"),
    "colocation_price": ("$/kW-month", "rent of a building with power and cooling, without the electricity"),
}
"""What ownership costs besides hardware and electricity: unit and meaning of each prior."""
_NOT_AT_HOME = ("support_share", "staff_share", "colocation_price")


def _upkeep(subject: Subject, database: Database) -> dict[str, Given]:
    """Return what ownership costs besides hardware and electricity; at home there is no building, no staff and no contract to pay."""
    is_home = _is_home(subject)
    return {
        name: Given(name, 0.0, unit, "home: nothing is paid for it", assumed=True)
        if is_home and name in _NOT_AT_HOME
        else from_prior(database, name, "*", unit, meaning)
        for name, (unit, meaning) in _UPKEEP.items()
    }


def _is_home(subject: Subject) -> bool:
    return subject.place is not None and subject.place.site == "home"
