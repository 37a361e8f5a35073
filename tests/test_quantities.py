"""The exact constants by which units are converted."""

from traincarbon import units


def test_the_constants_are_exact():
    assert units.S_PER_DAY == units.S_PER_H * units.H_PER_DAY
    assert units.H_PER_YEAR == 365.25 * units.H_PER_DAY
    assert (units.S_PER_H, units.W_PER_KW, units.G_PER_KG) == (3600.0, 1e3, 1e3)
