"""The units that a number may be written with."""

import math

import pytest

from traincarbon.errors import QuantityError
from traincarbon.estimation.parse import parse_option, parse_quantity, plain_interval
from traincarbon.estimation.units import MEASURES, counted, measured_by, unit_key


def test_every_spelling_is_a_key_and_every_factor_is_positive():
    for measure in MEASURES.values():
        for key, factor in measure.factors.items():
            assert unit_key(key) == key, (measure.unit, key)
            assert 0.0 < factor < math.inf


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        ("share", "40%", 0.4),
        ("share", "7 %", 0.07),
        ("share", "12.5 percent", 0.125),
        ("ratio", "110%", 1.1),
        ("h", "3 days", 72.0),
        ("h", "90 min", 1.5),
        ("h", "2 weeks", 336.0),
        ("h", "12h", 12.0),
        ("days", "36 hours", 1.5),
        ("GPU-hours", "500 GPU-hours", 500.0),
        ("GPU-hours", "2M h", 2e6),
        ("GPU-hours", "1.3 million GPU hours", 1.3e6),
        ("GPU-hours", "10 GPU-days", 240.0),
        ("years", "5 years", 5.0),
        ("years", "18 months", 1.5),
        ("g/kWh", "400 g/kWh", 400.0),
        ("g/kWh", "400 gCO2eq/kWh", 400.0),
        ("g/kWh", "400 g CO2e per kWh", 400.0),
        ("g/kWh", "400 gCO₂/kWh", 400.0),
        ("g/kWh", "0.4 kg/kWh", 400.0),
        ("g/kWh", "0.4 t/MWh", 400.0),
        ("g/kWh", "1000 lb/MWh", 453.59237),
        ("$/kWh", "$0.12", 0.12),
        ("$/kWh", "0.12 $/kWh", 0.12),
        ("$/kWh", "$0.12/kWh", 0.12),
        ("$/kWh", "12 cents/kWh", 0.12),
        ("$/kWh", "80 $/MWh", 0.08),
        ("$/h", "$2", 2.0),
        ("$/h", "2$", 2.0),
        ("$/h", "$2/h", 2.0),
        ("$/h", "$2 per hour", 2.0),
        ("$/h", "2 USD/hour", 2.0),
        ("$/h", "$2.50 / GPU-hour", 2.5),
        ("$/h", "US$2", 2.0),
        ("$/h", "$48/day", 2.0),
        ("$", "$250k", 250e3),
        ("$", "$1.5 million", 1.5e6),
        ("$", "250,000 USD", 250e3),
        ("FLOP", "3 EFLOP", 3e18),
        ("FLOP", "2.8e18 FLOPs", 2.8e18),
        ("FLOP", "3640 PF-days", 3640 * 1e15 * 86400),
        ("FLOP", "3640 PFLOP-days", 3640 * 1e15 * 86400),
        ("FLOP", "1 petaFLOP/s-day", 8.64e19),
        ("GMAC", "4.1 GMACs", 4.1),
        ("GMAC", "569 MMAC", 0.569),
        ("px", "224 px", 224.0),
        ("px", "224x224", 224.0),
        ("kWh", "2 MWh", 2000.0),
        ("kWh", "3.6 MJ", 1.0),
        ("kg CO2e", "2 t", 2000.0),
        ("kg CO2e", "500 g CO2e", 0.5),
        ("kg CO2e", "5 kg", 5.0),
    ],
)
def test_a_number_with_a_unit_is_read_in_the_unit_of_its_field(unit, text, value):
    assert parse_quantity(text, MEASURES[unit]) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 billion", 7e9),
        ("7Bn", 7e9),
        ("7 bn", 7e9),
        ("1.4 trillion", 1.4e12),
        ("300 Million", 300e6),
        ("52 thousand", 52e3),
        ("2,000,000,000", 2e9),
        ("2 000 000 000", 2e9),
        ("2'000'000", 2e6),
        ("1_000_000", 1e6),
        ("7 × 10^9", 7e9),
        ("7x10^9", 7e9),
        ("7*10**9", 7e9),
        ("10^12", 1e12),
        ("−3", -3.0),
        ("2\u00a0000", 2000.0),
    ],
)
def test_words_and_signs_are_read_without_a_unit_too(text, value):
    assert parse_quantity(text) == value


@pytest.mark.parametrize(("text", "value"), [("7B params", 7e9), ("7 billion parameters", 7e9), ("300 billion weights", 3e11), ("7B", 7e9)])
def test_a_noun_may_follow_what_it_counts(text, value):
    assert parse_quantity(text, counted("parameters", "params", "weights")) == value


@pytest.mark.parametrize(
    ("unit", "text"),
    [("share", "$2"), ("$/h", "2 kg"), ("h", "5 kg"), ("GPU-hours", "12 days"), ("$", "$5 kg"), ("$", "$5 $"), ("$/h", "2€"), ("kWh", "5 h"), ("px", "2x3")],
)
def test_the_unit_of_something_else_is_refused(unit, text):
    with pytest.raises(QuantityError):
        parse_quantity(text, MEASURES[unit])


@pytest.mark.parametrize(
    ("unit", "text", "plain"),
    [
        ("g/kWh", "300..500 g/kWh", "300.0..500.0"),
        ("g/kWh", "0.3 kg/kWh..0.5 kg/kWh", "300.0..500.0"),
        ("share", "30%..50%", "0.3..0.5"),
        ("share", "30..50%", "0.3..0.5"),
        ("share", "40% ± 5%", "0.4±0.05"),
        ("$/h", "$1..$3", "1.0..3.0"),
        ("$/h", "2±10%", "2.0±0.2"),
        ("h", "10..14 days", "240.0..336.0"),
        ("share", "0.3..0.5", "0.3..0.5"),
    ],
)
def test_an_interval_with_units_is_stored_without_them(unit, text, plain):
    assert plain_interval(text, MEASURES[unit]) == plain


def test_a_unit_is_known_by_what_it_measures():
    assert measured_by("mwh") is MEASURES["kWh"]
    assert measured_by("gb") is MEASURES["B"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [("abc", "write a number, in kWh"), ("5 €", "write a number, in kWh"), ("1,5", "a comma separates thousands: did you mean 1.5?")],
)
def test_an_option_is_named_where_its_value_is_not_a_number(text, hint):
    with pytest.raises(QuantityError) as caught:
        parse_option("max_kwh", text, MEASURES["kWh"])
    assert str(caught.value) == f"max_kwh is not a number: {text!r}"
    assert caught.value.hint == hint
