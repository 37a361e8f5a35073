"""The answer: every figure with its interval, what it was made of, and what was assumed."""

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traincarbon.database.load import open_database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan_fields import CHOICES, FIELDS, NUMBERS
from traincarbon.estimation.result import Estimate
from traincarbon.quantities import ESTIMATED, QUANTITIES, SCOPED, unit_of

SCHEMA = [
    "schema",
    "plan",
    "level",
    "results",
    "flop_counts",
    "spread_shares",
    "steps",
    "hardware_count",
    "support",
    "ownership_usd",
    "prices",
    "calibration",
    "own_runs",
    "layout",
    "assumptions",
    "warnings",
]
FIGURES = [
    *("compute_flop", "mfu", "accelerator_hours_h", "duration_s", "it_energy_kwh", "facility_energy_kwh", "operational_kgco2e"),
    *("embodied_kgco2e", "total_kgco2e", "water_l", "electricity_usd", "rent_usd", "own_usd", "tco_usd", "purchase_usd"),
]
FLEET = {"params": np.array([1e9, 7e9, 70e9]), "tokens": np.array([1e12, 2e12, 15e12]), "servers": np.array([2.0, 16.0, 128.0])}


def numbers_in(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers_in(item)]
    return [value] if isinstance(value, (int, float)) else []


@pytest.mark.parametrize("fields", [{}, {"servers": 16}, {"params": None, "tokens": None, "accelerator_hours": 1e5}, FLEET, {"layers": 32, "hidden": 4096}])
def test_an_answer_is_json_of_the_schema(fields, ask):
    answer = ask(**fields).to_dict()
    assert list(answer) == SCHEMA
    assert answer["schema"] == "traincarbon/estimate/1"
    assert list(answer["results"]) == [*FIGURES, *SCOPED] == [*ESTIMATED, *SCOPED]
    assert all(result is None or list(result) == ["low", "median", "high"] for result in answer["results"].values())
    assert all(list(step) == ["name", "formula", "inputs", "value", "unit", "source"] for step in answer["steps"])
    assert all(list(assumption) == ["name", "value", "reason"] for assumption in answer["assumptions"])
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_a_figure_is_a_median_within_its_interval(ask):
    for name, (low, median, high) in ((name, result) for name, result in ask(servers=16).results.items() if result):
        assert 0.0 < low <= median <= high, name
        assert ask(servers=16).median(name) == median


def test_a_wider_level_is_a_wider_interval_round_the_same_median(ask):
    narrow, wide = ask(level=0.5)["facility_energy_kwh"], ask(level=0.99)["facility_energy_kwh"]
    assert wide.low < narrow.low < narrow.median == wide.median < narrow.high < wide.high
    assert ask(level=0.5).to_dict()["level"] == 0.5


def test_a_figure_that_cannot_be_known_is_none_and_said_why(ask):
    answer = ask()
    assert answer["duration_s"] is None
    assert answer.to_dict()["results"]["duration_s"] is None
    with pytest.raises(CarbonError, match="duration_s is not known") as caught:
        answer.median("duration_s")
    assert "give servers or accelerators" in caught.value.hint


def test_every_missing_figure_comes_with_a_warning_that_says_what_to_give(shipped, make_root, accelerator_toml):
    from traincarbon.database.load import Database

    own = make_root({"accelerators/acme-one-40gb.toml": accelerator_toml})
    answer = estimate(params=7e9, tokens=1e12, hw="acme-one-40gb", database=Database([*shipped.roots, own]))
    assert {name for name, result in answer.results.items() if result is None and name not in SCOPED} == {
        "duration_s",
        "rent_usd",
        "own_usd",
        "tco_usd",
        "purchase_usd",
    }
    for give in ("give servers or accelerators", "give rent_price", "give purchase_price"):
        assert any(give in warning for warning in answer.warnings), give


def test_the_shares_of_a_figure_s_spread_sum_to_one_largest_first(ask):
    shares = ask(servers=16).spread_shares
    assert {"mfu", "facility_energy_kwh", "total_kgco2e"} <= shares.keys()
    for parts in shares.values():
        assert sum(parts.values()) == pytest.approx(1.0)
        assert list(parts.values()) == sorted(parts.values(), reverse=True)
    assert "compute_flop" not in shares


def test_nothing_is_used_in_silence(ask):
    for fields in ({}, {"region": "FR", "servers": 16}, {"hw": "h100"}, {"layers": 32, "hidden": 4096, "heads": 32}, {"kind": "lora"}):
        answer = ask(**fields)
        assumed = {assumption.name for assumption in answer.assumptions}
        for given_ in answer.inputs.values():
            assert given_.name in assumed or given_.source, given_
            assert given_.reason
        steps = {step.name for step in answer.steps}
        assert steps >= answer.inputs.keys()
        assert all(assumption.reason for assumption in answer.assumptions)


