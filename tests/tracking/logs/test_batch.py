"""Counts follow from the size of a step."""

import re

import pytest

from traincarbon.tracking.logs.batch import Batch, number_after


@pytest.mark.parametrize(
    ("batch", "counts"),
    [
        (Batch(), {"steps": 5.0}),
        (Batch(samples=16.0), {"steps": 5.0, "samples": 80.0}),
        (Batch(samples=16.0, sample_tokens=8.0), {"steps": 5.0, "samples": 80.0, "tokens": 640.0}),
        (Batch(step_tokens=100.0), {"steps": 5.0, "tokens": 500.0}),
        (Batch(samples=16.0, sample_tokens=8.0, step_tokens=100.0), {"steps": 5.0, "samples": 80.0, "tokens": 640.0}),
    ],
)
def test_counts_are_those_that_the_size_of_a_step_gives(batch, counts):
    assert batch.counts(steps=5.0) == counts


def test_stated_samples_replace_those_of_the_batch():
    assert Batch(samples=16.0, sample_tokens=8.0).counts(steps=5.0, samples=70.0) == {"steps": 5.0, "samples": 70.0, "tokens": 560.0}


def test_the_counts_of_a_checkpoint_have_names_of_their_own():
    assert Batch(samples=2.0).starts(steps=3.0) == {"start_steps": 3.0, "start_samples": 6.0}


@pytest.mark.parametrize(("line", "number"), [("at 1,234", 1234.0), ("at 1.5E-03", 0.0015), ("at n/a", None), ("elsewhere", None)])
def test_a_number_is_read_as_tools_write_it(line, number):
    assert number_after(re.compile(r"at (\S+)"), line) == number
