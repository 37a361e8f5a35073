"""What facts are gathered for: the parts of a plan that choose them, and the hardware and place that it names."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.find import find_hardware
from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import DatabaseError, PlanError
from traincarbon.estimation.plan import Plan

if TYPE_CHECKING:
    from traincarbon.database.place_names import Place

MOST_IN_A_SERVER = 8
"""Accelerators of a plan that names no server which stand in one."""
CHOOSING = ("params", "active_params", "servers", "accelerators")
"""Numbers of a plan that choose its facts; arrays of them may choose different ones for different plans."""


class Question(NamedTuple):
    """Everything in a plan that facts depend on; gathering sees nothing else of the plan, so that its answer can be kept.

    Attributes:
        is_moe: Whether the model is a mixture of experts.
        is_intensity_stated: Whether the plan states its own carbon intensity.
        is_goodput_stated: Whether the plan states its own goodput, which is about its steps.
        is_one_server: Whether the plan states one server.
        few_accelerators: The number of accelerators, if they may be in one server.
    """

    hw: str | None = None
    region: str | None = None
    start: str | None = None
    precision: str | None = None
    kind: str | None = None
    family: str | None = None
    rent: str | None = None
    rent_from: str | None = None
    basis: str | None = None
    is_moe: bool = False
    is_intensity_stated: bool = False
    is_goodput_stated: bool = False
    is_one_server: bool = False
    few_accelerators: int | None = None

    @classmethod
    def of(cls, plan: Plan) -> "Question":
        """Return the question that *plan* asks."""
        return cls(
            plan.hw,
            plan.region,
            plan.start,
            plan.precision,
            plan.kind,
            plan.family,
            plan.rent,
            plan.rent_from,
            plan.basis,
            plan.is_moe,
            plan.carbon_intensity is not None,
            plan.goodput is not None,
            isinstance(plan.servers, (int, float)) and plan.servers == 1,
            int(plan.accelerators) if isinstance(plan.accelerators, (int, float)) and plan.accelerators <= MOST_IN_A_SERVER else None,
        )


class Subject(NamedTuple):
    """A question with the records that it names."""

    question: Question
    hardware: Product
    """A server or an accelerator."""
    accelerator: Product
    accelerator_count: float
    """Accelerators in the hardware, 1 of an accelerator."""
    place: "Place | None"

    @property
    def is_one_machine(self) -> bool:
        """Whether everything is in one server of one's own, with no switches between servers; so it is at home if no number is stated."""
        if self.place is None or not self.place.site:
            return False
        few = self.question.few_accelerators
        if few is not None:
            return few <= (self.accelerator_count if self.hardware.is_server else MOST_IN_A_SERVER)
        return self.question.is_one_server or self.place.site == "home"

    @property
    def server(self) -> Product | None:
        """The hardware where it is a server."""
        return self.hardware if self.hardware.is_server else None


def subject_of(question: Question, database: Database) -> Subject:
    """Return the hardware and the place that *question* names.

    Raises:
        NotFoundError: the hardware or region is unknown.
        PlanError: no hardware is named, or it is not offered in the region.
        DatabaseError: the server names no known accelerator.
    """
    if question.hw is None:
        raise PlanError("the plan names no hardware", hint="give hw, as dgx-a100 or h100; all: carbon db list hardware")
    hardware = find_hardware(database, question.hw)
    place = None
    if question.region is not None:
        from traincarbon.database.find_place import find_place  # only a plan with a region pays for it

        place = find_place(database, question.region, provider=hardware.operator)
    accelerator, count = hardware, 1.0
    if hardware.is_server:
        chip = database.product("accelerators", hardware.keys.get("accelerator", ""))
        if chip is None:
            raise DatabaseError(f"server {hardware.id} names no known accelerator", hint="carbon db check lists such faults")
        accelerator, count = chip, hardware.value("accelerator_count") or 1.0
    if hardware.is_cloud and place is not None and place.site:
        raise PlanError(f"{hardware.id} is rented in a cloud, not {place.site}", hint=f"name the accelerator alone: hw {accelerator.id}")
    if hardware.is_cloud and place is not None and place.region is not None and place.region["provider"] != hardware.operator:
        hint = f"name a region of {hardware.operator}, or hw {accelerator.id} for the accelerator alone"
        raise PlanError(f"{hardware.id} is not offered in {place.id}", hint=hint)
    return Subject(question, hardware, accelerator, count, place)
