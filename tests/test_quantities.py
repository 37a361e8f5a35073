"""The table of quantities and the constants between units."""

from traincarbon import quantities


def test_the_constants_are_exact():
    assert quantities.S_PER_DAY == quantities.S_PER_H * quantities.H_PER_DAY
    assert quantities.H_PER_YEAR == 365.25 * quantities.H_PER_DAY
    assert (quantities.S_PER_H, quantities.W_PER_KW, quantities.G_PER_KG) == (3600.0, 1e3, 1e3)


def test_an_energy_of_several_sources_is_known_as_surely_as_the_least_sure():
    counter, power, modelled, assumed = quantities.EnergySource
    assert quantities.least_sure(counter) is counter
    assert quantities.least_sure(power, counter) is power
    assert quantities.least_sure(counter, modelled, power) is modelled
    assert [source.is_measured for source in (counter, power, modelled, assumed)] == [True, True, False, False]


def test_a_server_is_no_part_of_the_energy_of_a_run_but_contains_them():
    assert set(quantities.Part) - set(quantities.ENERGY_PARTS) == {quantities.Part.SERVER}
