"""A trace remembers each fact, link and assumption that it uses."""

import pytest

from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.trace import Trace
from traincarbon.estimation.walk import Link
from traincarbon.formulas.facility import facility_energy_kwh

FACILITY = Link("facility_energy_kwh", facility_energy_kwh, it_energy_kwh="it_energy_kwh", pue="pue")


@pytest.fixture
def trace_of(shipped):
    def made(**fields):
        plan = Plan(params=7e9, tokens=1e12, hw="dgx-a100", **fields)
        return Trace(plan, gather(plan, shipped))

    return made


def test_the_plan_comes_before_the_facts_and_uses_none(trace_of):
    trace = trace_of(pue=1.1)
    assert trace.known("pue") == 1.1
    assert trace.used == {}


def test_the_use_of_a_fact_is_remembered(trace_of):
    trace = trace_of()
    assert trace.known("pue").median > 1.0
    assert list(trace.used) == ["pue"]


def test_an_unknown_value_is_none(trace_of):
    assert trace_of().known("market_intensity") is None


def test_a_formula_is_remembered_with_its_inputs_and_its_value(trace_of):
    trace = trace_of(pue=1.2)
    trace.values["it_energy_kwh"] = 100.0
    trace.walk([FACILITY])
    assert trace.values["facility_energy_kwh"] == 120.0
    assert trace.links == [(FACILITY, {"it_energy_kwh": 100.0, "pue": 1.2}, 120.0)]


def test_a_fact_that_a_link_takes_is_used_and_a_computed_value_is_no_fact(trace_of):
    trace = trace_of()
    trace.values["it_energy_kwh"] = 100.0
    trace.walk([FACILITY])
    assert list(trace.used) == ["pue"]
    trace = trace_of(pue=1.2)
    trace.values["it_energy_kwh"] = 100.0
    trace.walk([FACILITY])
    assert trace.used == {}


def test_a_default_is_an_assumption_unless_the_plan_states_the_field(trace_of):
    trace = trace_of(vocab=32000)
    trace.default("vocab", 50257.0, "not stated")
    assert (trace.known("vocab"), trace.assumed) == (32000.0, [])
    trace.default("seq_len", 2048.0, "not stated")
    assert trace.known("seq_len") == 2048.0
    assert [tuple(assumption) for assumption in trace.assumed] == [("seq_len", 2048.0, "not stated")]
