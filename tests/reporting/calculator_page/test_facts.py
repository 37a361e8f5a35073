"""The page's figures are those of the package on any setting, to a billionth."""

import json
import random

import pytest

from browser import evaluate
from traincarbon.database.records import PURCHASES
from traincarbon.estimation.chain import estimate
from traincarbon.quantities import ESTIMATED
from traincarbon.reporting.calculator_page.facts import KINDS, PageFacts
from traincarbon.reporting.calculator_page.scripts import values_script

SETTINGS = 600
STATED = {"mfu": (0.05, 0.8), "pue": (1.0, 2.0), "carbon_intensity": (1.0, 1000.0), "electricity_price": (0.0, 0.5), "rent_price": (0.1, 20.0)}
ASKED = """settings.map(set => {
  const asked = { ...set, stated: {} };
  for (const name of ["params", "active", "tokens", "hours"]) asked[name] = set[name] === undefined ? null : exact(set[name]);
  for (const [name, value] of Object.entries(set.stated)) asked.stated[name] = exact(value);
  return Object.fromEntries(Object.entries(calculated(page, asked)).map(([name, value]) => [name, value && interval(value, page.z)]));
})"""


@pytest.fixture(scope="module")
def facts(shipped):
    return PageFacts(shipped)


def setting(facts, chance):
    """Return a random setting: as the page states it, and as the fields of a plan."""
    hw, place = chance.randrange(len(facts.hardware)), chance.randrange(len(facts.places))
    hardware, kind, rent = facts.hardware[hw], chance.choice(list(KINDS)), chance.choice(PURCHASES)
    page = {"hw": hw, "region": place, "precision": "", "kind": kind, "rent": rent, "accelerators": None}
    fields = {"hw": hardware.id, "rent": rent, "calibration": "none"}
    if facts.places[place].id:
        fields["region"] = facts.places[place].id
    if chance.random() < 0.5:
        page["precision"] = fields["precision"] = chance.choice(list(hardware.modes))
    if chance.random() < 0.7:
        page["accelerators"] = fields["accelerators"] = chance.choice([1, 2, 3, 4, 6, 8, 9, 64, chance.randrange(1, 30000)])
    if chance.random() < 0.25:
        page["hours"] = fields["accelerator_hours"] = 10.0 ** chance.uniform(0.0, 7.0)
    else:
        page["params"] = fields["params"] = 10.0 ** chance.uniform(7.0, 12.5)
        page["tokens"] = fields["tokens"] = 10.0 ** chance.uniform(6.0, 13.5)
        fields["kind"] = kind
        if chance.random() < 0.2:
            page["active"] = fields["active_params"] = page["params"] * chance.uniform(0.02, 0.9)
    page["stated"] = {name: chance.uniform(*bounds) for name, bounds in STATED.items() if chance.random() < 0.15 and not (name == "mfu" and "hours" in page)}
    return page, fields | page["stated"]


def test_the_figures_are_those_of_the_package_on_any_setting(facts, shipped, tmp_path):
    chance = random.Random(17)
    settings = [setting(facts, chance) for _ in range(SETTINGS)]
    data = {**facts.data, "z": 1.6448536269514722}
    script = f"{values_script()}\nconst page = openedFacts({json.dumps(data)});\nconst settings = {json.dumps([page for page, _ in settings])};"
    compared = 0
    for (_, fields), seen in zip(settings, evaluate(script, ASKED, tmp_path), strict=True):
        expected = estimate(**fields, database=shipped)
        for name in ESTIMATED:
            if expected[name] is None:
                assert seen[name] is None, (name, fields)
            else:
                assert [seen[name][end] for end in ("low", "median", "high")] == pytest.approx(list(expected[name]), rel=1e-9), (name, fields)
                compared += 1
    assert compared > 8 * SETTINGS
