"""What the links of a chain share: the plan before the database, and nothing used or assumed that is not remembered."""

import pytest

from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.trace import Links
from traincarbon.formulas.facility import facility_energy_kwh
from traincarbon.formulas.throughput import calibrated_mfu


@pytest.fixture
def links_of(shipped):
    def made(**fields):
        plan = Plan(params=7e9, tokens=1e12, hw="dgx-a100", **fields)
        return Links(plan, gather(plan, shipped))

    return made


def test_what_the_plan_says_comes_before_the_database_and_leaves_no_trace(links_of):
    links = links_of(pue=1.1)
    assert links.known("pue") == 1.1
    assert links.used == {}


def test_what_the_database_says_is_noted_where_it_is_used(links_of):
    links = links_of()
    assert links.known("pue").median == links.facts.value("pue").median
    assert list(links.used) == ["pue"]


def test_what_nobody_says_is_none(links_of):
    assert links_of().known("market_intensity") is None


def test_a_formula_is_remembered_with_its_inputs_and_its_value(links_of):
    links = links_of()
    assert links.link(facility_energy_kwh, it_energy_kwh=100.0, pue=1.2) == 120.0
    assert links.links == [(facility_energy_kwh, {"it_energy_kwh": 100.0, "pue": 1.2}, 120.0)]


def test_a_formula_with_an_input_that_is_not_known_is_neither_tried_nor_remembered(links_of):
    links = links_of()
    assert links.link(facility_energy_kwh, it_energy_kwh=None, pue=1.2) is None
    assert links.links == []


def test_what_stands_in_is_an_assumption_and_what_is_said_is_none(links_of):
    links = links_of(vocab=32000)
    assert (links.stated_or("vocab", 50257.0, "not said"), links.assumed) == (32000.0, [])
    assert links.stated_or("seq_len", 2048.0, "not said") == 2048.0
    assert [tuple(assumption) for assumption in links.assumed] == [("seq_len", 2048.0, "not said")]


def test_without_a_factor_the_expected_quantity_stays_as_it_is(links_of):
    links = links_of()
    assert links.calibrated("mfu_calibration", calibrated_mfu, mfu=0.4) == 0.4
    links.facts = links.facts.having(links.facts.pue._replace(name="mfu_calibration", value=0.5))
    assert links.calibrated("mfu_calibration", calibrated_mfu, mfu=0.4) == pytest.approx(0.2)
