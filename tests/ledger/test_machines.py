"""A machine is known by its boot and its boards, not by the name of a host or pod."""

from traincarbon.ledger.device import Device
from traincarbon.ledger.machines import on_machines
from traincarbon.ledger.process_summary import Process
from traincarbon.quantities import EnergySource, Part

BOARD = "gpu:GPU-5f3c0000-0000-4000-8000-000000000000"
OTHER = "gpu:GPU-5f3c0111-0000-4000-8000-000000000001"


def process(node, *devices, boot="boot", begins_s=0.0):
    found = Process("r", f"{node}-{begins_s:g}", node, 1)
    found.life, found.first_wall_s = f"{boot}/pid:[1]/7" if boot else "", begins_s
    found.devices = {name: Device(Part.GPU if name.startswith("gpu") else Part.CPU, EnergySource.COUNTER, 1.0) for name in devices}
    return found


def nodes(*processes):
    return [each.node for each in on_machines(processes)]


def test_names_that_share_a_board_in_one_boot_are_one_machine_with_its_first_name():
    assert nodes(process("b", BOARD, begins_s=2.0), process("a", BOARD, begins_s=1.0), process("c", OTHER)) == ["a", "a", "c"]


def test_names_are_united_through_others():
    assert nodes(process("a", BOARD), process("b", OTHER, begins_s=1.0), process("c", BOARD, OTHER, begins_s=2.0)) == ["a", "a", "a"]


def test_other_boots_unknown_boots_and_numbers_unite_nothing():
    assert nodes(process("a", BOARD), process("b", BOARD, boot="other")) == ["a", "b"]
    assert nodes(process("a", BOARD, boot=""), process("b", BOARD, boot="")) == ["a", "b"]
    assert nodes(process("a", "gpu:0", "cpu:0"), process("b", "gpu:0", "cpu:0")) == ["a", "b"]
