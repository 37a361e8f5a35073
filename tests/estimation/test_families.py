"""The families of models, by their names in plans, published runs and priors."""

import pytest

from traincarbon.estimation.families import FAMILIES, MOE, USUAL, family_of, published_family
from traincarbon.estimation.plan_fields import CHOICES


def test_a_plan_may_be_of_any_family_and_is_of_the_usual_one_if_it_states_none():
    assert CHOICES["family"] == tuple(FAMILIES)
    assert family_of(None) is USUAL
    assert [family_of(name).name for name in FAMILIES] == list(FAMILIES)


@pytest.mark.parametrize(
    ("published", "name"),
    [("dense-lm", "decoder"), (MOE, "decoder"), ("ssm", "decoder"), ("seq2seq", "encoder-decoder"), ("vision", "vision"), ("unheard of", "decoder")],
)
def test_the_family_of_a_published_run_is_found_by_what_it_is_called_there(published, name):
    assert published_family(published).name == name


def test_no_name_in_published_runs_means_two_families():
    names = [name for family in FAMILIES.values() for name in family.published_as]
    assert len(names) == len(set(names))


def test_an_encoder_decoder_takes_half_the_flop_of_others():
    decoder, both = (FAMILIES[name].training_flop(active_params=1e9, tokens=1e9) for name in ("decoder", "encoder-decoder"))
    assert (decoder, both) == (6e18, 3e18)


def test_a_token_passes_through_half_of_two_stacks_and_through_all_of_one():
    assert {name: family.passed_share for name, family in FAMILIES.items() if family.passed_share != 1.0} == {"encoder-decoder": 0.5}
