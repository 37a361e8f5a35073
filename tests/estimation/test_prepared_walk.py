"""A prepared walk gives what the plain walk gives, to the last digit, whatever a plan states."""

import itertools

import numpy as np
import pytest

import traincarbon
from traincarbon.errors import OutOfRangeError
from traincarbon.estimation.links import CHAIN
from traincarbon.estimation.prepared_walk import PreparedWalks
from traincarbon.estimation.trace import Trace
from traincarbon.estimation.walk import Link, walk
from traincarbon.uncertain import Uncertain

PLAN = {"params": 7e9, "tokens": 1e12, "hw": "dgx-h100", "servers": 16}
OTHERS = (
    {},
    {"mfu": "0.3..0.5"},
    {"goodput": 0.9, "pue": 1.2},
    {"accelerator_hours": 1e5},
    {"servers": None, "startup_hours": 0.5},
    {"kind": "finetune", "attempts": 2.0},
    {"active_params": 2e9, "discount": 0.2},
    {"service_life": "3..6", "utilisation": 0.7, "purchase_price": 3e5, "rent_price": 2.0},
    {"market_intensity": 100.0, "carbon_intensity": 0.0},
    {"tokens": np.array([1e12, 2e12]), "mfu": np.array([0.3, 0.4])},
)


def shown(answer):
    """Return everything that an estimate computed, as text, which tells the last digits."""
    with np.printoptions(floatmode="unique"):
        return repr((answer.links, answer.steps, answer.results, answer.spread_shares, answer.inputs, answer.assumptions, answer.warnings))


@pytest.mark.parametrize("fields", OTHERS, ids=", ".join)
def test_a_plan_gets_the_same_answer_every_time(fields, shipped, monkeypatch):
    with monkeypatch.context() as plainly:
        plainly.setattr(Trace, "walk_chain", lambda trace, *, stated: trace.walk(CHAIN, stated=stated))
        expected = shown(traincarbon.estimate(**PLAN | fields, database=shipped))
    for _ in range(4):
        assert shown(traincarbon.estimate(**PLAN | fields, database=shipped)) == expected


def double(*, number):
    return 2.0 * number


def total(*, first, second):
    if first < 0.0:
        raise OutOfRangeError("first is negative", hint="it must be at least 0")
    return first + second


LINKS = (
    Link("of_facts", double, number="fact"),
    Link("either", total, first=("stated", "of_facts"), second=1.0),
    Link("fact", total, first="fact", second="added"),
    Link("after", double, number="fact"),
    Link("unknown", double, number="missing"),
    Link("beyond", total, first="unknown", second="of_facts"),
    Link("needless", double, unless=("field",), number="fact"),
)


@pytest.mark.parametrize(
    ("plan", "fields"),
    list(itertools.product(({}, {"stated": 5.0}, {"added": 3.0}, {"missing": 1.0}, {"fact": 9.0}, {"of_facts": None, "fact": None}), ((), ("field",)))),
)
def test_every_way_along_a_chain_is_the_plain_one(plan, fields):
    shared = {"fact": Uncertain(4.0, {"a": 0.1})}
    walks, stated = PreparedWalks(LINKS, shared), frozenset(fields)
    for turn in range(3):
        plain, prepared = ({**shared, **{name: value and value + turn for name, value in plan.items()}} for _ in range(2))
        expected = walk(LINKS, plain, stated)
        found = walks.walk(prepared, stated)
        assert prepared == plain
        assert [(link, value) for link, _, value in found] == [(link, value) for link, _, value in expected]
        known = [(inputs, list(inputs)) for _, inputs, value in expected if value is not None]
        assert [(inputs, list(inputs)) for _, inputs, value in found if value is not None] == known


def test_what_follows_from_facts_alone_is_computed_once():
    asked = []

    def counted(*, number):
        asked.append(number)
        return number

    walks = PreparedWalks((Link("of_facts", counted, number="fact"), Link("of_plan", counted, number="stated")), {"fact": 1.0})
    fact = next(iter(walks._shared.values()))
    for stated in (2.0, 3.0, 4.0, 5.0):
        walks.walk({"fact": fact, "stated": stated}, frozenset())
    assert asked == [1.0, 2.0, 1.0, 3.0, 4.0, 5.0]


def test_facts_that_a_formula_refuses_are_refused_every_time():
    shared = {"fact": -1.0}
    walks = PreparedWalks((Link("of_facts", total, first="fact", second="fact"),), shared)
    for _ in range(3):
        with pytest.raises(OutOfRangeError, match="first is negative"):
            walks.walk({**shared}, frozenset())


def test_few_ways_are_kept():
    walks = PreparedWalks(LINKS, {"fact": 1.0})
    for at in range(200):
        walks.walk({f"other_{at}": 1.0}, frozenset())
    assert len(walks._ways) <= 64


class ClearedByOthers(dict):
    """The ways of walks that another thread clears after every look."""

    def __contains__(self, key):
        found = super().__contains__(key)
        self.clear()
        return found

    def get(self, key, default=None):
        found = super().get(key, default)
        self.clear()
        return found


def test_ways_may_be_cleared_by_another_thread_at_any_time():
    walks = PreparedWalks(LINKS, {"fact": 1.0})
    walks.walk({"fact": 1.0}, frozenset())
    for _ in range(3):
        walks._ways = ClearedByOthers(walks._ways)
        assert [value for _, _, value in walks.walk({"fact": 1.0}, frozenset())] == [value for _, _, value in walk(LINKS, {"fact": 1.0}, frozenset())]
