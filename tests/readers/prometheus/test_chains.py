"""The samples of a device out of several series."""

from traincarbon.readers.prometheus.chains import Chain, chain_of, windows_of
from traincarbon.readers.prometheus.client import Series

JOB = ("hpc_job", "7")


def series(times_s: range, slope: float = 100.0, **labels: str) -> Series:
    return Series({"UUID": "GPU-1", **labels}, [(float(time_s), slope * time_s) for time_s in times_s])


def test_series_that_differ_in_who_used_the_device_follow_each_other() -> None:
    chain = chain_of([series(range(0, 100, 10)), series(range(100, 200, 10), hpc_job="7")], JOB)
    assert [time_s for time_s, _ in chain.samples] == list(range(0, 200, 10))
    assert chain.of_job == frozenset(range(100, 200, 10))


def test_parts_of_one_board_state_its_energy_once() -> None:
    parts = [series(range(0, 50, 10), GPU_I_ID=number) for number in "123"]
    assert chain_of(parts).samples == parts[0].samples


def test_a_second_server_of_the_same_exporter_fills_only_gaps() -> None:
    first = series(range(0, 1000, 10), replica="a")
    holed = Series(first.labels, [sample for sample in first.samples if not 300 < sample[0] < 500])
    chain = chain_of([holed, series(range(203, 603, 10), replica="b")])
    assert [time_s for time_s, _ in chain.samples if time_s % 10 == 3] == [*range(303, 500, 10)]


def test_a_job_that_was_requeued_has_the_device_twice() -> None:
    times = [(float(time_s), 0.0) for time_s in range(0, 100, 10)]
    chain = Chain(times, frozenset({10.0, 20.0, 30.0, 60.0, 70.0}))
    assert windows_of(chain, from_s=5.0, to_s=99.0, slack_s=6.0) == [(5.0, 30.0), (60.0, 70.0)]
    assert windows_of(chain, from_s=15.0, to_s=75.0, slack_s=6.0) == [(15.0, 30.0), (60.0, 75.0)]
    assert windows_of(chain, from_s=80.0, to_s=99.0, slack_s=6.0) == []
