"""The texts on methods say boundary, meters, shares and what is missing, in about a hundred words."""

import pytest

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.words import attempts_words, compute_method, energy_method, hardware_days, shown, two_figures, wall_clock_days
from traincarbon.uncertain import Interval

MOST_WORDS = 130


def test_the_energy_of_a_run(of_run):
    text = energy_method(of_run())
    for part in ("the whole facility", "gpu: counted by the hardware", "62% is measured", "PUE) is 1.25", "12 kWh – 20 kWh", "no meter of the memory"):
        assert part in text, part
    assert len(text.split()) <= MOST_WORDS


def test_the_energy_of_a_plan_is_estimated(of_plan):
    text = energy_method(of_plan(servers=16, region="france"))
    assert "Nothing was measured" in text
    assert "% is measured" not in text
    assert len(text.split()) <= MOST_WORDS


def test_energy_that_is_not_known_says_why(of_run):
    text = energy_method(of_run(**{**UNKNOWN, "energy_j": {}}))
    assert text.startswith("The energy is not known")
    assert "no accelerator was metered" in text


def test_the_compute_states_both_counts_and_the_30_percent(of_run):
    text = compute_method(of_run())
    assert "By architecture: 6.0e+18 FLOP from 1B parameters and 1B tokens" in text
    assert "By hardware: " in text
    assert "the 30 % that the guidelines allow" in text
    assert len(text.split()) <= MOST_WORDS


def test_one_count_says_why_there_is_no_other(of_run, of_plan):
    assert "hours of a plan follow from its compute" in compute_method(of_plan())
    assert "tokens are not stated" in compute_method(of_run(tokens=None))
    assert compute_method(of_run(**UNKNOWN)).startswith("The compute is not known")


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (0.0123, "0.012"), (999.0, "1,000"), (1605.8, "1,600"), (8.586e23, "8.6e+23")])
def test_two_figures(value, text):
    assert two_figures(value) == text


def test_time_and_attempts(of_run):
    assert wall_clock_days(of_run()) == "0.083 days"
    assert hardware_days(of_run()) == "1.3 NVIDIA A100 SXM4 80GB-days"
    assert attempts_words(of_run()) == "2 attempts, 1 of which ended early; all are in the figures."
    assert shown(Interval(3.0, 3.0, 3.0), "kWh") == "3 kWh"
