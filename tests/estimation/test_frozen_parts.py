"""Frozen parts: what of them is multiplied, so that no part of the FLOP is negative."""

import numpy as np
import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.frozen_parts import multiplied_share

XLM_R = {"params": None, "model": "xlm-roberta-base", "kind": "finetune", "tokens": 1e9}
"""12 layers of width 768 with 85e6 parameters, and 250,002 words: 192e6."""
LAYERS = 12 * 12 * 768**2


def test_a_frozen_table_of_words_saves_nothing(ask):
    whole, frozen = ask(**XLM_R), ask(**XLM_R, frozen_params=192e6)
    assert frozen.median("compute_flop") == pytest.approx(whole.median("compute_flop"))
    assert frozen.flop_counts["parts"]["frozen"] == 0.0
    assert "multiplied_frozen_params" in {each.name for each in frozen.assumptions}


def test_beyond_the_table_of_words_layers_are_frozen(ask):
    # BERT base has 109.5e6 parameters, of which 85e6 are multiplied
    whole = ask(params=None, model="bert-base", kind="finetune", tokens=1e9)
    answer = ask(params=None, model="bert-base", kind="finetune", tokens=1e9, frozen_params=100e6)
    trained = whole.plan.number("params") - 100e6
    assert answer.flop_counts["parts"]["model"] == pytest.approx(6 * trained * 1e9)
    assert answer.flop_counts["parts"]["frozen"] == pytest.approx(4 * (LAYERS - trained) * 1e9)


PLANS = [
    XLM_R,
    {"params": None, "model": "bert-base", "kind": "finetune", "tokens": 1e9},
    {"params": None, "model": "bert-base", "tokens": 1e11},
    {"params": None, "model": "llama-3-8b", "tokens": 1e9},
    {"params": None, "model": "olmoe-1b-7b", "tokens": 1e9},
    {"params": None, "family": "encoder", "layers": 12, "hidden": 768, "vocab": 250002, "tokens": 1e9},
    {"params": None, "layers": 32, "hidden": 4096, "tokens": 1e9},
    {"params": 47e9, "active_params": 13e9, "seq_len": 8192},
    {"params": 7e9, "seq_len": 8192},
    {"params": "6e9..8e9"},
]


@pytest.mark.parametrize("fields", PLANS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.9, 0.999])
def test_every_part_is_at_least_zero_and_what_is_trained_is_counted_once(ask, fields, share):
    whole = ask(**fields)
    params = 6e9 if "params" in fields and isinstance(fields["params"], str) else whole.plan.number("params") or whole.median("compute_flop") / 6e9
    for more in ({"frozen_params": share * params}, {"trainable_params": (1.0 - share) * params}):
        answer = ask(**fields, **more)
        parts = answer.flop_counts["parts"]
        assert min(parts.values()) >= 0.0
        assert sum(parts.values()) == pytest.approx(answer.median("compute_flop"))
        # gradients pass through all of it, so a third of what is multiplied is the most that is saved
        least = whole.median("compute_flop") - whole.flop_counts["parts"]["model"] / 3
        assert least * 0.999999 <= answer.median("compute_flop") <= whole.median("compute_flop") * 1.000001


def test_trainable_parameters_leave_the_rest_of_all_frozen(ask):
    answer = ask(**XLM_R, trainable_params=100e6)
    (frozen,) = [each.value for each in answer.assumptions if each.name == "frozen_params"]
    assert frozen == pytest.approx(answer.plan.number("params") - 100e6)
    assert answer.fewest_accelerators < ask(**XLM_R).fewest_accelerators


def test_of_a_mixture_as_large_a_share_of_what_is_frozen_is_passed_as_of_all():
    assert multiplied_share(10e9, active=13e9, whole=52e9) == 2.5e9
    assert multiplied_share(52e9, active=13e9, whole=52e9) == 13e9


def test_more_frozen_than_active_parameters_are_asked_for_the_whole(ask):
    with pytest.raises(PlanError, match=r"frozen_params 2e\+09 exceed active_params 1e\+09") as caught:
        ask(params=None, active_params=1e9, frozen_params=2e9)
    assert "give params too" in caught.value.hint


def test_arrays_are_frozen_as_each_plan_is(ask):
    shape = {"params": None, "family": "encoder", "layers": 12, "hidden": 768, "vocab": 250002, "tokens": 1e9}
    many = ask(**shape, frozen_params=np.array([1e6, 192e6, 250e6])).median("compute_flop")
    assert many == pytest.approx([ask(**shape, frozen_params=each).median("compute_flop") for each in (1e6, 192e6, 250e6)])
