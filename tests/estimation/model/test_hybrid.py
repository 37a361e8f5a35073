"""Language models that the database knows by their parameters alone."""

import pytest

from traincarbon import estimate
from traincarbon.database.load import open_database
from traincarbon.errors import CarbonError
from traincarbon.estimation.model.hybrid import find_hybrid

WORK = {"tokens": 1e12, "hw": "64xh100"}


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("zamba2-7b", "zamba2-7b"),
        ("Zyphra/Zamba2-7B-Instruct", "zamba2-7b"),
        ("nvidia/Nemotron-H-8B-Base-8K", "nemotron-h-8b"),
        ("ibm-granite/granite-4.0-h-tiny-base", "granite-4.0-h-tiny"),
        ("Falcon H1 34B", "falcon-h1-34b"),
    ],
)
def test_a_hybrid_is_found_by_its_usual_names(name, id):
    assert find_hybrid(open_database(), name).id == id


@pytest.mark.parametrize("name", ["zamba2", "nemotron", "llama-3-8b", ""])
def test_the_beginning_of_a_name_is_not_enough(name):
    assert find_hybrid(open_database(), name) is None


def test_a_hybrid_is_estimated_by_its_active_parameters():
    answer = estimate(model="granite-4.0-h-small", **WORK)
    assert answer.median("compute_flop") == pytest.approx(6.0 * 9e9 * 1e12)
    assert (answer.plan.params, answer.plan.active_params, answer.plan.family) == (32e9, 9e9, "decoder")
    dense = estimate(model="nemotron-h-8b", **WORK)
    assert dense.median("compute_flop") == pytest.approx(6.0 * 8e9 * 1e12)


def test_a_name_of_no_size_is_refused_with_the_sizes_that_there_are():
    with pytest.raises(CarbonError) as told:
        estimate(model="zamba2", **WORK)
    assert "zamba2-7b" in told.value.hint


@pytest.mark.parametrize("name", ["mamba-2.8b", "state-spaces/mamba2-2.7b", "tiiuae/falcon-mamba-7b", "ai21labs/Jamba-v0.1", "RWKV/rwkv-4-7b-pile"])
def test_models_of_states_have_their_shape_counted(name):
    answer = estimate(model=name, **WORK)
    active = answer.plan.active_params or answer.plan.params
    assert answer.median("compute_flop") == pytest.approx(6.0 * active * 1e12)
