"""Batches add up; one that cannot be counted is said once."""

import pytest

from traincarbon.frameworks.batch_counts import BatchCounts

TEXT, IMAGES = {"input_ids": [[1, 2], [3, 4]]}, {"pixel_values": [[0.5], [0.5], [0.5]]}


@pytest.fixture
def said():
    return []


def test_tokens_and_samples_add_up(said):
    counts = BatchCounts(say=said.append)
    for _ in range(3):
        counts.add(TEXT)
    assert (counts.tokens, counts.samples, said) == (12, 6, [])


def test_batches_that_never_have_tokens_need_no_note(said):
    counts = BatchCounts(say=said.append)
    for _ in range(3):
        counts.add(IMAGES)
    assert (counts.tokens, counts.samples, said) == (None, 9, [])


def test_a_batch_without_tokens_among_others_is_said_once(said):
    counts = BatchCounts(say=said.append)
    for batch in (TEXT, IMAGES, TEXT, IMAGES):
        counts.add(batch)
    assert (counts.tokens, counts.samples) == (None, 10)
    assert said == ["a batch cannot be counted, so the tokens of this training are unknown"]


def test_a_batch_of_which_nothing_is_known_is_said_once(said):
    counts = BatchCounts(say=said.append)
    for batch in (TEXT, object(), object()):
        counts.add(batch)
    assert (counts.tokens, counts.samples) == (None, None)
    assert said == ["a batch cannot be counted, so the tokens and samples of this training are unknown"]
