"""The table of quantities and the constants between units."""

from traincarbon import quantities


def test_the_constants_are_exact():
    assert quantities.S_PER_DAY == quantities.S_PER_H * quantities.H_PER_DAY
    assert quantities.H_PER_YEAR == 365.25 * quantities.H_PER_DAY
    assert (quantities.S_PER_H, quantities.W_PER_KW, quantities.G_PER_KG) == (3600.0, 1e3, 1e3)