def test_what_a_short_plan_leaves_open_is_assumed(ask):
    assumed = {assumption.name: assumption.value for assumption in ask().assumptions}
    open_questions = {"precision", "kind", "family", "mfu", "pue", "carbon_intensity", "electricity_price", "service_life", "utilisation"}
    assert open_questions <= assumed.keys()
    assert (assumed["precision"], assumed["kind"]) == ("bf16", "pretrain")


def test_what_a_plan_states_is_no_assumption(ask):
    stated = {"precision": "bf16", "kind": "pretrain", "family": "decoder", "mfu": 0.4, "pue": 1.1, "carbon_intensity": 50, "service_life": 4}
    assert not {assumption.name for assumption in ask(**stated).assumptions} & stated.keys()


def test_the_steps_can_be_checked_by_hand(ask):
    steps = {step.name: step for step in ask(mfu=0.4, servers=16).steps}
    assert steps["peak_flop_per_s"].value == 312e12
    assert ": " in steps["peak_flop_per_s"].source
    hours = steps["accelerator_hours_h"]
    assert (hours.formula, hours.unit, hours.source) == ("compute_flop / (peak_flop_per_s × mfu) / 3600", "h", "chowdhery-2022-palm")
    assert hours.inputs == {"compute_flop": 4.2e22, "peak_flop_per_s": 312e12, "mfu": 0.4}
    assert hours.value == pytest.approx(4.2e22 / (312e12 * 0.4 * 3600))


def test_a_vector_of_plans_is_each_of_them(ask):
    whole = ask(**FLEET, region="FR", start="2024")
    for i in range(3):
        one = ask(**{name: float(values[i]) for name, values in FLEET.items()}, region="FR", start="2024")
        for name in FIGURES:
            for bound in ("low", "median", "high"):
                elements = np.broadcast_to(getattr(whole[name], bound), 3)
                assert elements[i] == pytest.approx(getattr(one[name], bound), rel=1e-9), (name, bound)


def test_a_frame_has_a_row_a_figure_with_its_unit(ask):
    frame = ask(servers=16).to_frame()
    assert list(frame.columns) == ["unit", "low", "median", "high"]
    assert list(frame.index) == [*FIGURES, "scope2_location_kgco2e", "scope3_upstream_kgco2e"]
    assert frame.loc["facility_energy_kwh", "unit"] == "kWh"
    assert frame.loc["mfu", "unit"] == ""
    assert "duration_s" not in ask().to_frame().index


def test_a_frame_of_a_vector_has_a_row_a_plan(ask):
    frame = ask(**FLEET).to_frame()
    assert len(frame) == 3
    assert list(frame["compute_flop", "median"]) == pytest.approx(list(6 * FLEET["params"] * FLEET["tokens"]))


def test_a_page_shows_the_figures_and_escapes_a_hostile_name(ask):
    page = ask(name="<script>alert('x')</script>&", servers=16)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert all(f">{name}<" in page for name in FIGURES)
    assert "NVIDIA DGX A100" in ask()._repr_html_()


def test_a_page_rounds_to_what_is_known_in_the_unit_that_is_best_read(ask):
    page = ask(servers=16, mfu=0.4, rent_price=2.0)._repr_html_()
    assert "<td>4.2e+22</td><td style='text-align:left'>FLOP</td><td>exact</td>" in page
    assert "<td>$187k</td>" in page
    assert "days</td>" in page
    assert "90% interval" in page


def test_a_vector_is_shown_without_failing(ask):
    for text in (repr(ask(**FLEET)), ask(**FLEET)._repr_html_()):
        assert text


def test_an_answer_shows_its_figures_in_a_line(ask):
    shown = repr(ask())
    assert shown.startswith("Estimate(compute_flop=4.2e+22, ")
    assert "duration_s" not in shown


def test_counts_of_servers_worth_looking_at_start_at_the_fewest(ask):
    answer = ask(params=175e9)
    assert answer.server_counts[0] == math.ceil(answer.fewest_accelerators / 8)
    assert answer.server_counts == sorted(answer.server_counts)
    assert ask(**FLEET).server_counts == []


@pytest.mark.parametrize(
    ("name", "unit"), [("it_energy_kwh", "kWh"), ("rent_usd", "$"), ("duration_s", "s"), ("mfu", ""), ("water_l", "L"), ("total_kgco2e", "kg CO2e")]
)
def test_a_name_ends_in_its_unit(name, unit):
    assert unit_of(name) == unit
    assert QUANTITIES[name].unit == unit


