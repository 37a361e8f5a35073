"""Energy by part: what was measured, what a whole server leaves of it, and a reason for everything that is missing."""

import json

import pytest

from journals import WALL_S, device, line, lines_of
from traincarbon.ledger.folding import fold
from traincarbon.ledger.run_energy import DeviceUse, energy_of
from traincarbon.ledger.sessions import clusters


def energy(*journals):
    return energy_of(clusters(fold([one for journal in journals for one in journal])))


def reading(**devices):
    return [line("interval", mono_s=5.0, from_s=0.0, to_s=5.0, devices=devices)]


def test_a_part_that_nobody_metered_is_missing_with_its_reason_and_never_nothing():
    found = energy(lines_of(start={"missing": {"dram": "RAPL has no dram domain", "cpu": "permission denied"}}))
    assert found.energy_j == {"gpu": 1500.0, "cpu": None, "dram": None, "other": None}
    assert found.missing == {"cpu": "permission denied", "dram": "RAPL has no dram domain", "other": "no meter of the whole server"}
    assert found.how == {"gpu": "counter"}


def test_a_run_whose_meters_were_all_refused_was_not_lost():
    found = energy(lines_of(devices=(), start={"missing": {"gpu": "no driver", "cpu": "permission denied", "dram": "permission denied"}}))
    assert found.missing == {"gpu": "no driver", "cpu": "permission denied", "dram": "permission denied", "other": "no meter of the whole server"}


def test_a_part_that_one_node_lacks_is_summed_and_said_to_lack():
    found = energy(lines_of(node="a"), lines_of(node="b", devices=("cpu:0",), part="cpu", start={"missing": {"gpu": "no driver"}}))
    assert found.energy_j["gpu"] == 1500.0
    assert found.missing["gpu"] == "on 1 of 2 nodes: no driver"


def test_a_reason_later_in_the_run_is_taken_too():
    found = energy([*lines_of(end=False), line("note", seq=50, mono_s=15.0, text="x", missing={"dram": "lost"})])
    assert found.missing["dram"] == "lost"


def test_a_metered_server_stands_for_all_that_is_not_metered_by_itself():
    found = energy(
        reading(s=device(1000.0, part="server", how="power"), g=device(600.0), c=device(150.0, part="cpu"), m=device(77.0, part="other", how="modelled"))
    )
    assert found.energy_j == {"gpu": 600.0, "cpu": 150.0, "dram": None, "other": 250.0}
    assert found.how == {"gpu": "counter", "cpu": "counter", "other": "power"}
    assert found.missing["dram"] == "no meter reported it; it is part of other, as the whole server was metered"


def test_a_server_that_reads_less_than_its_parts_leaves_nothing_over():
    assert energy(reading(s=device(500.0, part="server"), g=device(600.0))).energy_j["other"] == 0.0


def test_a_server_counts_on_its_own_node_only():
    found = energy([{**one, "node": "b", "writer": "b"} for one in reading(g=device(600.0))], reading(s=device(1000.0, part="server"), g=device(600.0)))
    assert found.energy_j == {"gpu": 1200.0, "cpu": None, "dram": None, "other": 400.0}


@pytest.mark.parametrize("counts", [1, 8, 64])
def test_the_sum_over_devices_is_exact(counts):
    found = energy(lines_of(devices=tuple(f"gpu:{number}" for number in range(counts))))
    assert found.energy_j["gpu"] == 1500.0 * counts
    assert sum(use.energy_j for use in found.by_device) == 1500.0 * counts


def test_each_device_has_the_name_of_its_product_and_of_its_node():
    found = energy(lines_of(node="b"), lines_of(node="a", start={"device_names": {"gpu:0": "NVIDIA H100 80GB HBM3", "gpu:9": "left out"}}))
    assert [(use.node, use.host, use.device, use.name) for use in found.by_device] == [(1, "a", "gpu:0", "NVIDIA H100 80GB HBM3"), (2, "b", "gpu:0", "")]


def test_each_device_has_the_times_in_which_it_was_metered():
    (use,) = energy(lines_of(), lines_of(process=9, begin_s=100.0)).by_device
    assert use.spans == ((WALL_S, WALL_S + 15.0, 1500.0), (WALL_S + 100.0, WALL_S + 115.0, 1500.0))
    assert DeviceUse.from_stored(json.loads(json.dumps(use))) == use


def test_each_device_is_listed_with_its_node_by_number():
    found = energy(lines_of(node="b"), lines_of(node="a", power_w=200.0), lines_of(node="a", process=9, begin_s=100.0))
    assert [(use.node, use.device, use.energy_j, use.power_max_w, use.utilisation) for use in found.by_device] == [
        (1, "gpu:0", 4500.0, 200.0, 0.5),
        (2, "gpu:0", 1500.0, 100.0, 0.5),
    ]
