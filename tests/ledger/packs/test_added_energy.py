"""What lines add follows from what devices state, as the record of the run counts it."""

import numpy as np
import pytest

from traincarbon.ledger.device import Device
from traincarbon.ledger.packs.added_energy import Energies, reached_j
from traincarbon.quantities import EnergySource, Part


def device(part):
    return Device(part, EnergySource.COUNTER)


def flags(n, *true):
    found = np.zeros(n, bool)
    found[list(true)] = True
    return found


def test_energy_never_falls_but_in_a_line_that_ended_the_job():
    stated = np.array([1.0, 5.0, 3.0, np.nan, 6.0, 4.0, 2.0])
    assert reached_j(stated, ended=flags(7), from_j=2.0).tolist() == [2.0, 5.0, 5.0, 5.0, 6.0, 6.0, 6.0]
    assert reached_j(stated, ended=flags(7, 5), from_j=2.0).tolist() == [2.0, 5.0, 5.0, 5.0, 6.0, 4.0, 4.0]


def test_no_lines_reach_nothing():
    assert reached_j(np.zeros(0), ended=flags(0), from_j=2.0).tolist() == []


def test_parts_add_up_over_devices_and_over_pieces():
    energies = Energies({"gpu:0": device(Part.GPU), "gpu:1": device(Part.GPU), "cpu:0": device(Part.CPU)})
    _, first = energies.take({"gpu:0": np.array([1.0, 2.0]), "gpu:1": np.array([10.0, 20.0]), "cpu:0": np.array([np.nan, 4.0])}, ended=flags(2))
    _, second = energies.take({"gpu:0": np.array([5.0]), "gpu:1": np.array([20.0]), "cpu:0": np.array([5.0])}, ended=flags(1))
    assert (first[Part.GPU].tolist(), second[Part.GPU].tolist()) == ([11.0, 11.0], [3.0])
    assert (first[Part.CPU].tolist(), second[Part.CPU].tolist()) == ([0.0, 4.0], [1.0])
    assert energies.total_j == pytest.approx(30.0)


def test_a_whole_server_counts_for_what_is_not_metered_by_itself():
    energies = Energies({"gpu:0": device(Part.GPU), "server": device(Part.SERVER), "other": device(Part.OTHER)})
    _, added = energies.take({"gpu:0": np.array([3.0, 9.0]), "server": np.array([10.0, 12.0]), "other": np.array([100.0, 200.0])}, ended=flags(2))
    assert added[Part.OTHER].tolist() == [7.0, -4.0]
    assert energies.total_j == 12.0


def test_lines_without_devices_add_nothing():
    _, added = Energies({}).take({}, ended=flags(3))
    assert {part.value: energy.tolist() for part, energy in added.items()} == {name: [0.0] * 3 for name in ("gpu", "cpu", "dram", "other")}
