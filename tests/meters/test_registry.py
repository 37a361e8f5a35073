"""Which meters are opened together."""

import sys
import threading
import time
from importlib import import_module

import pytest

from traincarbon.meters import codecarbon, cpu_model, cray, hwmon, ipmi, nvml, rapl, registry
from traincarbon.meters.base import Meter, Reading, Unavailable
from traincarbon.quantities import EnergySource, Part


class Fake(Meter):
    max_interval_s = 1.0

    def __init__(self, name, *devices):
        self.name, self.devices, self.notes, self.names, self.closed = name, devices, [], {}, False
        self.fails = False

    def read(self):
        if self.fails:
            raise RuntimeError("no sensor")
        return tuple(Reading(device, device.split(":")[0], 1.0, 0.0, "counter") for device in self.devices)

    def close(self):
        self.closed = True


@pytest.fixture
def machine(monkeypatch):
    """Return a function that makes the sensors of a machine: name to its meter; the others cannot be read."""
    monkeypatch.delenv("CARBON_REPLAY", raising=False)
    modelled = {}

    def call(**meters):
        for module in (nvml, rapl, hwmon, ipmi, codecarbon):
            name = module.__name__.split(".")[-1]
            found = meters.get(name, Unavailable(name, "not here", "buy one"))
            monkeypatch.setattr(module, "probe", lambda found=found: found)

        def model(*, pid, parts, born_s):
            modelled.update(pid=pid, parts=list(parts), born_s=born_s)
            return Fake("cpu_model", *(f"{part}:model" for part in parts))

        monkeypatch.setattr(cpu_model, "probe", model)
        return modelled

    return call


def names(opened):
    return [meter.name for meter in opened]


def test_without_any_sensor_the_model_stands_in_for_the_job(machine):
    modelled = machine()
    opened, missing = registry.open_meters(pid=42, born_s=7.0)
    assert names(opened) == ["cpu_model"]
    assert [each.name for each in missing] == ["nvml", "amd", "cray", "rapl", "hwmon", "ipmi"]
    assert modelled == {"pid": 42, "parts": ["cpu", "dram"], "born_s": 7.0}


def test_the_model_stands_in_for_what_no_sensor_measures_only(machine):
    modelled = machine(rapl=Fake("rapl", "cpu:0"), nvml=Fake("nvml", "gpu:a"))
    assert names(registry.open_meters()[0]) == ["nvml", "rapl", "cpu_model"]
    assert modelled["parts"] == ["dram"]
    machine(rapl=Fake("rapl", "cpu:0", "dram:0"))
    assert names(registry.open_meters()[0]) == ["rapl"]


def test_a_meter_of_the_whole_server_replaces_the_model(machine):
    machine(hwmon=Fake("hwmon", "server:0"), nvml=Fake("nvml", "gpu:a"))
    assert names(registry.open_meters()[0]) == ["nvml", "hwmon"]


def test_what_lies_within_a_measured_part_is_not_modelled_beside_it(machine):
    grace = Fake("hwmon", "cpu:0")
    grace.covers = ("dram",)
    modelled = machine(hwmon=grace)
    opened, missing = registry.open_meters()
    assert (names(opened), modelled) == (["hwmon"], {})
    assert missing[-1] == Unavailable("cpu_model", "dram is measured within another part", "nothing is missing")


def test_a_sensor_that_does_what_nobody_foresaw_does_not_end_the_others(machine):
    sensor = Fake("nvml", "gpu:a")
    machine(nvml=sensor, rapl=Fake("rapl", "cpu:0", "dram:0"))
    opened, _ = registry.open_meters()
    sensor.fails = True
    assert [len(meter.read()) for meter in opened] == [1, 2]
    assert opened[0].notes == ["nvml: fails (RuntimeError: no sensor): its energy stands still"]


def test_a_second_meter_of_the_same_is_closed_and_said(machine):
    second = Fake("ipmi", "server:0")
    machine(hwmon=Fake("hwmon", "server:0"), ipmi=second)
    opened, missing = registry.open_meters()
    assert names(opened) == ["hwmon"]
    assert second.closed
    assert missing[-1].reason == "server is already measured by another meter"


