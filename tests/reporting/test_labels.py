"""Whatever an estimate is made of has a name that a reader understands."""

import pytest

from traincarbon.reporting import naming
from traincarbon.reporting.naming import named
from traincarbon.reporting.sections.summary import LABELS
from traincarbon.reporting.view import said_by


@pytest.mark.parametrize(
    "fields", [{}, {"region": "sweden", "servers": 64}, {"kind": "lora", "market_intensity": 10.0}, {"layers": 32, "hidden": 4096, "heads": 32, "vocab": 32000}]
)
def test_every_step_and_assumption_is_called_by_more_than_its_key(ask, fields):
    said = said_by(ask(**fields))
    keys = {step.name for step in said.steps} | {assumption.name for assumption in said.assumptions}
    assert len(keys) > 20
    assert keys - naming._NAMES.keys() - LABELS.keys() == set()


def test_what_has_no_name_is_called_by_its_words():
    assert named("some_new_fact") == "Some new fact"
    assert named("") == ""
