"""The page answers what else might be exactly as the package does."""

import json
import random

import pytest

from browser import evaluate
from made_runs import fitted, record, slower
from traincarbon.calibration.store import save
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.links import CHAIN
from traincarbon.estimation.plan import Plan
from traincarbon.quantities import ESTIMATED
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.plan_variants import varied_plan
from traincarbon.reporting.shell import template
from traincarbon.reporting.what_if_data import LINKS, OF_PLAN, PARAMS_UNIT, SLIDERS, TOKENS_UNIT, what_if
from traincarbon.reporting.what_if_facts import INPUTS
from traincarbon.uncertain import Interval

EQUATIONS = f"const LINKS = {json.dumps(LINKS)};\n{template('equations.js')}"
PLANS = (
    {"params": 530e9, "tokens": 270e9, "hw": "dgx-a100", "servers": 280, "start": "2021"},
    {"params": 7e9, "tokens": 2e12, "hw": "aws-p5.48xlarge", "region": "us-east-1", "mfu": "0.3..0.5", "goodput": 0.9},
    {"params": 671e9, "active_params": 37e9, "tokens": "10e12..20e12", "hw": "h800-sxm5-80gb", "accelerators": 2048, "precision": "fp8", "pue": "1.2±0.1"},
    {"params": 65e9, "tokens": 1.4e12, "hw": "dgx-a100", "accelerator_hours": 1.02e6, "region": "US-VA", "service_life": 3},
    {"accelerator_hours": 1000, "hw": "v100-sxm2-32gb"},
    {"params": 7e9, "tokens": 1e8, "hw": "8xh100", "kind": "finetune", "startup_hours": 0.25, "attempts": 3, "goodput": 0.8},
)
WORTH = Worth(value_usd=2e7, requests=5e9)
SETTINGS = 100
"""Random settings for each plan."""


def settings_of(found, chance):
    """Random settings: as the page states them, by place in its lists, and as the fields of a plan."""
    for _ in range(SETTINGS):
        page, fields = {}, {}
        lists = (found.hardware, found.places, found.starts, found.rents, found.precisions)
        for key, choices in zip(("hw", "region", "start", "rent", "precision"), lists, strict=True):
            page[key] = chance.randrange(len(choices)) if choices else 0
            if choices and choices[page[key]].id:
                fields[key] = choices[page[key]].id
        for slider in SLIDERS:
            if chance.random() < 0.4:
                page[slider.name] = fields[slider.name] = chance.uniform(slider.low, slider.high)
        if chance.random() < 0.4:
            page["accelerators"] = fields["accelerators"] = float(chance.randrange(8, 20000))
        if "tokens" in found.data and chance.random() < 0.4:
            page["tokens"] = 10.0 ** chance.uniform(0.0, 4.0)
            fields["tokens"] = page["tokens"] * TOKENS_UNIT
        if "params" in found.data and chance.random() < 0.4:
            page["params"] = 10.0 ** chance.uniform(-1.0, 3.0)
            fields["params"] = page["params"] * PARAMS_UNIT
        yield page, fields


def assert_agreement(answer, database, tmp_path, *, seed):
    """Hold the page against the package on random settings, to a billionth: all results, unit costs and returns."""
    found = what_if(answer, database, WORTH)
    settings = list(settings_of(found, random.Random(seed)))
    if answer.plan.accelerator_hours is not None:
        for page, fields in settings:
            page.pop("mfu", None)
            fields.pop("mfu", None)
    script = f"{EQUATIONS}\nconst page = opened({json.dumps(found.data)});\nconst settings = {json.dumps([page for page, _ in settings])};"
    seen = evaluate(
        script,
        "settings.map(set => { const found = resultsOf(page, set); return found && Object.fromEntries([...Object.entries(found)"
        ".map(([name, value]) => [name, value && interval(value, page.z)]), ...Object.entries(page.returns.of)"
        ".map(([name, of]) => [name, found[of] && returnOf(page, interval(found[of], page.z))])]); })",
        tmp_path,
    )
    compared = 0
    for (_, fields), figures in zip(settings, seen, strict=True):
        try:
            expected = estimate(varied_plan(answer, **fields), database=database)
        except CarbonError:
            assert figures is None
            continue
        for name in ESTIMATED:
            if expected[name] is None:
                assert figures[name] is None, name
            else:
                assert [figures[name][end] for end in ("low", "median", "high")] == pytest.approx(list(expected[name]), rel=1e-9), (name, fields)
                compared += 1
        for name, wanted in costs_of(expected):
            assert [figures[name][end] for end in ("low", "median", "high")] == pytest.approx(list(wanted), rel=1e-9, abs=1e-3), (name, fields)
            compared += 1
    assert compared > SETTINGS


