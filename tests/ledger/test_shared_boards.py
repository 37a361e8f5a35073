"""Several runs on one board: its energy and its time count once in a total, whatever way the runs overlap."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, device, line
from traincarbon.ledger.exchange import dump, load
from traincarbon.ledger.record import merge
from traincarbon.ledger.shared_boards import counted_once, described, metered_once_kwh, with_others

BOARD, OTHER_BOARD = "gpu:GPU-2cbc1b01-5f5c-9f0c-7f0b-8b1d1f1c0f00", "gpu:GPU-99bc1b01-5f5c-9f0c-7f0b-8b1d1f1c0f99"


def run_of(run_id, *spans, watts=100.0, devices=(BOARD,), part="gpu", how="counter", node="a1"):
    """A run with constant power on its devices; each span is a session of its own."""
    lines = []
    for at, (from_s, to_s) in enumerate(spans):
        who = {"run_id": run_id, "node": node, "process": at + 1, "writer": f"{node}-{run_id}-{at}", "session": f"s{at}"}
        used = {name: device(watts * (to_s - from_s), part=part, how=how) for name in devices}
        lines += [
            line("start", mono_s=from_s, accelerators=len(devices) if part == "gpu" else None, **who),
            line("interval", seq=1, mono_s=to_s, from_s=from_s, to_s=to_s, devices=used, **who),
            line("end", seq=2, mono_s=to_s, exit_code=0, **who),
        ]
    return merge(lines, now_s=WALL_S + 1e6)


def once_j(*records):
    return metered_once_kwh(records, counted_once(records)) * 3.6e6


def gpu_s(*records):
    found = counted_once(records)
    return sum(record.duration_s * record.accelerators * (found[record.run_id].by_time if record.run_id in found else 1.0) for record in records)


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([(0.0, 100.0), (0.0, 100.0)], 100.0),
        ([(0.0, 100.0), (20.0, 40.0)], 100.0),  # one inside the other, as nested trackers
        ([(0.0, 100.0), (20.0, 40.0), (30.0, 60.0), (90.0, 95.0)], 100.0),
        ([(0.0, 100.0), (60.0, 140.0)], 140.0),
        ([(0.0, 40.0), (30.0, 70.0), (60.0, 100.0)], 100.0),  # a chain: the first and the last never met
        ([(0.0, 100.0), (100.0, 200.0)], 200.0),
        ([(0.0, 100.0), (150.0, 200.0)], 150.0),
    ],
)
def test_a_board_counts_once_at_any_time(spans, seconds):
    records = [run_of(f"r{at}", span) for at, span in enumerate(spans)]
    assert once_j(*records) == pytest.approx(100.0 * seconds)
    assert gpu_s(*records) == pytest.approx(seconds)
    assert once_j(*reversed(records)) == pytest.approx(100.0 * seconds)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 80)), min_size=1, max_size=8))
def test_whatever_overlaps_a_total_is_that_of_the_seconds_that_were_metered(spans):
    records = [run_of(f"r{at}", (float(begin), float(begin + length))) for at, (begin, length) in enumerate(spans)]
    seconds = {second for begin, length in spans for second in range(begin, begin + length)}
    assert once_j(*records) == pytest.approx(100.0 * len(seconds))
    assert gpu_s(*records) == pytest.approx(len(seconds))
    shares = counted_once(records)
    assert all(0.0 <= each.by_energy <= 1.0 and 0.0 <= each.by_time <= 1.0 for each in shares.values())


def test_the_run_with_more_energy_of_the_board_keeps_it():
    found = counted_once([run_of("long", (0.0, 100.0)), run_of("short", (50.0, 60.0))])
    assert (found["long"].by_energy, found["short"].by_energy) == (1.0, 0.0)
    found = counted_once([run_of("long", (0.0, 100.0), watts=1.0), run_of("short", (50.0, 60.0))])
    assert (found["long"].by_energy, found["short"].by_energy) == pytest.approx((0.9, 1.0))


def test_a_run_that_was_restarted_shares_only_the_time_in_which_it_ran():
    resumed, between = run_of("resumed", (0.0, 50.0), (100.0, 150.0)), run_of("between", (60.0, 90.0))
    assert counted_once([resumed, between]) == {}
    assert once_j(resumed, run_of("over", (40.0, 110.0))) == pytest.approx(100.0 * 150.0)


def test_only_what_is_shared_counts_once():
    both, one = run_of("both", (0.0, 100.0), devices=(BOARD, OTHER_BOARD)), run_of("one", (0.0, 100.0))
    assert once_j(both, one) == pytest.approx(2 * 100.0 * 100.0)
    assert counted_once([both, run_of("else", (0.0, 100.0), devices=("gpu:GPU-00bc1b01-5f5c-9f0c-7f0b-8b1d1f1c0f00",))]) == {}


def test_numbers_mean_the_same_device_on_the_same_node_only():
    same = [run_of("a", (0.0, 10.0), devices=("gpu:0",)), run_of("b", (0.0, 10.0), devices=("gpu:0",))]
    assert once_j(*same) == pytest.approx(1000.0)
    assert counted_once([same[0], run_of("c", (0.0, 10.0), devices=("gpu:0",), node="b2")]) == {}


def test_records_without_nodes_are_of_one_place_if_they_name_each_other():
    def old(run_id, *others):
        record = run_of(run_id, (0.0, 10.0), devices=("gpu:0",))
        return replace(record, shared_with=others, by_device=tuple(use._replace(host="") for use in record.by_device))

    assert once_j(old("c", "b"), old("a", "b"), old("b", "a", "c")) == pytest.approx(1000.0)
    assert counted_once([old("a"), old("b")]) == {}


def test_a_board_is_the_same_under_another_name_of_its_node():
    assert once_j(run_of("a", (0.0, 10.0)), run_of("b", (0.0, 10.0), node="pod-2")) == pytest.approx(1000.0)


def test_a_processor_that_was_measured_counts_once_and_a_model_of_it_is_that_of_the_work():
    def cpu(run_id, how):
        return run_of(run_id, (0.0, 10.0), devices=("cpu:0",), part="cpu", how=how)

    assert once_j(cpu("a", "counter"), cpu("b", "counter")) == pytest.approx(1000.0)
    assert once_j(cpu("a", "modelled"), cpu("b", "modelled")) == pytest.approx(2000.0)


def test_an_assumed_gpu_counts_once_too():
    assert once_j(run_of("a", (0.0, 10.0), how="assumed"), run_of("b", (0.0, 10.0), how="assumed")) == pytest.approx(1000.0)


def test_records_that_were_exported_count_once_by_their_attempts():
    records = load(dump([run_of("a", (0.0, 100.0)), run_of("b", (50.0, 150.0))], "json"))
    assert all(not use.spans for record in records for use in record.by_device)
    assert once_j(*records) == pytest.approx(100.0 * 150.0)
    bare = [replace(record, attempts=()) for record in records]
    assert once_j(*bare) == pytest.approx(100.0 * 150.0)


def test_runs_that_do_not_know_of_each_other_are_named():
    a, b, c = run_of("a", (0.0, 40.0)), run_of("b", (30.0, 70.0)), run_of("c", (60.0, 100.0))
    assert [record.shared_with for record in with_others([a, b, c])] == [("b",), ("a", "c"), ("b",)]
    assert [record.shared_with for record in with_others([c], [a, b])] == [("b",)]
    assert described(counted_once([a, b, c])).startswith("a, b and c shared boards at the same time.")
    assert described({}) == ""


def test_thousands_of_short_runs_inside_a_long_one_take_no_square_of_time():
    template = run_of("x", (0.0, 1.0))
    (use,) = template.by_device
    many = [replace(template, run_id=f"r{at}", by_device=(use._replace(spans=((at, at + 0.5, 50.0),), energy_j=50.0),)) for at in range(5000)]
    long = replace(template, run_id="long", by_device=(use._replace(spans=((0.0, 5000.0, 5e5),), energy_j=5e5),))
    found = counted_once([*many, long])
    assert (found["long"].by_energy, sum(each.by_energy for each in found.values())) == (1.0, 1.0)
    assert len(found["long"].others) == 5000
