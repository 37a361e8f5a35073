"""CodeCarbon's hardware objects as a source, stood in for by modules with the functions that we call."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from traincarbon.extras import install_command
from traincarbon.meters import codecarbon
from traincarbon.meters.base import Unavailable


class Hardware:
    def __init__(self, name, watts):
        self.name, self.watts, self.answers = name, watts, None

    def __repr__(self):
        return self.name

    def start(self):
        """Nothing to start."""

    def measure_power_and_energy(self, last_duration):
        if self.answers is not None:
            return self.answers
        return SimpleNamespace(W=self.watts), SimpleNamespace(kWh=self.watts * last_duration / 3.6e6)


@pytest.fixture
def installed(monkeypatch):
    """Return a function that installs a CodeCarbon that finds those sensors."""

    def call(platform="linux", **available):
        def module(name, **functions):
            made = ModuleType(name)
            vars(made).update(functions)
            monkeypatch.setitem(sys.modules, name, made)
            return made

        made = {
            "cpu": module("codecarbon.core.cpu", is_rapl_available=lambda: available.get("rapl", False)),
            "gpu": module("codecarbon.core.gpu", is_nvidia_system=lambda: available.get("nvidia", False), is_rocm_system=lambda: False),
            "powermetrics": module("codecarbon.core.powermetrics", is_powermetrics_available=lambda: available.get("powermetrics", False)),
            "windows_emi": module("codecarbon.core.windows_emi", is_emi_available=lambda: available.get("emi", False)),
        }
        objects = {name: Hardware(name, 100.0) for name in ("intel_rapl", "windows_emi", "CPU", "GPU", "boards")}
        hardware = module(
            "codecarbon.external.hardware",
            CPU=SimpleNamespace(from_utils=lambda _, mode: objects[mode]),
            GPU=SimpleNamespace(from_utils=lambda: objects["boards"]),
            AppleSiliconChip=SimpleNamespace(from_utils=lambda _, chip_part: objects[chip_part]),
        )
        module("codecarbon")
        module("codecarbon.core", **made)
        module("codecarbon.external", hardware=hardware)
        monkeypatch.setattr(codecarbon.sys, "platform", platform)
        return objects

    return call


@pytest.mark.parametrize(
    ("platform", "available", "devices", "how"),
    [
        ("linux", {"rapl": True}, ["cpu:codecarbon"], ["counter"]),
        ("linux", {"rapl": True, "nvidia": True}, ["cpu:codecarbon", "gpu:codecarbon"], ["counter", "counter"]),
        ("darwin", {"powermetrics": True}, ["cpu:codecarbon", "gpu:codecarbon"], ["power", "power"]),
        ("win32", {"emi": True}, ["cpu:codecarbon"], ["counter"]),
    ],
)
def test_what_it_can_measure_we_can(installed, clock, platform, available, devices, how):
    installed(platform, **available)
    meter = codecarbon.probe(clock=clock)
    clock.now_s += 5.0
    readings = meter.read()
    assert [reading.device for reading in readings] == devices
    assert [reading.how for reading in readings] == how
    assert [reading.energy_j for reading in readings] == pytest.approx([500.0] * len(devices))


def test_its_models_and_guesses_are_left_out(installed):
    installed()
    found = codecarbon.probe()
    assert isinstance(found, Unavailable)
    assert "no sensor here, only models" in found.reason


def test_a_negative_energy_is_set_aside_and_said(installed, clock):
    objects = installed(rapl=True)
    meter = codecarbon.probe(clock=clock)
    clock.now_s += 5.0
    meter.read()
    objects["intel_rapl"].answers = (SimpleNamespace(W=-3.0), SimpleNamespace(kWh=-1.0))
    clock.now_s += 5.0
    assert meter.read()[0].energy_j == pytest.approx(500.0)
    assert "CodeCarbon cannot read it (ValueError: -3600000 J, -3 W)" in meter.notes[0]
    objects["intel_rapl"].answers = None
    clock.now_s += 1.0
    assert meter.read()[0].energy_j == pytest.approx(600.0)
    assert meter.notes[1:] == ["cpu:codecarbon: is read again"]


def test_a_codecarbon_that_fails_to_start_says_so(installed, monkeypatch):
    def fail(_):
        raise RuntimeError("no data")

    installed(rapl=True)
    monkeypatch.setattr(Hardware, "start", fail)
    found = codecarbon.probe()
    assert isinstance(found, Unavailable)
    assert found.reason == "CodeCarbon fails: RuntimeError: no data"


def test_a_missing_codecarbon_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    found = codecarbon.probe()
    assert isinstance(found, Unavailable)
    assert found.hint == install_command(extra="codecarbon")
