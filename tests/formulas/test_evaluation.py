"""The texts of equations are evaluated as they are read."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.formulas.evaluation import evaluate
from traincarbon.uncertain import Uncertain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 × 3", 7.0),
        ("(1 + 2) × 3", 9.0),
        ("8 / 4 / 2", 1.0),
        ("8 - 4 - 2", 2.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("2 × 3²", 18.0),
        ("x² / 1.5e2", 4.0 / 150.0),
        ("175e9 ^ 0.5", 175e9**0.5),
        ("min(3, x) + max(1, x)", 4.0),
        ("clamp(x × 3, 0, 1)", 1.0),
        (" x ", 2.0),
    ],
)
def test_precedence_is_that_of_arithmetic(text, value):
    assert evaluate(text, {"x": 2.0}) == pytest.approx(value)


def test_uncertain_values_keep_their_spreads():
    energy = Uncertain(100.0, {"mfu": 0.2})
    assert evaluate("energy × pue / 2", {"energy": energy, "pue": 1.5}) == Uncertain(75.0, {"mfu": 0.2})


@pytest.mark.parametrize("text", ["", "1 +", "(1", "1)", "1 2", "f(1)", "import os", "x; y", "x.y", "__import__(x)", "clamp(1", "×", "1 , 2", "a = b", "x**2"])
def test_what_is_no_equation_is_refused(text):
    with pytest.raises(CarbonError, match="is not an equation"):
        evaluate(text, {"x": 1.0, "y": 1.0})


def test_a_name_without_a_value_is_named():
    with pytest.raises(CarbonError, match="no value of pue"):
        evaluate("energy × pue", {"energy": 1.0})