def costs_of(answer):
    """The unit costs and returns of an estimate, by the package alone."""
    tokens = answer.plan.tokens if isinstance(answer.plan.tokens, float) else None
    for way in ("rent_usd", "tco_usd"):
        cost = answer.values[way]
        if cost is None:
            continue
        yield f"{way}_per_gpu_hour", Interval.of(cost * (1.0 / answer.values["accelerator_hours_h"]), answer.level)
        yield f"{way}_per_thousand_requests", Interval.of(cost * (1000.0 / WORTH.requests), answer.level)
        if tokens is not None:
            yield f"{way}_per_billion_tokens", Interval.of(cost * (1e9 / tokens), answer.level)
        bounds = Interval.of(cost, answer.level)
        yield f"return_{way}", Interval(*(WORTH.value_usd - bound for bound in (bounds.high, bounds.median, bounds.low)))


@pytest.mark.parametrize("stated", PLANS, ids=[plan["hw"] for plan in PLANS[:3]] + ["hours", "hours-alone", "a fine-tune"])
def test_the_page_agrees_with_the_package_on_any_setting(shipped, tmp_path, stated):
    assert_agreement(estimate(Plan(**stated), database=shipped), shipped, tmp_path, seed=1)


def test_the_page_agrees_with_the_package_where_runs_of_ones_own_calibrate_it(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path / "calibrations"))
    (tmp_path / "calibrations").mkdir()
    runs = []
    for each in slower(shipped, (1.5, 1.42, 1.58, 1.51)):
        hours_h = each.duration_s * 8 / 3600.0
        metered = {"gpu_kwh": 0.2 * hours_h, "other_kwh": 0.1 * hours_h}
        runs.append(record(each.run_id, params=each.params, tokens=each.tokens, duration_s=each.duration_s, **metered))
    save(fitted(runs, shipped).calibration)
    answer = estimate(params=8e9, tokens=1.6e11, hw="dgx-a100", servers=1, database=shipped)
    assert {"mfu_calibration", "power_calibration", "host_calibration"} <= set(answer.inputs)
    assert_agreement(answer, shipped, tmp_path, seed=3)


def test_the_first_choices_are_the_plans_own(ask, shipped):
    answer = ask(region="france", start="2024")
    found = what_if(answer, shipped)
    assert (found.hardware[0].name, found.places[0].name, found.starts[0].name) == ("NVIDIA DGX A100 640GB", "France", "2024, as planned")
    assert len({choice.id for choice in found.places}) == len(found.places)
    assert "dgx-a100" not in [choice.id for choice in found.hardware]


def test_what_the_plan_states_goes_to_the_page_as_stated(ask, shipped):
    found = what_if(ask(mfu="0.3..0.5", pue=1.1), shipped)
    assert found.data["stated"]["pue"] == [1.1]
    assert found.data["stated"]["mfu"][0] == pytest.approx(0.3873, rel=1e-3)
    assert set(found.data["stated"]) == {"mfu", "pue"}


def test_hardware_is_fixed_where_the_hours_are_given(ask, shipped):
    answer = ask(accelerator_hours=1e5)
    assert [choice.id for choice in what_if(answer, shipped).hardware] == [""]


def test_every_number_is_there_once_and_the_page_stays_small(ask, shipped):
    data = what_if(ask(servers=64), shipped).data
    assert len({json.dumps(pair) for pair in data["pool"]}) == len(data["pool"])
    assert len(json.dumps(data)) < 100_000


def test_the_page_has_every_fact_that_the_chain_takes():
    links = {link.name for link in CHAIN}
    sources = {source for link in CHAIN for alternatives in link.inputs.values() for source in alternatives if isinstance(source, str)}
    of_plan = {"compute_flop", "median_active_params", "params_per_active", "image_flop", "accelerators", "accelerator_count", "market_intensity", *OF_PLAN}
    assert sources - links - of_plan <= set(INPUTS)


def test_every_slider_is_an_input_of_the_chain():
    assert {slider.name for slider in SLIDERS} <= set(INPUTS)
    assert all(slider.low < slider.high for slider in SLIDERS)
