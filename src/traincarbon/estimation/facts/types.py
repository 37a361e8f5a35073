"""What the database says about a plan's hardware, place and time, each quantity with its evidence."""

from typing import NamedTuple

from traincarbon.database.find import Place
from traincarbon.database.load import Database
from traincarbon.database.records import Fact, Product, Row
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError, PlanError
from traincarbon.uncertain import Num, Uncertain


class Given(NamedTuple):
    """A quantity that enters the chain from outside: a fact, a prior or a choice."""

    name: str
    value: Num
    unit: str
    reason: str
    source: str = ""
    locator: str = ""
    kind: str = ""
    assumed: bool = False


NAMES = frozenset(
    (
        *("peak_flop_per_s", "precision", "memory_b", "usable_memory_share", "family", "kind"),
        *("mfu", "mfu_ample_params", "mfu_thin_exponent", "goodput", "interruptions_per_h", "interruption_h"),
        *("board_power_w", "idle_share", "power_share", "power_reference_mfu", "power_exponent", "max_power_w", "host_share", "network_share"),
        *("hardware_kgco2e", "rent_price", "purchase_price", "interconnect_share", "service_life", "utilisation"),
        *("pue", "wue_l_per_kwh", "grid_water_l_per_kwh", "carbon_intensity", "electricity_price", "meter", "host_rest_share"),
        *("mfu_calibration", "power_calibration", "host_calibration", "step_calibration"),
    )
)


class Facts:
    """All that the database says about a plan's hardware, place and time; what is unknown is absent."""

    __slots__ = ("accelerator", "accelerator_count", "hardware", "noted", "place", "precision", "warnings")

    def __init__(self, hardware: Product, accelerator: Product, accelerator_count: float, place: Place | None) -> None:
        self.hardware = hardware
        self.accelerator = accelerator
        self.accelerator_count = accelerator_count
        self.place = place
        self.noted: dict[str, Given] = {}
        self.precision = ""
        self.warnings: list[str] = []

    def given(self, name: str) -> Given | None:
        """Return the fact or prior *name*, None where it is unknown.

        Raises:
            KeyError: no fact is called so.
        """
        if name not in NAMES:
            raise KeyError(name)
        return self.noted.get(name)

    def need(self, name: str) -> Given:
        """Return the fact or prior *name*.

        Raises:
            PlanError: it is unknown.
        """
        given = self.given(name)
        if given is None:
            raise PlanError(f"{name} of {self.hardware.name} is unknown", hint=f"give {name}")
        return given

    def value(self, name: str) -> Num | None:
        """Return the value of the fact or prior *name*, None where it is unknown."""
        given = self.given(name)
        return None if given is None else given.value

    def add(self, name: str, value: Num, unit: str, reason: str, evidence: Fact | Row | None = None, *, assumed: bool = False) -> None:
        """Note that *name* has *value*, why, and on what evidence."""
        if evidence is None:
            self.noted[name] = Given(name, value, unit, reason, assumed=assumed)
        elif isinstance(evidence, Fact):
            self.noted[name] = Given(name, value, unit, reason, evidence.source, evidence.locator, evidence.kind, assumed)
        else:
            self.noted[name] = Given(name, value, unit, reason, evidence["source"], evidence["locator"], evidence["kind"], assumed)

    def add_prior(self, database: Database, name: str, scope: str, unit: str, reason: str, *, spread: str = "") -> None:
        """Note that the prior *name* of *scope* stands in for what the plan does not say; *spread* names its spread where that is not *name*.

        Raises:
            DatabaseError: there is no such prior.
        """
        found = prior(database, name, scope)
        if found is None:
            raise DatabaseError(f"priors.csv has no {name},{scope}", hint="carbon db check lists what is missing")
        row, value = found
        if spread and value.spreads:
            value = Uncertain(value.median, {spread: value.sigma})
        self.add(name, value if value.spreads else value.median, unit, reason, row, assumed=True)
