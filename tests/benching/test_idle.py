import pytest

from benches import Clock
from traincarbon.benching.idle import OtherLoad, busy_gpu
from traincarbon.meters.base import Reading
from traincarbon.meters.process_usage import Usage


class Processors:
    """Processor time of a machine and of ourselves."""

    def __init__(self):
        self.clock, self.all_s, self.own_s, self.fails = Clock(), 1000.0, 7.0, False

    def usage(self):
        if self.fails:
            raise OSError("no /proc")
        return Usage(self.all_s, 1e9)

    def pass_time(self, seconds, *, others, own):
        self.clock.sleep(seconds)
        self.all_s += seconds * (others + own)
        self.own_s += seconds * own

    def others(self, *, threads=2, host_threads=4):
        return OtherLoad(self, threads=threads, host_threads=host_threads, clock=self.clock, own=lambda: self.own_s)


def test_what_others_take_is_all_but_ours_since_one_last_asked():
    processors = Processors()
    others = processors.others()
    processors.pass_time(2.0, others=1.5, own=2.0)
    assert others.busy_threads() == pytest.approx(1.5)
    processors.pass_time(4.0, others=0.25, own=0.0)
    assert others.busy_threads() == pytest.approx(0.25)


def test_our_own_rounding_is_never_less_than_nothing():
    processors = Processors()
    others = processors.others()
    processors.pass_time(1.0, others=-0.01, own=1.0)
    assert others.busy_threads() == 0.0


@pytest.mark.parametrize(("busy", "is_too_much"), [(0.0, False), (2.0, False), (2.19, False), (2.3, True), (4.0, True)])
def test_others_may_use_threads_that_we_do_not_need(busy, is_too_much):
    assert Processors().others(threads=2, host_threads=4).take_from_us(busy) is is_too_much


def test_unknown_load_is_none():
    assert OtherLoad(None, threads=2).busy_threads() is None
    processors = Processors()
    processors.fails = True
    others = processors.others()
    assert others.busy_threads() is None
    processors.fails = False
    assert others.busy_threads() is None


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_too_little_time_between_two_looks_says_nothing(seconds):
    processors = Processors()
    others = processors.others()
    processors.pass_time(seconds, others=2.0, own=0.0)
    assert others.busy_threads() is None


def test_a_board_that_works_is_named_and_other_parts_are_not():
    def reading(device, part, utilisation):
        return Reading(device, part, 0.0, 0.0, "counter", utilisation=utilisation)

    assert busy_gpu([reading("gpu:0", "gpu", 0.02), reading("gpu:1", "gpu", 0.8)]).device == "gpu:1"
    assert busy_gpu([reading("gpu:0", "gpu", None), reading("cpu:0", "cpu", 0.9)]) is None
