"""Parameters by part: published models worked by hand, limits, refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.parameters import (
    attention_params,
    compressed_query_params,
    embedding_params,
    expert_params,
    feed_forward_params,
    latent_attention_params,
    norm_params,
    patch_embedding_params,
    transformer_params,
)

SIZES = st.integers(1, 4096)


def test_llama_3_8b_by_hand():
    # 32 × (q 4096² + k and v 2 × 4096 × 1024 + o 4096² + 3 × 4096 × 14336 + 2 × 4096) + 2 × 128256 × 4096 + 4096
    layer = attention_params(hidden=4096, heads=32, kv_heads=8, head_dim=128, value_dim=128)
    assert layer == 2 * 4096**2 + 2 * 4096 * 1024
    layer += feed_forward_params(ffn_matrices=3, hidden=4096, ffn=14336) + norm_params(norms=2, vectors=1, width=4096)
    embedding = embedding_params(vocab=128256, positions=0, token_types=0, width=4096)
    whole = transformer_params(
        embedding_params=embedding, layers=32, layer_params=layer, other_layers=0, other_layer_params=0, head_params=embedding, other_params=4096
    )
    assert whole == 8030261248


def test_the_attention_of_deepseek_v3_by_hand():
    queries = compressed_query_params(hidden=7168, query_rank=1536, heads=128, query_dim=192)
    assert queries == 7168 * 1536 + 1536 * 128 * 192
    rest = latent_attention_params(hidden=7168, heads=128, kv_rank=512, rope_dim=64, head_dim=128, value_dim=128)
    assert rest == 7168 * (512 + 64) + 512 * 128 * 256 + 128 * 128 * 7168
    assert queries + rest == 187105280


def test_experts_that_are_visited_are_part_of_those_held():
    shape = {"ffn_matrices": 3, "hidden": 7168, "expert_ffn": 2048, "shared_ffn": 2048, "routed_experts": 256}
    held, visited = expert_params(experts=256, **shape), expert_params(experts=8, **shape)
    assert held - visited == 248 * 3 * 7168 * 2048
    assert visited == 9 * 3 * 7168 * 2048 + 7168 * 256


def test_one_expert_is_a_dense_block_with_a_router():
    one = expert_params(ffn_matrices=3, hidden=64, experts=1, expert_ffn=256, shared_ffn=0, routed_experts=1)
    assert one == feed_forward_params(ffn_matrices=3, hidden=64, ffn=256) + 64


def test_the_patches_of_vit_base_by_hand():
    assert patch_embedding_params(hidden=768, channels=3, patch_size=16) == 3 * 16 * 16 * 768 + 768


@given(SIZES, st.integers(1, 64), st.integers(1, 256))
def test_grouped_queries_hold_no_more_than_full_ones(hidden, heads, width):
    full, grouped = (attention_params(hidden=hidden, heads=heads, kv_heads=count, head_dim=width, value_dim=width) for count in (heads, 1))
    assert grouped <= full == 4 * hidden * heads * width


@given(SIZES, SIZES, SIZES, SIZES)
def test_embeddings_add_up(vocab, positions, token_types, width):
    parts = [{"vocab": vocab}, {"positions": positions}, {"token_types": token_types}]
    nothing = {"vocab": 0, "positions": 0, "token_types": 0, "width": width}
    assert embedding_params(vocab=vocab, positions=positions, token_types=token_types, width=width) == sum(
        embedding_params(**{**nothing, **part}) for part in parts
    )


@pytest.mark.parametrize(
    ("formula", "inputs", "may_be_zero"),
    [
        (attention_params, ("hidden", "heads", "kv_heads", "head_dim", "value_dim"), ()),
        (compressed_query_params, ("hidden", "query_rank", "heads", "query_dim"), ()),
        (latent_attention_params, ("hidden", "heads", "kv_rank", "rope_dim", "head_dim", "value_dim"), ()),
        (feed_forward_params, ("ffn_matrices", "hidden", "ffn"), ()),
        (expert_params, ("ffn_matrices", "hidden", "experts", "expert_ffn", "shared_ffn", "routed_experts"), ("shared_ffn",)),
        (embedding_params, ("vocab", "positions", "token_types", "width"), ("vocab", "positions", "token_types")),
        (patch_embedding_params, ("hidden", "channels", "patch_size"), ()),
        (norm_params, ("norms", "vectors", "width"), ("norms", "vectors", "width")),
    ],
)
def test_impossible_sizes_are_refused(formula, inputs, may_be_zero):
    for name in inputs:
        for value in (-1.0, float("nan"), *(() if name in may_be_zero else (0.0,))):
            with pytest.raises(OutOfRangeError, match=name):
                formula(**{**dict.fromkeys(inputs, 2.0), name: value})
