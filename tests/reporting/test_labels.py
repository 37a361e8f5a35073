"""Everything in a derivation has a label."""

import pytest

from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting import labels
from traincarbon.reporting.labels import label_of, uncertainty_label
from traincarbon.reporting.view import EstimateView


@pytest.mark.parametrize(
    "fields", [{}, {"region": "sweden", "servers": 64}, {"kind": "lora", "market_intensity": 10.0}, {"layers": 32, "hidden": 4096, "heads": 32, "vocab": 32000}]
)
def test_every_step_and_assumption_has_a_label(ask, fields):
    view = EstimateView.of(ask(**fields))
    keys = {step.name for step in view.steps} | {assumption.name for assumption in view.assumptions}
    assert len(keys) > 20
    assert keys - labels._LABELS.keys() - QUANTITIES.keys() - FIELDS.keys() == set()


def test_a_name_without_a_label_is_written_out():
    assert label_of("some_new_fact") == "Some new fact"
    assert label_of("") == ""


@pytest.mark.parametrize("fields", [{"servers": 64, "region": "sweden"}, {"hw": "aws-p5.48xlarge", "servers": 8}])
def test_every_source_of_uncertainty_has_a_label(ask, fields):
    sources = {source for shares in ask(**fields).spread_shares.values() for source in shares}
    assert len(sources) > 8
    assert sources - labels._UNCERTAINTIES.keys() == set()
    assert uncertainty_label("new_source") == "new source"
