"""Sleep of the machine and changes of the wall clock are noted, and nothing else."""

import pytest

from traincarbon.tracking.sidecar.clocks import Clocks


class Machine:
    """Three clocks that go on together unless told otherwise."""

    def __init__(self):
        self.monotonic_s, self.uptime_s, self.wall_s = 50.0, 60.0, 1.8e9

    def clocks(self):
        return Clocks(monotonic=lambda: self.monotonic_s, uptime=lambda: self.uptime_s, wall=lambda: self.wall_s)

    def run(self, seconds):
        self.monotonic_s += seconds
        self.sleep(seconds)

    def sleep(self, seconds):
        self.uptime_s += seconds
        self.wall_s += seconds


@pytest.fixture
def machine():
    return Machine()


def test_clocks_that_go_on_together_say_nothing(machine):
    clocks = machine.clocks()
    for seconds in (0.0, 5.0, 86_400.0):
        machine.run(seconds)
        assert clocks.check() == []


def test_a_sleep_is_noted_once_and_not_as_a_clock_that_was_set(machine):
    clocks = machine.clocks()
    machine.run(5.0)
    machine.sleep(3600.0)
    assert clocks.check() == ["the machine slept for 3,600 s, which do not count as time or energy"]
    assert clocks.check() == []


@pytest.mark.parametrize(("step_s", "message"), [(3600.0, "forward by 3,600 s"), (-90.0, "back by 90 s")])
def test_a_wall_clock_that_was_set_is_noted_with_its_direction(machine, step_s, message):
    clocks = machine.clocks()
    machine.run(5.0)
    machine.wall_s += step_s
    assert clocks.check() == [f"the wall clock was set {message}; durations are not affected"]
    assert clocks.check() == []


def test_both_at_once_are_told_apart(machine):
    clocks = machine.clocks()
    machine.sleep(600.0)
    machine.wall_s -= 100.0
    slept, step = clocks.check()
    assert "slept for 600 s" in slept
    assert "back by 100 s" in step


def test_a_clock_that_is_kept_right_by_small_steps_says_nothing(machine):
    clocks = machine.clocks()
    for _ in range(100):
        machine.run(1.0)
        machine.wall_s += 1.5
        machine.uptime_s += 0.1
        assert clocks.check() == []


def test_the_clocks_of_this_machine_agree():
    assert Clocks().check() == []


@pytest.mark.parametrize(("ended_s", "is_said"), [(55.0, True), (55.4, True), (52.0, False), (49.5, False), (60.0, False)])
def test_an_end_that_nobody_saw_is_said_with_its_bounds(machine, ended_s, is_said):
    clocks = machine.clocks()
    assert clocks.end_while_stopped(began_s=45.0, ended_s=50.0) == []
    machine.run(5.0)
    assert clocks.stopped(due_s=54.0) == []
    assert clocks.stopped(due_s=49.0) == ["the metering process was stopped for 6 s"]
    found = clocks.end_while_stopped(began_s=45.0, ended_s=ended_s)
    assert (
        [text.partition(":")[0] for text in found]
        == [f"the command ended while its tracker was stopped, between 4.0 and {ended_s - 45.0:.1f} s after it began"]
    ) is is_said
    assert len(found) == is_said
