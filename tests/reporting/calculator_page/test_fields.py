"""The form reads numbers as the command line does."""

import json

import pytest

from browser import evaluate
from traincarbon.errors import CarbonError
from traincarbon.estimation.fields import check_number
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.reporting.calculator_page.fields import KNOWN, WORK, fields_html, form_data
from traincarbon.reporting.shell import template
from traincarbon.uncertain import Interval

NUMBERS = ("0", "-1", "1", "8", "2.5", "7b", "7B", "300 B", "7 billion", "1.4T", "1.4 trillion", "530e9", "5.3e+11", "270,000,000", "270 000 000", "1_000")
NUMBERS += (
    "1,5",
    "1.000.000",
    "10^9",
    "10**9",
    "3x10^9",
    "3 × 10^9",
    "1e400",
    "1e31",
    "1e-31",
    "nan",
    "inf",
    "-inf",
    "abc",
    "7 kg",
    "x",
    "+5",
    ".5",
    "5.",
    "e5",
    "--5",
)
NUMBERS += (
    "0.4",
    "40%",
    "40 %",
    "400%",
    "0.3..0.5",
    "0.5..0.3",
    "0.4±0.05",
    "0.4+-0.05",
    "0.4±0.5",
    "..",
    "3..",
    "7-8B",
    "7B..13B",
    "1..",
    "0..1",
    "1.1",
    "1.1..1.3",
)
NUMBERS += (
    "300 B tokens",
    "7B params",
    "2 M parameters",
    "2 GPU-hours",
    "3 days",
    "100 GPU-days",
    "12h",
    "90m",
    "90M",
    "2 k GPU-hours",
    "256 GPUs",
    "64 accelerators",
)
NUMBERS += (
    "$2",
    "$2/h",
    "2 $/h",
    "$2.50 per hour",
    "USD 3",
    "€2",
    "2 EUR",
    "8 ct/kWh",
    "$0.08/kWh",
    "80 $/MWh",
    "50 g/kWh",
    "0.05 kg/kWh",
    "400 gCO2e/kWh",
    "0.4",
    "2000",
)
NUMBERS += (
    "<img src=x onerror=alert(1)>",
    "'; DROP",
    "७",
    "1" * 400,
    "1e5e5",
    "0x10",
    "1 2",
    "1 234",
    "12,34",
    "1,234.5",
    "1,234,567.8",
    "7 b",
    "7bn",
    "−3",
    "~7B",
    "about 7B",
)
NAMES = [each.name for each in (*WORK, *KNOWN)]


def in_python(name, text):
    """Return the interval that a plan reads, None where it refuses the text."""
    try:
        checked = check_number(name, text, FIELDS[name])
        return list(Interval.of(Plan(**{name: text}).number(name) if isinstance(checked, str) else checked))
    except CarbonError:
        return None


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    script = (
        f'"use strict"; const exact = median => ({{ median, spreads: {{}} }}); const FORM = {json.dumps(form_data())};\n{template("calculator_numbers.js")}'
    )
    ask = f"{json.dumps(NAMES)}.map(name => {json.dumps(NUMBERS)}.map(text => readField(text, FORM.fields[name], name)))"
    return dict(zip(NAMES, evaluate(script, ask, tmp_path_factory.mktemp("readings")), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_field_reads_and_refuses_what_a_plan_does(readings, name):
    differing = []
    for text, found in zip(NUMBERS, readings[name], strict=True):
        expected = in_python(name, text)
        if expected is None or "value" not in found:
            if expected is not None or "value" in found:
                differing.append((text, expected, found))
        else:
            assert found["value"]["median"] == pytest.approx(expected[1], rel=1e-12), text
            assert bool(found["value"]["spreads"]) == (expected[0] != expected[2]), text
    assert not differing


def test_what_is_wrong_is_said_with_the_spelling_that_was_meant(readings):
    said = dict(zip(NUMBERS, (found.get("error", "") for found in readings["params"]), strict=True))
    assert said["0"] == "it must be above 0"
    assert said["1e400"] == "too large: no finite number"
    assert "did you mean 1.5?" in said["1,5"]
    assert said["abc"].startswith("not a number")
    shares = dict(zip(NUMBERS, (found.get("error", "") for found in readings["mfu"]), strict=True))
    assert "did you mean 0.08?" in shares["8"]


def test_every_field_has_a_label_an_example_and_room_for_what_is_wrong():
    made = fields_html((*WORK, *KNOWN))
    for name in NAMES:
        assert f'<label for="c-{name}">' in made
        assert f'aria-describedby="c-{name}-note"' in made
        assert f'<span class="hint" id="c-{name}-note">such as ' in made
