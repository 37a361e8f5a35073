"""Reports of a script arrive, and reporting never harms the script."""

import json
import math
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import traincarbon
from traincarbon.tracking.progress import progress
from traincarbon.tracking.progress_pipe import VARIABLE
from traincarbon.tracking.reports import FIELDS


def received(reader):
    return [json.loads(line) for line in os.read(reader, 1 << 20).decode().splitlines()]


class Tensor:
    """As a tensor of one element: float() of it warns, item() does not."""

    def item(self):
        return 7.0

    def __float__(self):
        raise AssertionError("the gradient is in the way")


class Hostile:
    def __init__(self, error):
        self.error = error

    def __float__(self):
        raise self.error


def test_a_report_arrives_as_one_line_of_json(pipe):
    progress(tokens=4096, loss=2.5, total_tokens=1e9)
    progress(steps=3)
    assert received(pipe[0]) == [{"tokens": 4096.0, "loss": 2.5, "total_tokens": 1e9}, {"steps": 3.0}]


def test_every_field_arrives_under_its_own_name(pipe):
    progress(tokens=1, samples=2, steps=3, loss=4, total_tokens=5, total_samples=6, total_steps=7)
    assert received(pipe[0]) == [
        dict(zip(["tokens", "samples", "steps", "loss", "total_tokens", "total_samples", "total_steps"], map(float, range(1, 8)), strict=True))
    ]


def test_the_longest_report_is_written_whole_or_not_at_all_on_any_system(pipe):
    progress(**dict.fromkeys(FIELDS, 0.1 + 1e17 / 3))
    assert len(os.read(pipe[0], 4096)) <= 512


@pytest.mark.parametrize("value", [np.int64(7), np.float32(7), np.array(7), np.array([7]), Tensor(), Fraction(7), "7", 7])
def test_numbers_of_any_kind_are_taken(pipe, value):
    progress(tokens=value)
    assert received(pipe[0]) == [{"tokens": 7.0}]


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -1, 1e300, 10**400, True, "many", "nan", [], {}, object(), np.array([1, 2]), 1j]
    + [Hostile(error) for error in (TypeError(), RuntimeError(), OverflowError(), AttributeError(), DeprecationWarning())],
)
def test_an_invalid_count_is_dropped_and_the_rest_is_reported(pipe, value):
    progress(tokens=value, steps=1)
    assert received(pipe[0]) == [{"steps": 1.0}]


def test_a_loss_may_be_negative_and_a_total_not_zero(pipe):
    progress(loss=-2.0, total_steps=0, total_tokens=-1)
    progress(loss=math.nan)
    assert received(pipe[0]) == [{"loss": -2.0}]


def test_untracked_it_does_nothing_and_loads_little(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert traincarbon.progress(tokens=object()) is None
    code = "import sys, traincarbon; traincarbon.progress(steps=1); print(*sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout.split())
    assert not loaded & {"dataclasses", "tomllib", "csv", "numpy", "select", "subprocess", "threading", "click", "traincarbon.database", "traincarbon.formulas"}
