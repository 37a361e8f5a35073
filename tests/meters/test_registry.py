"""Which meters are opened together."""

import sys
from importlib import import_module

import pytest

from traincarbon.meters import codecarbon, cpu_model, hwmon, ipmi, nvml, rapl, registry
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
    assert [each.name for each in missing] == ["nvml", "amd", "rapl", "hwmon", "ipmi"]
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
    assert "nvml, amd, rapl" in missing[0].hint


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
from traincarbon.meters.base import Reading
class Plug:
    name, max_interval_s, notes, fails = "wallplug", 2.0, [], False
    def read(self):
        if self.fails: raise OSError("unplugged")
        self.notes.append("hello")
        return (Reading("server:plug", "server", 5.0, 1.0, "power"),)
    def close(self): raise OSError("stuck")
plug = Plug()
def probe(): return plug
"""


def test_a_meter_of_another_package_is_found_and_cannot_fail_us(machine, plugin):
    machine()
    plugin(PLUGIN)
    opened, _ = registry.open_meters()
    assert names(opened) == ["wallplug"]
    meter = opened[0]
    assert meter.notes == ["hello"]
    meter._meter._meter.fails = True
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
def test_what_is_no_reading_is_not_reckoned_with(machine, plugin, reading):
    machine()
    plugin(PLUGIN.replace('if self.fails: raise OSError("unplugged")', f"if self.fails: return ({reading},)"))
    (meter,), _ = registry.open_meters()
    meter._meter._meter.fails = True
    assert [meter.read()[0].energy_j, meter.read()[0].energy_j] == [5.0, 5.0]
    assert meter.notes[1].startswith("wallplug: fails (")
    assert len(meter.notes) == 2
    meter.close()


@pytest.mark.parametrize(("asked", "kept"), [("0.0", 0.002), ("-1.0", 0.002), ("1e9", 60.0), ("float('nan')", 0.002), ("5.0", 5.0)])
def test_a_meter_that_asks_to_be_read_without_pause_is_not(machine, plugin, asked, kept):
    machine()
    plugin(PLUGIN.replace('"wallplug", 2.0', f'"wallplug", {asked}'))
    (meter,), _ = registry.open_meters()
    assert meter.max_interval_s == kept
    meter.close()


def test_a_package_that_does_not_load_is_a_meter_that_cannot_be_read(machine, plugin):
    machine()
    plugin("raise ImportError('no libusb')")
    assert registry.probed("wallplug").reason == "it fails: ImportError: no libusb"
    assert "wallplug" in registry.meter_names()


def test_entry_points_are_only_read_where_a_package_names_our_group(machine, monkeypatch):
    machine()
    monkeypatch.setitem(sys.modules, "importlib.metadata", None)
    assert registry.meter_names() == ["nvml", "amd", "rapl", "hwmon", "ipmi", "codecarbon", "replay", "cpu_model"]


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


def test_a_foreign_meter_that_writes_plain_words_is_read_as_ours(machine, plugin):
    machine()
    plugin(PLUGIN)
    (meter,), _ = registry.open_meters()
    (reading,) = meter.read()
    assert (reading.part, reading.how) == (Part.SERVER, EnergySource.POWER)
    assert reading.how.is_measured
    assert (meter.covers, meter.settle(1.0)) == ((), False)
    meter.close()
