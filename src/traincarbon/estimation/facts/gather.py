"""Gather the facts about a plan from the database, once for each combination of hardware, place and time."""

from collections.abc import Callable, Hashable
from functools import partial

from traincarbon.database.load import Database
from traincarbon.database.select import year_of
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.evidence import Part
from traincarbon.estimation.facts.facts import Facts, meter_facts
from traincarbon.estimation.facts.hardware import peak_facts, power_facts
from traincarbon.estimation.facts.making import embodied_facts
from traincarbon.estimation.facts.prices import price_facts, price_key
from traincarbon.estimation.facts.question import Question, Subject, subject_of
from traincarbon.estimation.facts.site import electricity_facts, facility_facts
from traincarbon.estimation.facts.utilisation import utilisation_facts
from traincarbon.estimation.plan import Plan

Gatherer = Callable[[Subject, Database], Part]
_OF_A_PLAN: dict[Gatherer, Callable[[Subject], Hashable]] = {
    peak_facts: lambda subject: (subject.question.hw, subject.hardware.id, subject.question.precision),
    utilisation_facts: lambda subject: (
        subject.hardware.id,
        (subject.question.precision, subject.question.kind, subject.question.family),
        subject.question.is_moe,
        subject.question.is_goodput_stated,
    ),
    power_facts: lambda subject: (subject.hardware.id, subject.question.precision, subject.is_one_machine),
    facility_facts: lambda subject: (subject.hardware.operator, subject.question.region, subject.question.start),
    electricity_facts: lambda subject: (
        *(subject.hardware.operator, subject.question.region, subject.question.start),
        *(subject.question.basis, subject.question.is_intensity_stated),
    ),
    price_facts: price_key,
    embodied_facts: lambda subject: subject.hardware.id,
}
"""What gathers the facts of a plan, each with the part of a subject that its answer depends on, by which the answer is kept."""
_OF_A_SITE: tuple[Gatherer, ...] = (facility_facts, electricity_facts, meter_facts)
_OF_A_RUN: tuple[Gatherer, ...] = (peak_facts, power_facts, price_facts, embodied_facts, *_OF_A_SITE)


def gather(plan: Plan, database: Database) -> Facts:
    """Return what the *database* knows about the hardware, place and time of *plan*; the answer is kept with the database.

    Raises:
        NotFoundError: the hardware or region is unknown.
        PlanError: hardware, region and precision do not go together.
    """
    return answer(Question.of(plan), database)


def answer(question: Question, database: Database) -> Facts:
    """Return what the *database* knows about *question*, as :func:`gather` does."""
    return database.remember(_gathered, question)


def _gathered(database: Database, question: Question) -> Facts:
    subject = subject_of(question, database)
    chip, start = subject.accelerator, question.start
    launched = chip.value("launch_year")
    is_early = start is not None and launched is not None and year_of(start) < launched
    warnings = (f"{chip.name} came out in {launched:.0f}, after the start in {start}",) if is_early else ()
    parts = [database.kept(gatherer, key(subject), partial(gatherer, subject, database)) for gatherer, key in _OF_A_PLAN.items()]
    return Facts.of(subject, parts, warnings=warnings)


def gather_for_run(subject: Subject, database: Database) -> tuple[Facts, list[CarbonError]]:
    """Return what the *database* knows about the hardware and place of a run, and the errors of the parts that are left out.

    A run is measured, so nothing about its utilisation is gathered. Hardware without an id is unknown: the facts are those of the place.
    """
    parts: list[Part] = []
    errors: list[CarbonError] = []
    for gatherer in _OF_A_RUN if subject.accelerator.id else _OF_A_SITE:
        try:
            parts.append(gatherer(subject, database))
        except CarbonError as error:
            errors.append(error)
    return Facts.of(subject, parts), errors
