"""Everything that the database knows about a plan's hardware, place and time."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.evidence import Given, Part, from_prior
from traincarbon.estimation.facts.hardware import PeakFacts, PowerFacts
from traincarbon.estimation.facts.making import EmbodiedFacts
from traincarbon.estimation.facts.prices import PriceFacts
from traincarbon.estimation.facts.question import Subject
from traincarbon.estimation.facts.site import ElectricityFacts, FacilityFacts
from traincarbon.estimation.facts.utilisation import UtilisationFacts
from traincarbon.estimation.links import CHAIN
from traincarbon.estimation.prepared_walk import PreparedWalks
from traincarbon.uncertain import Num, median_of

if TYPE_CHECKING:
    from traincarbon.database.place_names import Place


class MeterFacts(Part):
    """How far meters are off; it enters the values of a run, and no estimate."""

    meter: Given | None = None
    host_rest_share: Given | None = None


def meter_facts(subject: Subject, database: Database) -> MeterFacts:  # noqa: ARG001  it is gathered like the others
    """Return how far meters are off.

    Raises:
        DatabaseError: a prior is missing.
    """
    rest = "share of a server's rest that is neither processor nor memory"
    return MeterFacts(
        meter=from_prior(database, "meter", "*", "", "true energy over the energy that sensors report"),
        host_rest_share=from_prior(database, "host_rest_share", "*", "", rest),
    )


class Facts(PeakFacts, UtilisationFacts, PowerFacts, EmbodiedFacts, PriceFacts, FacilityFacts, ElectricityFacts, MeterFacts):
    """The facts and priors about a plan, one attribute each; None where a fact is unknown.

    Attributes:
        hardware: The server or accelerator.
        accelerator: The accelerator that it has or is.
        accelerator_count: Accelerators in the hardware. [1]
        place: The region or zone, None if the plan names none.
        calibration: The name of the calibration that was applied, or empty.
        is_known_from_own_runs: Whether runs of that calibration are of such hardware and size.
        mfu_calibration: The factor of a calibration on the utilisation, and so on; None without a calibration.
    """

    hardware: Product
    accelerator: Product
    accelerator_count: float
    place: "Place | None"
    calibration: str = ""
    is_known_from_own_runs: bool = False
    mfu_calibration: Given | None = None
    power_calibration: Given | None = None
    host_calibration: Given | None = None
    step_calibration: Given | None = None

    @classmethod
    def of(cls, subject: Subject, parts: Iterable[Part], *, warnings: tuple[str, ...] = ()) -> "Facts":
        """Return the facts that all *parts* hold, their warnings first."""
        known: dict[str, Any] = {}
        earlier: tuple[str, ...] = ()
        for part in parts:
            known |= part.stated()
            earlier += part.warnings
        known |= {"hardware": subject.hardware, "accelerator": subject.accelerator, "warnings": earlier + warnings}
        return cls(accelerator_count=subject.accelerator_count, place=subject.place, **known)

    def having(self, *others: Given, calibration: str = "", is_known_from_own_runs: bool = False, warnings: tuple[str, ...] = ()) -> "Facts":
        """Return these facts with *others* in place of those of the same names, and more *warnings*. A rent in place of that of quotes has none.

        Raises:
            KeyError: no fact has the name of one of them.
        """
        changed: dict[str, Any] = {ATTRIBUTES[other.name]: other for other in others}
        if ATTRIBUTES["rent_price"] in changed:
            changed["quotes"] = ()
        changed |= {"calibration": calibration or self.calibration, "is_known_from_own_runs": is_known_from_own_runs or self.is_known_from_own_runs}
        return Facts(**self.stated() | changed | {"warnings": (*self.warnings, *warnings)})

    @cached_property
    def known(self) -> dict[str, Given]:
        """The facts and priors that are known, by name."""
        return {name: given for name in ATTRIBUTES if (given := self.given(name)) is not None}

    @cached_property
    def values(self) -> dict[str, Num | None]:
        """The values of the facts and priors that are known, by name."""
        return {name: given.value for name, given in self.known.items()}

    @cached_property
    def chain(self) -> PreparedWalks:
        """The ways along the chain of plans with these facts."""
        return PreparedWalks(CHAIN, {**self.values, "accelerator_count": self.accelerator_count})

    @cached_property
    def exact(self) -> "Facts":
        """The same facts without their spreads."""
        return Facts(**self.stated() | {ATTRIBUTES[name]: given._replace(value=median_of(given.value)) for name, given in self.known.items()})

    def given(self, name: str) -> Given | None:
        """Return the fact or prior *name*, None where it is unknown; of precision, family and kind what is assumed if the plan states none.

        Raises:
            KeyError: no fact has that name.
        """
        found: Given | None = getattr(self, ATTRIBUTES[name])
        return found

    def need(self, name: str) -> Given:
        """Return the fact or prior *name*.

        Raises:
            PlanError: it is unknown.
            KeyError: no fact has that name.
        """
        found = self.given(name)
        if found is None:
            raise PlanError(f"{name} of {self.hardware.name} is unknown", hint=f"give {name}")
        return found

    def value(self, name: str) -> Num | None:
        """Return the value of the fact or prior *name*, None where it is unknown.

        Raises:
            KeyError: no fact has that name.
        """
        found = self.given(name)
        return None if found is None else found.value


ATTRIBUTES: dict[str, str] = {name.removeprefix("assumed_"): name for name, kind in Facts.FIELDS.items() if kind == Given | None}
"""Every fact and prior by name, to the attribute of :class:`Facts` that holds it."""
