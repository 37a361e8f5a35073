"""What a layout is made of, and the layouts that cannot be."""

import numpy as np
import pytest

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.layout import Layout, Machine, Shape

GPT = Shape(layers=24, hidden=2048, heads=16, kv_heads=16, attention_width=2048, ffn=8192, ffn_matrices=2, vocab=51200, seq_len=2048)
NODE = Machine(312e12, 312e12, 2e12, 300e9, 25e9, 8)


def test_accelerators_and_micro_batches_follow_from_the_degrees():
    spread = Layout(sequences=512, tp=8, pp=4, dp=2, micro_batch=4)
    assert (spread.accelerators, spread.micro_batches) == (64, 64)


def test_a_window_leaves_the_share_of_causal_scores_that_it_spans():
    # a window of a tenth of the sequence: seq_len × window of seq_len² / 2
    assert GPT._replace(window=204.8, windowed=1).seen == pytest.approx(0.2)
    assert GPT._replace(window=204.8, windowed=0.5).seen == pytest.approx(0.6)
    assert GPT._replace(window=4096, windowed=1).seen == 1
    assert GPT.seen == 1


def test_one_accelerator_is_a_layout():
    assert Layout(sequences=1).check(shape=GPT, machine=NODE) is None


@pytest.mark.parametrize(
    ("degrees", "words"),
    [
        ({"pp": 28}, "more pipeline stages than layers"),
        ({"pp": 12, "interleave": 3}, "more pipeline stages than layers"),
        ({"tp": 16}, "beyond the scale-up domain"),
        ({"tp": 3}, "heads do not divide"),
        ({"dp": 1024}, "smaller than the data parallelism"),
        ({"micro_batch": 3}, "does not divide into micro-batches"),
        ({"ep": 2}, "fewer experts"),
        ({"dp": 0}, "dp is 0"),
        ({"dp": 8, "shard": 16}, "sharded over more ranks than there are"),
    ],
)
def test_a_layout_that_cannot_be_says_why(degrees, words):
    with pytest.raises(OutOfRangeError, match=words):
        Layout(sequences=512, **degrees).check(shape=GPT, machine=NODE)


def test_the_embedding_and_the_head_may_take_the_places_of_layers():
    # Llama 3.1 405B in Megatron-Bridge: 16 stages of 8 chunks each for 126 layers
    llama = GPT._replace(layers=126, heads=128)
    assert Layout(sequences=1536, pp=16, interleave=8).check(shape=llama, machine=NODE) is None
    with pytest.raises(OutOfRangeError, match="more pipeline stages than layers"):
        Layout(sequences=1536, pp=13, interleave=10).check(shape=llama, machine=NODE)


def test_one_bad_layout_of_many_is_refused():
    with pytest.raises(OutOfRangeError, match="beyond the scale-up domain"):
        Layout(sequences=512, tp=np.array([8.0, 16.0])).check(shape=GPT, machine=NODE)