def test_only_the_meters_asked_for_are_opened(machine):
    machine(rapl=Fake("rapl", "cpu:0"), nvml=Fake("nvml", "gpu:a"), codecarbon=Fake("codecarbon", "gpu:codecarbon"))
    assert names(registry.open_meters(only=["codecarbon", "rapl"])[0]) == ["codecarbon", "rapl"]
    opened, missing = registry.open_meters(only=["nvml", "codecarbon"])
    assert names(opened) == ["nvml"]
    assert [each.name for each in missing] == ["codecarbon"]


def test_an_unknown_name_lists_those_known(machine):
    machine()
    opened, missing = registry.open_meters(only=["nvlm"])
    assert opened == []
    assert missing[0].reason == "no meter has this name"
    assert "nvml, amd, cray, rapl" in missing[0].hint


def test_a_named_trace_stands_for_all_meters(machine, monkeypatch, tmp_path):
    machine(nvml=Fake("nvml", "gpu:a"))
    (tmp_path / "trace.csv").write_text("time_s,device,power_w\n0,gpu:0,100\n9,gpu:0,100\n")
    monkeypatch.setenv("CARBON_REPLAY", str(tmp_path / "trace.csv"))
    assert names(registry.open_meters()[0]) == ["replay"]


def test_a_probe_that_raises_is_a_meter_that_cannot_be_read(machine, monkeypatch):
    machine()
    monkeypatch.setattr(rapl, "probe", lambda: 1 / 0)
    assert registry.probed("rapl") == Unavailable("rapl", "it fails: ZeroDivisionError: division by zero", "carbon doctor shows the others")


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Return a function that installs a package with a meter of its own."""

    def install(code):
        (tmp_path / "wallplug.py").write_text(code)
        info = tmp_path / "wallplug-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wallplug\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[traincarbon.meters]\nwallplug = wallplug:probe\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "wallplug", raising=False)

    return install


PLUGIN = """
import os
from traincarbon.meters.base import Reading
class Plug:
    name, max_interval_s, notes = "wallplug", 2.0, ["hello"]
    def read(self):
        if os.path.exists(__file__ + ".fails"): raise OSError("unplugged")
        return (Reading("server:plug", "server", 5.0, 1.0, "power"),)
    def close(self): raise OSError("stuck")
