"""The panel stands at the plan's own numbers before anything is set."""

import json
import random
import re

import pytest

from browser import evaluate
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.render import script
from traincarbon.reporting.sections.unit_costs import signed_money
from traincarbon.reporting.sections.what_if import controls_section
from traincarbon.reporting.what_if_data import SLIDERS, what_if
from traincarbon.uncertain import Interval


def panel(answer, database, currency=USD, worth=None):
    return section_html(controls_section(answer, what_if(answer, database, worth), currency, "p1"))


def test_every_control_has_a_label(ask, shipped):
    html = panel(ask(servers=64), shipped)
    controls = re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', html)
    assert len(controls) == len(SLIDERS) + 8
    assert set(controls) == set(re.findall(r'<label for="([^"]+)"', html))


def test_sliders_stand_at_the_estimate(ask, shipped):
    answer = ask(servers=64, pue=1.25)
    html = panel(answer, shipped)
    values = dict(re.findall(r'name="(\w+)" min="[^"]+" max="[^"]+" step="[^"]+" value="([^"]+)"', html))
    assert float(values["pue"]) == 1.25
    assert float(values["mfu"]) == answer.median("mfu")
    assert ' value="512"' in html


def test_what_follows_from_the_hours_cannot_be_set(ask, shipped):
    html = panel(ask(accelerator_hours=1e5), shipped)
    assert 'name="mfu"' not in html
    assert 'name="hw"' not in html


def test_prices_are_in_the_readers_currency(ask, shipped):
    html = panel(ask(), shipped, Currency("EUR", 0.5))
    assert 'data-scale="0.5" data-before="EUR " data-after="/kWh"' in html
    assert 'data-scale="100" data-before="" data-after=" %"' in html


def test_the_data_is_json_and_the_table_reads_without_scripts(ask, shipped):
    html = panel(ask(name="</script>"), shipped)
    (block,) = re.findall(r'<script type="application/json" class="data">(.*?)</script>', html)
    data = json.loads(block)
    assert data["currency"] == ["USD", 1.0]
    assert set(re.findall(r'data-figure="(\w+)"', html)) == {*data["figures"], *data["returns"]["of"]}
    assert "<noscript>" in html
    assert "not known" in html  # the duration, as the plan names no servers


def test_unit_costs_and_returns_stand_below_the_results_where_their_amounts_are_known(ask, shipped):
    answer = ask(servers=64, region="france")
    figures = {"rent_usd_per_gpu_hour", "tco_usd_per_gpu_hour", "rent_usd_per_billion_tokens", "tco_usd_per_billion_tokens"}
    stated = {"rent_usd_per_thousand_requests", "tco_usd_per_thousand_requests", "return_rent_usd", "return_tco_usd"}
    for worth, wanted in ((None, figures), (Worth(value_usd=1e5, requests=1e9), figures | stated)):
        html = panel(answer, shipped, worth=worth)
        assert {name for name in re.findall(r'data-figure="(\w+)"', html) if "_per_" in name or name.startswith("return_")} == wanted
    hour = re.search(r'GPU-hour, rented</th><td class="n">\$([\d.]+) <small>', html)[1]
    assert float(hour) == pytest.approx(answer.median("rent_usd") / answer.median("accelerator_hours_h"), rel=0.005)
    assert re.search(r'Return, rented</th><td class="n">−\$[\d.]+[kM] <small>−\$[\d.]+[kM] to ', html)


def test_the_page_words_an_amount_that_may_be_a_loss_as_the_package_does(tmp_path):
    amounts = [sign * 10.0**power * first for power in range(-3, 10) for first in (1.0, 2.345, 9.996) for sign in (1.0, -1.0)]
    words = script().partition("// Describe the setting")[0]
    for currency in (USD, Currency("EUR", 0.92)):
        shown = evaluate(words, f"{json.dumps(amounts)}.map(usd => signed(usd, {json.dumps([currency.code, currency.per_usd])}))", tmp_path)
        assert shown == [signed_money(usd, currency) for usd in amounts]


def test_the_page_words_a_figure_as_the_package_does(tmp_path):
    rng = random.Random(7)
    units = ["kWh", "kg CO2e", "L", "$", "h", "s"]
    cases = [(Interval(m / s, m, m * s), units[at % 6]) for at in range(300) for m, s in [(10.0 ** rng.uniform(-8, 9), rng.choice([1.0, 1.02, 2.0, 9.0]))]]
    cases += [(Interval(3.1e-12, 4.0e-12, 5.27e-12), unit) for unit in units] + [(Interval(3e25, 4.2e25, 6e25), unit) for unit in units]
    cases += [(Interval(1.0, 2.0, 4.0), unit) for unit in units] + [(Interval(0.96e6, 0.9996e6, 9.97e6), unit) for unit in units]
    for currency in (USD, Currency("EUR", 0.92)):
        data = json.dumps([[interval._asdict(), unit, [currency.code, currency.per_usd]] for interval, unit in cases])
        words = script().partition("// Describe the setting")[0]
        found = evaluate(words, f"{data}.map(([bounds, unit, money]) => shown(bounds, unit, money))", tmp_path)
        for (interval, unit), shown in zip(cases, found, strict=True):
            middle, scale, bounds = currency.shown(interval, unit)
            assert shown == f"{middle} {scale}".rstrip() + ("" if bounds in ("", "exact") else f" ({bounds})")
