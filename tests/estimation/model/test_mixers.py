"""Layers that are not attention."""

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.keys import ConfigKeys
from traincarbon.estimation.model.mixers import delta_rule_params, mamba2_params, mamba_params, rwkv_params


def keys(**table):
    return ConfigKeys(table, "config.json")


def test_a_layer_of_mamba_is_the_sum_of_its_parts():
    # in 768 × 3072, out 1536 × 768, convolution 1536 × 4 + 1536, x 1536 × (48 + 32), step 48 × 1536 + 1536, A 1536 × 16, D 1536
    assert mamba_params(keys(state_size=16), hidden=768, has_norms=False) == 2359296 + 1179648 + 7680 + 122880 + 75264 + 24576 + 1536
    assert mamba_params(keys(time_step_rank="auto"), hidden=768, has_norms=False) == mamba_params(keys(time_step_rank=48), hidden=768, has_norms=False)
    assert mamba_params(keys(), hidden=768, has_norms=True) - mamba_params(keys(), hidden=768, has_norms=False) == 48 + 2 * 16
    assert mamba_params(keys(use_bias=True), hidden=768, has_norms=False) - mamba_params(keys(), hidden=768, has_norms=False) == 3072 + 768
    assert mamba_params(keys(use_conv_bias=False), hidden=768, has_norms=False) - mamba_params(keys(), hidden=768, has_norms=False) == -1536


def test_a_layer_of_mamba_2_is_the_sum_of_its_parts():
    # in 4096 × (8192 + 10240 + 128), convolution 10240 × 5, three vectors of 128 heads, a norm of 8192, out 8192 × 4096
    found = mamba2_params(keys(num_heads=128, head_dim=64, n_groups=8, state_size=128), hidden=4096)
    assert found == 4096 * 18560 + 51200 + 384 + 8192 + 33554432


def test_heads_of_mamba_2_that_do_not_fill_its_width_are_refused():
    with pytest.raises(PlanError, match="100 heads of 64 are not the inner width 8192"):
        mamba2_params(keys(num_heads=100, head_dim=64), hidden=4096)


def test_a_layer_of_the_delta_rule_is_the_sum_of_its_parts():
    stated = keys(linear_num_value_heads=32, linear_value_head_dim=128, linear_num_key_heads=16, linear_key_head_dim=128)
    # queries, keys, values and gates 2048 × (2 × 2048 + 2 × 4096), two numbers a head 2048 × 64, out 4096 × 2048, convolution 8192 × 4, 64 vectors, norm 128
    assert delta_rule_params(stated, hidden=2048) == 2048 * 12288 + 2048 * 64 + 4096 * 2048 + 8192 * 4 + 64 + 128


def test_a_layer_of_rwkv_is_the_sum_of_its_parts():
    assert rwkv_params(keys(), hidden=768) == 4 * 768 * 768 + 5 * 768 + 2 * 768 * 3072 + 768 * 768 + 2 * 768
