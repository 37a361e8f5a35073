"""The management controller, asked through a command that stands in for ipmitool."""

import shutil
import time

import pytest

from traincarbon.meters import ipmi
from traincarbon.meters.base import Unavailable

ANSWER = """
    Instantaneous power reading:                   288 Watts
    Minimum during sampling period:                202 Watts
    Power reading state is:                   activated
"""


@pytest.fixture
def tool(tmp_path):
    """Return a function that writes a command with that output and returns it."""

    def write(output: str, *, exit_code: int = 0, before: str = "") -> list[str]:
        (tmp_path / "answer").write_text(output)
        file = tmp_path / "ipmitool"
        file.write_text(f"#!/bin/sh\n{before}\ncat {tmp_path / 'answer'}\nexit {exit_code}\n")
        file.chmod(0o755)
        return [str(file)]

    return write


def read_until(meter, energy_j):
    """Read until the answer is in; the command is a process of its own."""
    for _ in range(500):
        reading = meter.read()[0]
        if reading.energy_j >= energy_j:
            return reading
        time.sleep(0.01)
    raise AssertionError(reading)


def test_the_answer_is_taken_when_it_is_there_dated_when_it_was_asked_and_held_since(tool, clock):
    meter = ipmi.probe(command=tool(ANSWER), clock=clock)
    assert meter.read()[0].power_w == 288.0
    clock.now_s += 6.0
    tool(ANSWER.replace("288", "312"))
    meter.read()
    clock.now_s += 1.0
    reading = read_until(meter, 6.0 * 300.0 + 300.0)
    assert reading.energy_j == pytest.approx(6.0 * 300.0 + 312.0)
    assert (reading.device, reading.time_s, reading.power_w) == ("server:0", 1007.0, 312.0)
    meter.close()


def test_a_read_does_not_wait_for_the_controller(tool, clock):
    meter = ipmi.probe(command=tool(ANSWER), clock=clock)
    clock.now_s += 6.0
    tool(ANSWER, before="exec sleep 60")
    assert [meter.read()[0].energy_j for _ in range(3)] == [6.0 * 288.0] * 3
    clock.now_s += 21.0
    reading = meter.read()[0]
    assert (reading.energy_j, reading.power_w) == (6.0 * 288.0, None)
    assert meter.notes == ["server:0: its controller does not answer any more: its energy stands still"]
    meter.close()


def test_a_short_run_holds_the_first_answer(tool, clock):
    meter = ipmi.probe(command=tool(ANSWER), clock=clock)
    clock.now_s += 3.0
    assert meter.read()[0].energy_j == pytest.approx(3.0 * 288.0)
    meter.close()


def test_energy_does_not_fall_when_an_answer_is_lower_than_what_was_held(tool, clock):
    meter = ipmi.probe(command=tool(ANSWER), clock=clock)
    clock.now_s += 6.0
    tool(ANSWER.replace("288", "88"))
    before_j = meter.read()[0].energy_j
    meter._asked.wait(5)
    assert meter.read()[0].energy_j == before_j == pytest.approx(6.0 * 288.0)
    clock.now_s += 7.0
    assert meter.read()[0].energy_j == pytest.approx(6.0 * 188.0 + 7.0 * 88.0)
    meter.close()


def test_one_that_hangs_and_cannot_be_killed_is_never_waited_for(tool, clock):
    meter = ipmi.probe(command=tool(ANSWER), clock=clock)
    clock.now_s += 6.0
    tool(ANSWER, before="sleep 60")
    meter.read()
    asked = meter._asked
    asked.kill = lambda: None
    began_s = time.monotonic()
    for _ in range(10):
        clock.now_s += 21.0
        meter.read()
    assert meter._asked is asked
    meter.close()
    assert time.monotonic() - began_s < 5.0
    assert len(meter.notes) == 1
    type(asked).kill(asked)
    asked.wait(5)


def test_who_holds_the_output_open_is_not_waited_for(tool, clock):
    began_s = time.monotonic()
    meter = ipmi.probe(command=tool(ANSWER, before="sleep 20 &"), clock=clock)
    clock.now_s += 6.0
    meter.read()
    meter._asked.wait(5)
    clock.now_s += 1.0
    meter.read()
    assert meter._asked is None
    meter.close()
    assert time.monotonic() - began_s < 10.0


def test_letters_of_another_alphabet_do_no_harm(tool, clock, tmp_path):
    command = tool("")
    (tmp_path / "answer").write_bytes(b"caf\xe9\n" + ANSWER.encode())
    meter = ipmi.probe(command=command, clock=clock)
    assert meter.read()[0].power_w == 288.0
    meter.close()


def test_closing_ends_a_question_under_way(tool, clock):
    meter = ipmi.probe(command=tool(ANSWER), clock=clock)
    clock.now_s += 6.0
    tool(ANSWER, before="exec sleep 60")
    meter.read()
    asked = meter._asked
    meter.close()
    assert asked.returncode is not None


@pytest.mark.parametrize(
    "output",
    [
        "",
        "DCMI request failed because: Invalid command (c1)",
        "    Instantaneous power reading:    0 Watts",
        "    Instantaneous power reading:    65535 Watts",
        ANSWER.replace("activated", "deactivated"),
    ],
)
def test_a_controller_without_power_says_so(tool, output):
    found = ipmi.probe(command=tool(output, exit_code=1))
    assert isinstance(found, Unavailable)
    assert "states no power" in found.reason


def test_a_command_that_cannot_be_run_says_so(tmp_path):
    found = ipmi.probe(command=[str(tmp_path / "none")])
    assert isinstance(found, Unavailable)
    assert "does not answer" in found.reason


def test_a_controller_that_is_silent_is_not_waited_for(tool, monkeypatch):
    monkeypatch.setattr(ipmi, "_FIRST_PATIENCE_S", 0.1)
    found = ipmi.probe(command=tool(ANSWER, before="exec sleep 60"))
    assert isinstance(found, Unavailable)
    assert "does not answer" in found.reason


@pytest.mark.parametrize(
    ("device", "tool_there", "allowed", "said"),
    [(False, True, True, "/dev/ipmi0 does not exist"), (True, False, True, "ipmitool is not installed"), (True, True, False, "no permission to use")],
)
def test_what_is_missing_is_named(monkeypatch, device, tool_there, allowed, said):
    monkeypatch.setattr(ipmi.os.path, "exists", lambda file: device and file == "/dev/ipmi0")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if tool_there else None)
    monkeypatch.setattr(ipmi.os, "access", lambda *_: allowed)
    found = ipmi.probe()
    assert isinstance(found, Unavailable)
    assert said in found.reason
