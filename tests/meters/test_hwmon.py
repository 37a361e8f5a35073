"""Power meters of ACPI in a folder."""

import pytest

from traincarbon.meters import hwmon
from traincarbon.meters.base import Unavailable


@pytest.fixture
def tree(tmp_path):
    def write(**folders: dict[str, str]) -> str:
        for name, files in folders.items():
            (tmp_path / name).mkdir(exist_ok=True)
            for file, text in files.items():
                (tmp_path / name / file).write_text(text + "\n")
        return str(tmp_path)

    return write


def test_a_power_meter_is_the_whole_server(tree, clock):
    root = tree(hwmon0={"name": "coretemp"}, hwmon3={"name": "power_meter", "power1_average": "450000000"})
    meter = hwmon.probe(root=root, clock=clock)
    clock.now_s += 2.0
    tree(hwmon3={"power1_average": "550000000"})
    reading = meter.read()[0]
    assert (reading.device, reading.part, reading.how) == ("server:0", "server", "power")
    assert (reading.energy_j, reading.power_w) == (pytest.approx(1000.0), 550.0)


def test_a_meter_of_a_grace_socket_is_its_processor_and_those_of_modules_are_left_out(tree, clock):
    labels = ["Grace Power Socket 0", "CPU Power Socket 1", "Module Power Socket 0", "SysIO Power Socket 0"]
    folders = {f"hwmon{i}": {"name": "power_meter", "power1_oem_info": label, "power1_average": "1000000"} for i, label in enumerate(labels)}
    meter = hwmon.probe(root=tree(**folders), clock=clock)
    assert [(reading.device, reading.part) for reading in meter.read()] == [("cpu:0", "cpu"), ("cpu:1", "cpu")]


@pytest.mark.parametrize("order", [("Grace", "CPU", "SysIO"), ("CPU", "SysIO", "Grace"), ("SysIO", "Grace", "CPU")])
def test_of_a_grace_socket_and_its_rails_the_socket_is_counted_and_its_memory_with_it(tree, clock, order):
    watts = {"Grace": 220, "CPU": 120, "SysIO": 60}
    folders = {
        f"hwmon{i}": {"name": "power_meter", "power1_oem_info": f"{kind} Power Socket 0", "power1_average": f"{watts[kind]}000000"}
        for i, kind in enumerate(order)
    }
    meter = hwmon.probe(root=tree(**folders), clock=clock)
    assert [(reading.device, reading.power_w) for reading in meter.read()] == [("cpu:0", 220.0)]
    assert meter.covers == ("dram",)


@pytest.mark.parametrize(("shown", "watts"), [("0", "0"), ("4294967295000", "4,294,967"), ("-1000000", "-1")])
def test_power_that_cannot_be_is_not_counted(tree, clock, shown, watts):
    found = hwmon.probe(root=tree(hwmon0={"name": "power_meter", "power1_average": shown}), clock=clock)
    assert isinstance(found, Unavailable)
    assert found.reason.endswith(f"power1_average: it reads {watts} W")
    meter = hwmon.probe(root=tree(hwmon0={"name": "power_meter", "power1_average": "400000000"}), clock=clock)
    tree(hwmon0={"power1_average": shown})
    for _ in range(3):
        clock.now_s += 1.0
        reading = meter.read()[0]
    assert (reading.energy_j, reading.power_w) == (0.0, None)
    assert meter.notes == [f"server:0: cannot be read any more (it reads {watts} W): its energy stands still"]


def test_an_input_stands_in_for_an_average(tree, clock):
    meter = hwmon.probe(root=tree(hwmon0={"name": "power_meter", "power1_input": "300000000"}), clock=clock)
    assert meter.read()[0].power_w == 300.0


@pytest.mark.parametrize("folders", [{}, {"hwmon0": {"name": "coretemp", "power1_average": "1"}}, {"hwmon0": {"name": "power_meter"}}])
def test_a_machine_without_one_says_so(tree, clock, folders):
    found = hwmon.probe(root=tree(**folders), clock=clock)
    assert isinstance(found, Unavailable)
    assert found.reason == "no ACPI power meter"


def test_a_refused_file_is_named_with_the_remedy(tree, clock, monkeypatch):
    root = tree(hwmon0={"name": "power_meter", "power1_average": "1000000"})

    def refuse(file):
        if "average" in file:
            raise PermissionError(13, "Permission denied", file)
        return "power_meter" if file.endswith("name") else ""

    monkeypatch.setattr(hwmon, "_text", refuse)
    found = hwmon.probe(root=root, clock=clock)
    assert isinstance(found, Unavailable)
    assert found.hint == f"sudo chmod a+r {root}/hwmon0/power1_average"
