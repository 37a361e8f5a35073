"""Organisations that had no part in the choice of a form are scored with what the others choose."""

import math

import pytest

from traincarbon.fitting.regression import Observation
from traincarbon.published.priors import generation_medians
from traincarbon.published.runs_file import read_runs
from traincarbon.published.whole_runs import whole_rows
from traincarbon.validation.nested import CANDIDATES, is_language, nested_of

SPARSE = {"all": 1.0, "generation=hopper": 1.0, "sparsity": 2.0}


def row(y, group, **effects):
    return Observation(y, {"all": 1.0, "generation=hopper": 1.0, **effects}, group, "other" if effects else "run")


@pytest.fixture
def law():
    """Return runs in which utilisation falls with the parameters that a token leaves out, exactly."""
    dense = [row(0.02 * (at % 3 - 1), f"dense {at}") for at in range(12)]
    return dense + [row(-0.2 * ratio, f"sparse {ratio}", sparsity=ratio) for ratio in (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)]


def test_the_others_choose_the_form_that_holds(law):
    one, by_ratio = (next(each for each in CANDIDATES if each.name == name) for name in ("one factor for all mixtures of experts", "as shipped"))
    found = nested_of(law, {}, [one, by_ratio])
    assert found.chosen == {"as shipped": len(law)}
    assert (found.candidates, found.errors.n) == (2, len(law))
    assert found.errors.p90_abs_ln < 0.2
    worse = nested_of(law, {}, [one])
    assert worse.errors.p90_abs_ln > 2.0 * found.errors.p90_abs_ln


def test_a_candidate_changes_what_its_name_says():
    changes = {each.name: each.change for each in CANDIDATES}
    assert changes["one factor for all mixtures of experts"](SPARSE) == {"all": 1.0, "generation=hopper": 1.0, "family=moe-lm": 1.0}
    assert changes["a factor for mixtures of experts beside their active parameters"](SPARSE) == {**SPARSE, "family=moe-lm": 1.0}
    assert all(change({"all": 1.0}) == {"all": 1.0} for change in changes.values())


def test_language_models_trained_from_scratch_are_scored_alone():
    kept = [row(0.0, "a"), row(0.0, "b", sparsity=2.0), row(0.0, "c", **{"family=encoder": 1.0})]
    left = [row(0.0, "d", **{"kind=finetune": 1.0}), row(0.0, "e", **{"family=vision": 1.0}), Observation(0.0, {"all": 1.0}, "f", "steps")]
    assert [is_language(each) for each in [*kept, *left]] == [True] * 3 + [False] * 3


def test_of_our_runs_language_models_are_within_what_the_page_of_accuracy_says(shipped):
    runs = read_runs()[0]
    errors = nested_of(whole_rows(runs, shipped), generation_medians(runs, shipped), CANDIDATES[:2]).errors
    assert errors.n > 110
    assert errors.median_abs_ln < 0.34
    assert errors.p90_abs_ln < 0.85
    assert abs(errors.bias_ln) < 0.05
    assert 0.88 <= errors.coverage_90 <= 0.93
    assert math.isfinite(errors.mean_abs_ln)
