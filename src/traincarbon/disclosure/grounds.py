"""What the energy of a statement rests on: the overhead of the facility with its source, and what was assumed."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from traincarbon.decode import number
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import significant
from traincarbon.ledger.run import Run
from traincarbon.uncertain import median_of

OF_PLAN = ("mfu", "power_share", "host_share", "network_share")
"""Facts that the energy of a plan rests on, those with the widest effect first; the overhead apart."""
_NAMES = {"mfu": "utilisation (MFU): "}
"""How facts are called whose reason does not tell."""
_SAME = 1e-6


class Grounds(NamedTuple):
    """What an energy rests on.

    Attributes:
        pue_source: Where the overhead of the facility is from, empty where it is not known.
        assumed: What was assumed, each with its value.
    """

    pue_source: str
    assumed: tuple[str, ...]


def grounds_of_plan(answer: Estimate) -> Grounds:
    """Return what the energy of an estimate rests on."""
    source = "as the plan states it" if answer.plan.pue is not None else _source(answer.facts.known.get("pue"))
    assumed = {each.name: each for each in answer.assumptions}
    return Grounds(source, tuple(_words(name, assumed[name].reason, assumed[name].value) for name in OF_PLAN if name in assumed))


def grounds_of_run(run: Run, *, pue: float | None, facts: Mapping[str, Given]) -> Grounds:
    """Return what the energy of a run rests on, with the facts about its hardware and place.

    Args:
        run: The record.
        pue: The overhead that it states.
        facts: What the database knows, see :func:`traincarbon.evidence.facts_used.known_facts`.
    """
    given = facts.get("pue")
    is_ours = pue is not None and given is not None and abs(float(median_of(given.value)) - pue) <= _SAME * pue
    source = _source(given) if is_ours else "" if pue is None else "as the record states it"
    names = [
        *(("host_share", "host_rest_share") if run.facility_shares.get("assumed") else ()),
        *(("network_share",) if run.nodes > 1 else ()),
        *(("meter",) if number(run.energy_j.get("gpu")) else ()),
    ]
    return Grounds(source, _assumed(facts, names))


def _assumed(facts: Mapping[str, Given], names: Iterable[str]) -> tuple[str, ...]:
    found = (given for name in names if (given := facts.get(name)) is not None and given.assumed)
    return tuple(_words(given.name, given.reason, given.value) for given in found)


def _words(name: str, reason: str, value: object) -> str:
    amount = value if isinstance(value, str) else significant(float(median_of(value)), 3)
    return f"{_NAMES.get(name, '')}{reason} ({amount})"


def _source(given: Given | None) -> str:
    return "" if given is None else f"{given.reason}; {given.source}" if given.source else given.reason
