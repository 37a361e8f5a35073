"""A walk along a chain from facts that many plans share: what follows from the facts alone is computed once, and which input is known is found out once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.estimation.walk import ComputedLink, Link, walk
from traincarbon.uncertain import Num

_MOST_KEPT = 64
"""Walks that are kept for the same facts: plans that state other fields take other ways."""


class _Stop(NamedTuple):
    """A link on the way.

    Attributes:
        link: The link.
        inputs: Its inputs, in their order; those of the plan are replaced.
        varying: Parameters whose inputs differ from plan to plan, each with the name of its value; empty where the value is the same for all.
        computed: The link as it was computed, where its value is the same for all plans.
    """

    link: Link
    inputs: dict[str, Num]
    varying: tuple[tuple[str, str], ...]
    computed: ComputedLink


class PreparedWalks:
    """The ways along one chain that plans with the same facts take, by what else is known.

    Args:
        links: The rows of the chain.
        shared: The values of the facts.
    """

    __slots__ = ("_links", "_shared", "_ways")

    def __init__(self, links: Sequence[Link], shared: Mapping[str, Num | None]) -> None:
        self._links = links
        self._shared = shared
        self._ways: dict[tuple[frozenset[object], frozenset[str]], tuple[_Stop, ...]] = {}

    def walk(self, values: dict[str, Num | None], stated: frozenset[str]) -> list[ComputedLink]:
        """Do what :func:`~traincarbon.estimation.walk.walk` does, to the last digit; the first walk of its kind only notes that there was one."""
        shared = self._shared
        key = (frozenset([name if value is not None else (name,) for name, value in values.items() if shared.get(name) is not value]), stated)
        way = self._ways.get(key)  # looked up once: another thread may clear them at any time
        if way is None:
            if len(self._ways) >= _MOST_KEPT:
                self._ways.clear()
            self._ways[key] = ()
            return walk(self._links, values, stated)
        if not way:
            way = self._ways[key] = tuple(_prepared(self._links, values, stated, shared))
        return _walked(way, values)


def _walked(way: tuple[_Stop, ...], values: dict[str, Num | None]) -> list[ComputedLink]:
    computed = []
    for link, template, varying, ready in way:
        if varying:
            inputs = template.copy()
            for parameter, name in varying:
                inputs[parameter] = values[name]
            values[link.name] = value = link.formula(**inputs)
            computed.append((link, inputs, value))
        else:
            values[link.name] = ready[2]
            computed.append(ready)
    return computed


def _prepared(links: Sequence[Link], values: Mapping[str, Num | None], stated: frozenset[str], shared: Mapping[str, Num | None]) -> list[_Stop]:
    """Return the way along *links* from *values*, of which those that are *shared* are the same for all plans.

    A formula returns a value or raises, never None: so the name of a link whose inputs are known is known after it.
    """
    known = {name for name, value in values.items() if value is not None}
    same = {name: value for name, value in values.items() if value is not None and shared.get(name) is value}
    way = []
    for link in links:
        name = link.name
        if (not link.refines and name in known) or not stated.isdisjoint(link.unless):
            continue
        chosen = _chosen(link, known)
        if chosen is None:
            if not link.refines:
                way.append(_Stop(link, {}, (), (link, {}, None)))
                known.discard(name)
                same.pop(name, None)
            continue
        inputs = {parameter: source if isinstance(source, float) else same.get(source) for parameter, source in chosen.items()}
        varying = tuple((parameter, source) for parameter, source in chosen.items() if isinstance(source, str) and source not in same)
        value = None if varying else _value(link, inputs)
        if value is None:
            varying = tuple((parameter, source) for parameter, source in chosen.items() if isinstance(source, str))
            same.pop(name, None)
        else:
            same[name] = value
        known.add(name)
        way.append(_Stop(link, inputs, varying, (link, inputs, value)))
    return way


def _chosen(link: Link, known: set[str]) -> dict[str, str | float] | None:
    """Return where each input of *link* comes from, None where one is unknown."""
    chosen: dict[str, str | float] = dict(link.constants)
    for parameter, source, others in link.sources:
        found = next((choice for choice in (source, *others) if isinstance(choice, float) or choice in known), None)
        if found is None:
            return None
        chosen[parameter] = found
    return chosen


def _value(link: Link, inputs: dict[str, Num]) -> Num | None:
    """Return the value of a link that is the same for all plans; None where the formula refuses its inputs, which each plan is told in its turn."""
    try:
        return link.formula(**inputs)
    except CarbonError:
        return None
