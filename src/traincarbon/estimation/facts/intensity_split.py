"""The two parts of a lifecycle intensity: direct emissions, which are Scope 2, and what is upstream of them, which is Scope 3."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.select import need_prior
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.facts.intensity import intensity_of
from traincarbon.estimation.facts.question import Question
from traincarbon.formulas.carbon import direct_gco2e_per_kwh
from traincarbon.uncertain import Num, Uncertain, median_of

if TYPE_CHECKING:
    from traincarbon.database.place_names import Place

_OTHER = {"lifecycle": "direct", "direct": "lifecycle"}


class IntensitySplit(NamedTuple):
    """The two parts of a lifecycle intensity; None where they cannot be told apart."""

    direct: Given | None = None
    upstream: Given | None = None


NO_SPLIT = IntensitySplit()


def split_of_place(place: "Place", question: Question, intensity: Given | None, database: Database) -> IntensitySplit:
    """Return the direct and the upstream intensity at *place*; neither where they cannot be told apart.

    They cannot where the plan states its intensity, whose basis is unknown, and where the direct figure is above that of the lifecycle,
    as the two come from different counts.

    Args:
        place: The place.
        question: What is asked; its basis is that of *intensity*.
        intensity: The intensity of the place, None where it is unknown.
        database: The facts.
    """
    if intensity is None or question.is_intensity_stated:
        return NO_SPLIT
    basis = question.basis or "lifecycle"
    try:
        other, _ = intensity_of(place, question._replace(basis=_OTHER[basis]), database)
    except PlanError:
        return NO_SPLIT
    if other is None:
        return NO_SPLIT
    return _split(*((intensity, other) if basis == "direct" else (other, intensity)))


def split_of_lifecycle(lifecycle: Given, database: Database) -> IntensitySplit:
    """Return the direct and the upstream part of a *lifecycle* intensity, in the proportion of the grids of which both are known.

    Raises:
        DatabaseError: a prior is missing.
    """
    upstream, plants = need_prior(database, "upstream_factor", "*"), need_prior(database, "plants_gco2e_per_kwh", "*")
    median = float(median_of(lifecycle.value))
    scaled = direct_gco2e_per_kwh(lifecycle_gco2e_per_kwh=median, upstream_factor=upstream.value.median, plants_gco2e_per_kwh=plants.value.median)
    direct = lifecycle._replace(value=_as_sure_as(lifecycle.value, float(scaled)), reason=f"{lifecycle.reason}; the direct part of it", assumed=True)
    return _split(direct, lifecycle)


def _split(direct: Given, lifecycle: Given) -> IntensitySplit:
    at_stacks, whole = float(median_of(direct.value)), float(median_of(lifecycle.value))
    if at_stacks >= whole:
        return NO_SPLIT
    reason = f"lifecycle less direct: {whole:.4g} − {at_stacks:.4g} g/kWh"
    upstream = lifecycle._replace(name="upstream_intensity", value=_as_sure_as(lifecycle.value, whole - at_stacks), reason=reason, kind="derived")
    return IntensitySplit(direct._replace(name="direct_intensity"), upstream)


def _as_sure_as(value: Num, median: float) -> Num:
    """Return *median* with the spreads of *value*, so that the parts of an intensity move together; 0 has none."""
    return Uncertain(median, value.spreads) if isinstance(value, Uncertain) and median else median