LIKELY = {
    "text": ["dgx-a100", "h100", "tpu-v4", "aws-p4d.24xlarge", "FR", "us-east-1", "europe-north1", "none", "", "../etc", "\ud800"],
    "date": ["2012", "2020", "2023-05", "2024-02-29", "2100", "soon"],
    "positive": ["1", "7B", "1e30", "1e-30", "1e-30..1e30", "1B±500M", "0", "nan"],
    "count": ["1", "8", "64", "1e12", "0.5", "4..8"],
    "reduction": ["0", "30%", "0.999", "0.1..0.3", "1", "-0.1"],
    "share": ["0.4", "1", "1e-30", "0.3..0.5", "1e-30..1", "40"],
    "pue": ["1", "1.5", "10", "1.1..1.4", "0.9"],
    "intensity": ["0", "1", "1500", "30..600", "1e-30..1500", "0.4"],
    "factor": ["1", "1.5", "1e30", "1..3", "0.9"],
    "price": ["0", "1e-30", "1e30", "0.1", "1e-30..1e30", "-1"],
    "amount": ["0", "7B", "1e30", "1B..2B", "-1"],
}
"""For each kind of check the texts that people may give: good, extreme and wrong."""


def few_fields(names, value_of):
    """Return a strategy of up to five of the fields *names*, each with a value of its own."""
    return st.lists(st.sampled_from(sorted(names)), max_size=5, unique=True).flatmap(lambda chosen: st.fixed_dictionaries({n: value_of(n) for n in chosen}))


def text_of(name):
    return st.sampled_from([*CHOICES[name], "other"] if name in CHOICES else LIKELY[FIELDS[name].check])


def array_of(name):
    extremes = {"count": [1.0, 8.0, 1e12], "share": [1e-30, 0.4, 1.0], "pue": [1.0, 1.5, 10.0], "factor": [1.0, 2.5, 1e30], "intensity": [0.0, 1.0, 1500.0]}
    values = extremes.get(FIELDS[name].check, [1e-30, 1.0, 7e9, 1e30])
    return st.lists(st.sampled_from([*values * 6, math.nan]), min_size=2, max_size=2).map(np.array)


def outcome(fields, level):
    """Return the figures of an answer that can be shown and sent, or "refused"."""
    try:
        answer = estimate(database=open_database(), level=level, **{"params": "7B", "tokens": "1T", "hw": "dgx-a100", **fields})
        shown, answered = answer._repr_html_() + repr(answer), answer.to_dict()
    except CarbonError as error:
        return error.hint and "refused"
    assert shown.startswith("<table>")
    json.dumps(answered, allow_nan=False)
    return answered["results"]


@settings(max_examples=500)
@given(few_fields(FIELDS, text_of), st.sampled_from([0.5, 0.9, 0.9999999]))
def test_any_plan_of_texts_gives_finite_figures_or_an_error_of_ours(fields, level):
    results = outcome(fields, level)
    assert results == "refused" or all(math.isfinite(number) for number in numbers_in(results))


@settings(max_examples=300)
@given(few_fields(NUMBERS, array_of))
def test_any_plan_of_arrays_gives_finite_figures_or_an_error_of_ours(fields):
    results = outcome(fields, 0.9)
    assert results == "refused" or all(math.isfinite(number) for number in numbers_in(results))


@settings(max_examples=300)
@given(few_fields(FIELDS, lambda _: st.one_of(st.text(max_size=8), st.floats(), st.integers(), st.booleans(), st.binary(max_size=3), st.lists(st.floats()))))
def test_any_plan_of_anything_gives_finite_figures_or_an_error_of_ours(fields):
    results = outcome(fields, 0.9)
    assert results == "refused" or all(math.isfinite(number) for number in numbers_in(results))


def test_every_quantity_is_an_attribute_with_its_interval_and_a_description(ask):
    answer = ask(servers=16, market_intensity=20)
    for name in (*ESTIMATED, *SCOPED, "operational_market_kgco2e"):
        assert getattr(answer, name) == answer[name], name
        unit = QUANTITIES[name].unit or "1"
        assert getattr(Estimate, name).__doc__.endswith(f"[{unit}]"), name


def test_an_attribute_of_an_unknown_quantity_says_what_to_give(ask):
    with pytest.raises(CarbonError, match="duration_s is not known") as caught:
        ask().duration_s  # noqa: B018  it is the access that raises
    assert "give servers or accelerators" in caught.value.hint
    with pytest.raises(CarbonError, match="operational_market_kgco2e"):
        ask().operational_market_kgco2e  # noqa: B018


def test_an_estimate_can_be_pickled(ask):
    answer = ask(servers=16)
    assert pickle.loads(pickle.dumps(answer)).to_dict() == answer.to_dict()