plug = Plug()
def probe(): return plug
"""
FAILS = 'raise OSError("unplugged")'


@pytest.fixture
def plugged(machine, plugin, tmp_path):
    """Return a function that opens the meter of another package, and one that makes it fail."""
    opened = []

    def call(code=PLUGIN):
        machine()
        plugin(code)
        opened.extend(registry.open_meters()[0])
        return opened[0]

    yield call, (tmp_path / "wallplug.py.fails").touch
    for meter in opened:
        meter.close()


def test_a_meter_of_another_package_is_found_and_cannot_fail_us(plugged):
    call, fail = plugged
    meter = call()
    assert (meter.name, meter.notes) == ("wallplug", ["hello"])
    fail()
    assert [meter.read()[0].energy_j, meter.read()[0].energy_j] == [5.0, 5.0]
    assert meter.notes[1:] == ["wallplug: fails (OSError: unplugged): its energy stands still"]
    meter.close()
    assert len(meter.notes) == 2


@pytest.mark.parametrize(
    "reading",
    [
        "Reading('server:plug', 'server', float('nan'), 1.0, 'power')",
        "Reading('server:plug', 'server', float('inf'), 1.0, 'power')",
        "Reading('server:plug', 'server', 4.0, 1.0, 'power')",
        "Reading('server:plug', 'server', None, 1.0, 'power')",
        "Reading('server:plug', 'server', 6.0, float('nan'), 'power')",
        "Reading('server:plug', 'server', 6.0, 1.0, 'guessed')",
        "Reading('server:plug', 'kettle', 6.0, 1.0, 'power')",
        "('server:plug', 6.0)",
        "None",
    ],
)
def test_what_is_no_reading_does_not_count(plugged, reading):
    call, fail = plugged
    meter = call(PLUGIN.replace(FAILS, f"return ({reading},)"))
    fail()
    assert [meter.read()[0].energy_j, meter.read()[0].energy_j] == [5.0, 5.0]
    assert meter.notes[1].startswith("wallplug: fails (")
    assert len(meter.notes) == 2


@pytest.mark.parametrize(
    ("does", "said"),
    [("os._exit(4)", "exit code 4"), ("os.kill(os.getpid(), 11)", "SIGSEGV"), ("raise SystemExit(5)", "SystemExit: 5")],
)
def test_a_meter_of_another_package_can_end_neither_us_nor_the_others(plugged, does, said):
    call, fail = plugged
    meter = call(PLUGIN.replace(FAILS, does))
    fail()
    assert [meter.read()[0].energy_j, meter.read()[0].energy_j] == [5.0, 5.0]
    assert said in meter.notes[1]
    assert "its energy stands still" in meter.notes[1]


@pytest.mark.parametrize("does", ["while True: pass", "import time; time.sleep(1e6)"])
def test_a_meter_of_another_package_that_never_answers_is_ended_and_holds_nobody_up(machine, plugin, monkeypatch, does):
    monkeypatch.setattr(registry, "_FOREIGN_S", 0.5)
    machine(rapl=Fake("rapl", "cpu:0", "dram:0"))
    plugin(f"def probe():\n    {does}\n")
    began_s = time.monotonic()
    opened, _ = registry.open_meters(keeps_trying=True)
    assert time.monotonic() - began_s < 5.0
    assert names(opened) == ["rapl", "wallplug"]
    for _ in range(100):
        opened[1].read()
        time.sleep(0.05)
        if not opened[1].is_opening:
            break
    assert "ends the process that opens it (SIGKILL)" in opened[1].failure.reason
    opened[1].close()


@pytest.mark.parametrize(("asked", "kept"), [("0.0", 0.002), ("-1.0", 0.002), ("1e9", 60.0), ("float('nan')", 0.002), ("5.0", 5.0)])
def test_a_meter_that_asks_to_be_read_without_pause_is_not(plugged, asked, kept):
    assert plugged[0](PLUGIN.replace('"wallplug", 2.0', f'"wallplug", {asked}')).max_interval_s == kept


def test_a_package_that_does_not_load_is_a_meter_that_cannot_be_read(machine, plugin):
    machine()
    plugin("raise ImportError('no libusb')")
    assert registry.probed("wallplug").reason == "it fails: ImportError: no libusb"
    assert "wallplug" in registry.meter_names()


def test_meters_that_take_long_to_open_are_opened_side_by_side(machine, monkeypatch):
    machine()
    monkeypatch.setattr(registry, "_can_hang", lambda _: True)
    together = threading.Barrier(3, timeout=30.0)  # each is open only once all have begun to open
    for module in (nvml, ipmi, hwmon):
        name = module.__name__.split(".")[-1]
        monkeypatch.setattr(module, "probe", lambda name=name: (together.wait(), Fake(name, f"other:{name}"))[1])
    opened, _ = registry.open_meters(only=["nvml", "ipmi", "hwmon"])
    assert names(opened) == ["nvml", "ipmi", "hwmon"]


def test_a_meter_that_is_not_open_yet_is_among_them_and_says_why(machine, monkeypatch):
    machine(rapl=Fake("rapl", "cpu:0", "dram:0"))
    monkeypatch.setattr(registry.threaded, "PATIENCE_S", 0.1)
    waits = threading.Event()
    monkeypatch.setattr(nvml, "probe", lambda: waits.wait() and Fake("nvml", "gpu:a"))
    opened, missing = registry.open_meters(keeps_trying=True)
    assert names(opened) == ["nvml", "rapl"]
    assert "does not answer" in missing[0].reason
    waits.set()
    for _ in range(100):
        if opened[0].read():
            break
        time.sleep(0.02)
    assert (opened[0].read()[0].device, opened[0].failure) == ("gpu:a", None)


@pytest.mark.parametrize("later", [False, True])
def test_gpus_that_no_library_reads_are_assumed_in_a_run_and_only_named_elsewhere(machine, monkeypatch, later):
    broken = Unavailable("nvml", "no library", "install it", is_there=True, may_answer_later=later)
    machine(nvml=broken)
    stand_in = Fake("nvml", "gpu:a")
    stand_in.assumed = {"gpu:a": "assumed"}
    monkeypatch.setattr(registry, "_assumed", lambda name: stand_in if name == "nvml" else None)
    for before in ({}, {"nvml": broken}):
        opened, missing = registry.open_meters(opened=before, keeps_trying=True)
        assert (opened[0].read()[0].device, opened[0].failure, broken in missing) == ("gpu:a", broken, True)
    assert names(registry.open_meters()[0]) == ["cpu_model"]


@pytest.mark.parametrize("library", [True, False])
def test_a_cray_node_is_metered_whole_and_its_accelerators_once(machine, monkeypatch, library):
    node = Fake("cray", "server:0", "cpu:0", "gpu:cray-0")
    node.leave_out = lambda parts: setattr(node, "devices", [each for each in node.devices if each.split(":")[0] not in parts])
    absent = Unavailable("nvml", "no library", "", is_there=True)
    machine(nvml=Fake("nvml", "gpu:a") if library else absent, rapl=Fake("rapl", "cpu:0"))
    monkeypatch.setattr(cray, "probe", lambda: node)
    opened, _ = registry.open_meters(keeps_trying=True)
    devices = [reading.device for meter in opened for reading in meter.read()]
    assert devices == (["gpu:a", "server:0", "cpu:0"] if library else ["server:0", "cpu:0", "gpu:cray-0"])


def test_the_processor_of_a_superchip_is_not_added_to_the_counter_of_its_module(machine):
    module = Fake("nvml", "gpu:a")
    module.covers = (Part.CPU, Part.DRAM)
    grace = Fake("hwmon", "cpu:0")
    machine(nvml=module, hwmon=grace)
    opened, missing = registry.open_meters()
    assert names(opened) == ["nvml"]
    assert grace.closed
    assert Unavailable("hwmon", "cpu is measured within another part", "nothing is missing") in missing


def test_entry_points_are_only_read_where_a_package_names_our_group(machine, monkeypatch):
    machine()
    monkeypatch.setitem(sys.modules, "importlib.metadata", None)
    assert registry.meter_names() == ["nvml", "amd", "cray", "rapl", "hwmon", "ipmi", "codecarbon", "replay", "cpu_model"]


def test_a_part_that_is_not_measured_is_missing_for_the_reasons_of_the_meters_that_could():
    unavailable = [
        Unavailable("nvml", "no driver", ""),
        Unavailable("amd", "no GPUs", ""),
        Unavailable("rapl", "not allowed", ""),
        Unavailable("ipmi", "none", ""),
    ]
    assert registry.missing_parts(unavailable, {"cpu": 1.0}) == {"gpu": "no driver; no GPUs", "dram": "not allowed"}
    assert registry.missing_parts([], ["gpu", "cpu"]) == {"dram": "no meter reported it"}


@pytest.mark.parametrize("kind", registry.METERS.values(), ids=lambda kind: kind.name)
def test_each_row_names_a_module_with_a_probe(kind):
    assert callable(import_module(f"traincarbon.meters.{kind.name}").probe)


def test_a_foreign_meter_that_writes_plain_words_is_read_as_ours(plugged):
    meter = plugged[0]()
    (reading,) = meter.read()
    assert (reading.part, reading.how) == (Part.SERVER, EnergySource.POWER)
    assert reading.how.is_measured
    assert (meter.covers, meter.settle(1.0)) == ((), False)
