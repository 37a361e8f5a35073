"""Reading untrusted tables into typed values."""

import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, make_dataclass
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon import decode
from traincarbon.errors import CarbonError
from traincarbon.quantities import EnergySource
from traincarbon.uncertain import Interval, Uncertain


class Device(NamedTuple):
    id: str
    how: EnergySource
    energy_j: float | None = None


class Prices(NamedTuple):
    usd: Uncertain


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    run_id: str
    devices: tuple[Device, ...] = ()
    energy_kwh: Interval | None = None
    counts: Mapping[str, float] | None = None
    steps: int = 0
    done: bool = False


STATE = {
    "run_id": "r",
    "devices": [{"id": "gpu:0", "how": "counter", "energy_j": 3}],
    "energy_kwh": {"low": 1, "median": 2, "high": 3},
    "counts": {"tokens": 5},
    "steps": 7,
    "done": True,
    "added_later": 1,
}


def test_a_table_becomes_the_class_field_by_field():
    state = decode.decode(State, STATE)
    assert state.devices == (Device("gpu:0", EnergySource.COUNTER, 3.0),)
    assert state.energy_kwh == Interval(1.0, 2.0, 3.0)
    assert (state.counts, state.steps, state.done) == ({"tokens": 5.0}, 7, True)


def test_what_is_encoded_decodes_to_the_same():
    state = decode.decode(State, STATE)
    assert decode.decode(State, decode.encode(state)) == state


def test_absent_fields_take_their_defaults():
    assert decode.decode(State, {"run_id": "r"}) == State(run_id="r")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"run_id": 3}, "State.run_id is '3', not text"),
        ({"steps": 1.5}, "State.steps is '1.5', not a whole number"),
        ({"steps": True}, "State.steps is 'True', not a whole number"),
        ({"done": 1}, "State.done is '1', not true or false"),
        ({"devices": {"id": "gpu:0"}}, "not a list"),
        ({"devices": [{"id": "gpu:0"}]}, r"State.devices\[0\] has no how"),
        ({"devices": [{"id": "gpu:0", "how": "guessed"}]}, "not one of counter, power, modelled"),
        ({"devices": [{"id": "gpu:0", "how": "power", "energy_j": float("nan")}]}, "energy_j is 'nan', not a number"),
        ({"devices": None}, "State.devices is 'None', not a value"),
        ({"energy_kwh": {"low": 3, "median": 2, "high": 1}}, "not an interval"),
        ({"counts": [1]}, "not a table"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(changed, message):
    with pytest.raises(CarbonError, match=message):
        decode.decode(State, {**STATE, **changed})


def test_a_document_that_is_no_table_is_refused():
    with pytest.raises(CarbonError, match=r"the state is '\[\]', not a table"):
        decode.decode(State, [], where="the state")


@given(st.one_of(st.none(), st.booleans(), st.text(), st.floats(allow_nan=True, allow_infinity=True), st.lists(st.integers())))
def test_the_small_readers_never_raise_and_return_only_their_kind(value):
    number = decode.number(value)
    assert number is None or (isinstance(value, float) and number == value)
    assert decode.amount(value) in (None, number)
    assert decode.text(value) == (value if isinstance(value, str) else None)
    assert decode.table(value) == {}
    assert decode.items(value) == (value if isinstance(value, list) else [])
    assert decode.interval(value) is None


def test_an_uncertain_number_comes_back_with_its_spreads():
    value = Uncertain(2.0, {"pue": 0.1, "price": -0.3})
    assert decode.encode(value) == {"median": 2.0, "spreads": {"pue": 0.1, "price": -0.3}}
    assert decode.decode(Prices, decode.encode(Prices(value))) == Prices(value)
    assert decode.decode(Prices, {"usd": {"median": 2}}) == Prices(Uncertain(2.0))


@pytest.mark.parametrize("value", [2.0, {}, {"median": "2"}, {"median": 2.0, "spreads": {"pue": "x"}}, {"median": 2.0, "spreads": 3}])
def test_what_is_not_an_uncertain_number_is_refused(value):
    with pytest.raises(CarbonError, match=r"Prices\.usd"):
        decode.decode(Prices, {"usd": value})


def test_threads_that_are_the_first_to_read_a_class_read_all_of_its_fields():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(150):
            kind = make_dataclass("Fresh", [(f"field_{number}", int, field(default=0)) for number in range(12)], frozen=True)
            stated = {f"field_{number}": number + 1 for number in range(12)}
            together = threading.Barrier(4)

            def read(_, kind=kind, stated=stated, together=together):
                together.wait()
                return decode.decode(kind, stated)

            with ThreadPoolExecutor(4) as pool:
                assert list(pool.map(read, range(4))) == [kind(**stated)] * 4
    finally:
        sys.setswitchinterval(before)


class Tree(NamedTuple):
    name: str
    parts: "tuple[Tree, ...]" = ()
    sizes: Mapping[str, int | str] | None = None


def test_a_class_may_hold_others_of_its_own_kind_and_a_fault_has_the_whole_path():
    stated = {"name": "a", "parts": [{"name": "b"}, {"name": "c", "parts": [{"name": "d", "sizes": {"x": 1, "y": "2"}}]}]}
    assert decode.decode(Tree, stated).parts[1].parts[0] == Tree("d", (), {"x": 1, "y": "2"})
    stated["parts"][1]["parts"][0]["sizes"]["y"] = None
    with pytest.raises(CarbonError, match=r"^Tree\.parts\[1\]\.parts\[0\]\.sizes\.y is 'None', not a value"):
        decode.decode(Tree, stated)
    del stated["parts"][1]["parts"][0]["name"]
    with pytest.raises(CarbonError, match=r"^the tree\.parts\[1\]\.parts\[0\] has no name$"):
        decode.decode(Tree, stated, where="the tree")
