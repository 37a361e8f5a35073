"""Utilisation where little work for an image makes accelerators wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_refuses
from traincarbon.formulas.image_loading import light_mfu

RUN = {"mfu": 0.4, "image_flop": 2.5e10, "peak_flop_per_s": 1e14, "ample_image_s": 1e-3, "exponent": 0.5}


def test_a_quarter_of_the_ample_work_halves_utilisation_at_an_exponent_of_one_half():
    assert light_mfu(**RUN) == pytest.approx(0.2)


@given(flop=st.floats(1e11, 1e15))
def test_ample_work_changes_nothing(flop):
    assert light_mfu(**{**RUN, "image_flop": flop}) == pytest.approx(0.4)


@given(flop=st.floats(1e6, 1e11), factor=st.floats(1.01, 10.0))
def test_more_work_for_an_image_never_lowers_utilisation(flop, factor):
    assert light_mfu(**{**RUN, "image_flop": flop}) <= light_mfu(**{**RUN, "image_flop": flop * factor}) <= 0.4


def test_numbers_arrays_and_uncertain_numbers_agree():
    assert_agrees(light_mfu, only_floats=("ample_image_s", "exponent"), **RUN)


@pytest.mark.parametrize("name", ["mfu", "image_flop", "peak_flop_per_s"])
def test_nonsense_is_refused(name):
    assert_refuses(light_mfu, name, (0.0, *NONSENSE), **RUN)
