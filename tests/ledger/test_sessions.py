"""Sessions on nodes: restarts follow each other, trackers beside each other count a device once, and no clock step changes it."""

import pytest

from journals import WALL_S, line, lines_of
from traincarbon.ledger.coverage import joined
from traincarbon.ledger.folding import fold
from traincarbon.ledger.process_summary import End
from traincarbon.ledger.sessions import clusters, share_nothing, shared_devices


def found(*journals):
    return clusters(fold([line for journal in journals for line in journal]))


def energy_j(cluster):
    return {name: device.energy_j for name, device in shared_devices(cluster).items()}


def test_restarts_are_sessions_in_their_order():
    ((first,), (second,)) = found(lines_of(begin_s=100.0, process=8), lines_of(begin_s=0.0, process=9))
    assert (first.last.process, second.last.process) == (9, 8)


def test_two_meters_of_one_training_are_one_session_with_a_hole_between():
    ((session,),) = found(lines_of(begin_s=0.0, process=1, end=False, start={"session": "s"}), lines_of(begin_s=40.0, process=2, start={"session": "s"}))
    assert [process.process for process in session.processes] == [1, 2]
    assert (session.gaps_s, session.to_s - session.from_s) == (25.0, 55.0)
    assert session.devices["gpu:0"].energy_j == 3000.0


@pytest.mark.parametrize(("intervals", "gap_s"), [(0, 40.0), (3, 25.0)])
def test_what_a_killed_meter_did_not_record_was_not_metered_however_long_it_lived(intervals, gap_s):
    killed = lines_of(begin_s=0.0, intervals=intervals, process=1, end=False, start={"session": "s", "from_s": 0.0, "to_s": 0.5})
    last_word = line("note", seq=9, mono_s=18.0, process=1, text="still here")
    ((session,),) = found([*killed, last_word], lines_of(begin_s=40.0, process=2, start={"session": "s"}))
    assert session.gaps_s == gap_s


def test_a_process_that_only_ends_a_run_carries_on_the_session_before():
    ending = [{**lines_of(begin_s=15.0, process=2)[-1], "seq": 0}]
    ((session,),) = found(lines_of(begin_s=0.0, process=1, end=False), ending)
    assert session.last.end == End(exit_code=0, signal=None, state="")


def test_trackers_share_nothing_count_a_measured_device_once():
    (cluster,) = found(*(lines_of(process=number, intervals=6, devices=("gpu:0", "gpu:1")) for number in range(8)))
    assert len(cluster) == 8
    assert energy_j(cluster) == pytest.approx({"gpu:0": 3000.0, "gpu:1": 3000.0})


def test_trackers_that_overlap_in_part_count_the_union_of_their_time():
    (cluster,) = found(lines_of(process=1, begin_s=0.0, intervals=4), lines_of(process=2, begin_s=10.0, intervals=4))
    assert energy_j(cluster) == pytest.approx({"gpu:0": 3000.0})


def test_what_was_modelled_for_each_training_adds_up():
    (cluster,) = found(*(lines_of(process=number, devices=("cpu:0",), part="cpu", how="modelled") for number in range(3)))
    assert energy_j(cluster) == {"cpu:0": 4500.0}


@pytest.mark.parametrize(("how", "accelerators", "apart"), [("modelled", None, True), ("modelled", 1, False), ("counter", None, False)])
def test_sessions_at_once_share_what_is_measured_and_accelerators_and_nothing_else(how, accelerators, apart):
    lines = [one for process in range(2) for one in lines_of(process=process, how=how, start={"accelerators": accelerators})]
    (cluster,) = clusters(fold(lines))
    assert len(cluster) == 2
    assert share_nothing(cluster) == apart
    assert share_nothing(cluster[:1])


def test_devices_that_only_one_tracker_sees_are_taken_as_they_are():
    (cluster,) = found(lines_of(process=1, devices=("gpu:0",)), lines_of(process=2, devices=("gpu:1",)))
    assert energy_j(cluster) == {"gpu:0": 1500.0, "gpu:1": 1500.0}


def test_nodes_never_share_a_device():
    assert [energy_j(cluster) for cluster in found(lines_of(node="a"), lines_of(node="b"))] == [{"gpu:0": 1500.0}] * 2


@pytest.mark.parametrize("step_s", [-86400.0, -3600.0, 86400.0])
def test_a_step_of_the_wall_clock_between_restarts_changes_no_order(step_s):
    later = [{**line, "wall_s": WALL_S + 100.0 + step_s} for line in lines_of(begin_s=100.0, process=2)]
    assert [cluster[0].last.process for cluster in found(later, lines_of(begin_s=0.0, process=1))] == [1, 2]


def test_after_a_boot_the_wall_clock_orders_what_the_monotonic_cannot():
    after = [{**line, "wall_s": WALL_S + 9000.0} for line in lines_of(begin_s=1.0, process=2, life="next/space/1")]
    assert [cluster[0].last.process for cluster in found(after, lines_of(begin_s=5000.0, process=1))] == [1, 2]


def test_where_the_boot_is_unknown_spans_lie_on_the_wall_clock():
    first = lines_of(begin_s=50.0, process=1, life="")
    second = [{**line, "wall_s": WALL_S + 9000.0} for line in lines_of(begin_s=50.0, process=2, life="")]
    assert [len(cluster) for cluster in found(first, second)] == [1, 1]


def test_joining_adds_energy_and_keeps_the_extremes():
    (one,), (other,) = (cluster[0].devices.values() for cluster in found(lines_of(node="a"), lines_of(node="b", power_w=300.0, how="power")))
    both = joined(one, other)
    assert (both.energy_j, both.power_max_w, both.how, both.watched_s) == (6000.0, 300.0, "power", 30.0)
