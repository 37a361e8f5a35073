"""A fine-tune is told by its kind, and its base by the name of the plan's model on the Hub."""

import pytest

from traincarbon.disclosure.tuning import base_model_of, is_fine_tuning
from traincarbon.estimation.families import KINDS


def test_every_kind_but_training_from_scratch_starts_from_a_model():
    assert {kind for kind in KINDS if not is_fine_tuning(kind)} == {"pretrain"}


@pytest.mark.parametrize("kind", [None, "", "no such kind", 3])
def test_what_is_no_kind_is_no_fine_tuning(kind):
    assert not is_fine_tuning(kind)


def test_the_base_is_a_model_of_the_hub():
    assert base_model_of({"kind": "dpo", "model": "hub:acme/base-7b"}) == "acme/base-7b"
    assert base_model_of({"kind": "dpo", "model": "llama-7b"}) == ""
    assert base_model_of({"model": "hub:acme/base-7b"}) == ""
