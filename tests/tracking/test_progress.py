"""Reports of a script arrive, and reporting never harms the script."""

import contextlib
import json
import math
import os
import signal
import socket
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import traincarbon
from traincarbon.tracking.progress import progress
from traincarbon.tracking.progress_pipe import IDENTITY, VARIABLE, environment_of
from traincarbon.tracking.reports import FIELDS, Report, ReportReader, report_of
from traincarbon.tracking.value.session_progress import Progress


@pytest.fixture
def pipe(monkeypatch):
    """A pipe whose writing end the environment names; what is read of it comes from the first function, the second closes that end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    for name, value in environment_of(writer).items():
        monkeypatch.setenv(name, value)
    yield reader, writer
    for descriptor in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def received(reader):
    return [json.loads(line) for line in os.read(reader, 1 << 20).decode().splitlines()]


def received_nothing(reader):
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    return True


def reports_in(data, *, chunk=None):
    lines = ReportReader()
    step = chunk or len(data) or 1
    return [report for start in range(0, len(data), step) for report in lines.feed(data[start : start + step], time_s=float(start))]


class Tensor:
    """As a tensor of one element: float() of it warns, item() does not."""

    def item(self):
        return 7.0

    def __float__(self):
        raise AssertionError("the gradient is in the way")


class Hostile:
    def __init__(self, error):
        self.error = error

    def __float__(self):
        raise self.error


def test_a_report_arrives_as_one_line_of_json(pipe):
    progress(tokens=4096, loss=2.5, total_tokens=1e9)
    progress(steps=3)
    assert received(pipe[0]) == [{"tokens": 4096.0, "loss": 2.5, "total_tokens": 1e9}, {"steps": 3.0}]


def test_every_field_arrives_under_its_own_name(pipe):
    progress(tokens=1, samples=2, steps=3, loss=4, total_tokens=5, total_samples=6, total_steps=7)
    assert received(pipe[0]) == [
        dict(zip(["tokens", "samples", "steps", "loss", "total_tokens", "total_samples", "total_steps"], map(float, range(1, 8)), strict=True))
    ]


def test_the_longest_report_is_written_whole_or_not_at_all_on_any_system(pipe):
    progress(**dict.fromkeys(FIELDS, 0.1 + 1e17 / 3))
    assert len(os.read(pipe[0], 4096)) <= 512


@pytest.mark.parametrize("value", [np.int64(7), np.float32(7), np.array(7), np.array([7]), Tensor(), Fraction(7), "7", 7])
def test_numbers_of_any_kind_are_taken(pipe, value):
    progress(tokens=value)
    assert received(pipe[0]) == [{"tokens": 7.0}]


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -1, 1e300, 10**400, True, "many", "nan", [], {}, object(), np.array([1, 2]), 1j]
    + [Hostile(error) for error in (TypeError(), RuntimeError(), OverflowError(), AttributeError(), DeprecationWarning())],
)
def test_an_invalid_count_is_dropped_and_the_rest_is_reported(pipe, value):
    progress(tokens=value, steps=1)
    assert received(pipe[0]) == [{"steps": 1.0}]


def test_a_loss_may_be_negative_and_a_total_not_zero(pipe):
    progress(loss=-2.0, total_steps=0, total_tokens=-1)
    progress(loss=math.nan)
    assert received(pipe[0]) == [{"loss": -2.0}]


def test_a_full_pipe_drops_reports_and_keeps_those_in_it_whole(pipe):
    for step in range(20_000):
        progress(steps=step)
    reports = received(pipe[0])
    assert 100 < len(reports) < 20_000
    assert [report["steps"] for report in reports] == list(range(len(reports)))
    progress(steps=99_999)
    assert received(pipe[0]) == [{"steps": 99_999.0}]


def test_a_tracker_that_is_gone_is_no_matter(pipe):
    os.close(pipe[0])
    progress(steps=1)


def test_a_script_that_dies_of_broken_pipes_does_not_die_of_ours():
    code = f"import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); r, w = os.pipe(); os.close(r); os.environ['{VARIABLE}'] = str(w)\n"
    code += "import traincarbon; traincarbon.progress(steps=1); print('alive')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout == "alive\n"
    assert signal.getsignal(signal.SIGPIPE) is not None


@pytest.mark.parametrize("named", ["", "x", "-1", "99999", "9" * 40, "1.5", "\udcff"])
def test_a_variable_that_names_no_descriptor_is_passed_over(monkeypatch, named):
    monkeypatch.setenv(VARIABLE, named)
    progress(steps=1)


def test_nothing_is_written_into_a_file_that_came_to_bear_the_number(tmp_path, monkeypatch):
    with open(tmp_path / "weights", "w+b") as file:
        monkeypatch.setenv(VARIABLE, str(file.fileno()))
        progress(steps=1)
        assert file.read() == b""


def test_nothing_is_written_into_another_pipe_that_came_to_bear_the_number(pipe, monkeypatch):
    assert received_nothing(pipe[0])
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    monkeypatch.setenv(VARIABLE, str(writer))
    progress(steps=1)
    assert received_nothing(reader)
    monkeypatch.delenv(IDENTITY)
    progress(steps=1)
    assert received(reader) == [{"steps": 1.0}]
    os.close(reader)
    os.close(writer)


def test_a_socket_serves_as_well(monkeypatch):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        monkeypatch.setenv(VARIABLE, str(theirs.fileno()))
        progress(steps=1)
        assert ours.recv(100) == b'{"steps": 1.0}\n'


def test_untracked_it_does_nothing_and_loads_little(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert traincarbon.progress(tokens=object()) is None
    code = "import sys, traincarbon; traincarbon.progress(steps=1); print(*sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout.split())
    assert not loaded & {"dataclasses", "tomllib", "csv", "numpy", "select", "subprocess", "threading", "click", "traincarbon.database", "traincarbon.formulas"}


def test_a_report_reads_what_it_knows_and_leaves_the_rest():
    assert report_of({"tokens": 5, "epoch": 3, "loss": "low"}, time_s=1.0) == Report(1.0, tokens=5.0)
    assert report_of({"epoch": 3}, time_s=1.0) is None


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.integers(1, 50))
def test_reports_come_through_however_the_bytes_are_cut(steps, chunk):
    data = b"".join(b'{"steps": %d}\n' % step for step in steps)
    assert [report.steps for report in reports_in(data, chunk=chunk)] == [float(step) for step in steps]


@pytest.mark.parametrize(
    "garbage",
    [
        *(b"", b"\n\n", b"epoch 3", b"[1]", b"{", b'{"steps": }', b'"steps"', b"\xff\xfe\0", b'{"steps": NaN}', b'{"steps": 1e400}', b'{"steps": null}'),
        *(b'{"steps": true}', b'{"steps": {"a": 1}}', b'{"steps": ' + b"9" * 3000 + b"}", b"[" * 4000, b"{" * 100_000, b'{"steps": "<script>"}'),
    ],
)
def test_garbage_is_passed_over_and_what_follows_is_read(garbage):
    assert [report.steps for report in reports_in(garbage + b'\n{"steps": 5}\n')] == [5.0]


def test_a_line_that_is_not_finished_is_not_read():
    assert reports_in(b'{"steps": 1}\n{"steps": 2}') == [Report(0.0, steps=1.0)]


def test_counts_never_fall_and_the_highest_of_several_ranks_counts():
    folded = Progress()
    for time_s, step in enumerate([1, 3, 2, 4, 3, 4]):
        folded.add(Report(float(time_s), steps=float(step)))
    assert folded.counts == {"steps": 4.0}
    assert folded.notes == []


def test_a_count_that_begins_again_is_noticed_once():
    folded = Progress()
    for time_s, step in enumerate([*range(20), *range(8)]):
        folded.add(Report(float(time_s), steps=float(step)))
    assert folded.counts == {"steps": 19.0}
    assert folded.notes == ["the script counts from 0 steps again after 19: the highest count is used"]


def test_a_script_that_goes_on_from_a_checkpoint_did_only_the_rest_itself():
    folded = Progress()
    for time_s, step in enumerate([910, 920, 930, 940]):
        folded.add(Report(float(time_s), steps=float(step), tokens=10.0 * (time_s + 1)))
    assert folded.counts == {"steps": 940.0, "tokens": 40.0}
    assert folded.resumed_from("steps") == 900.0
    assert folded.done_here() == {"steps": 40.0, "tokens": 40.0}


@pytest.mark.parametrize("steps", [[1, 11, 21], [10, 20, 30], [9, 19], [0, 10], [30, 40], [1, 100]])
def test_a_script_that_counts_anew_did_all_itself(steps):
    folded = Progress()
    for time_s, step in enumerate(steps):
        folded.add(Report(float(time_s), steps=float(step)))
    assert folded.resumed_from("steps") == 0.0
    assert folded.done_here() == {"steps": float(steps[-1])}


def test_reports_that_were_read_at_once_do_not_tell_whether_it_went_on():
    folded = Progress()
    for step in (910.0, 920.0):
        folded.add(Report(5.0, steps=step))
    assert folded.resumed_from("steps") is None
    folded.add(Report(6.0, steps=950.0))
    assert folded.resumed_from("steps") == 870.0


def test_a_single_report_counts_once_nothing_more_can_come():
    folded = Progress()
    folded.add(Report(5.0, tokens=1e9))
    assert folded.done_here() == {}
    assert folded.done_here(ended=True) == {"tokens": 1e9}


def test_rates_leave_the_start_up_out_and_follow_what_is_recent():
    folded = Progress()
    # a minute of loading, then 10 a second for 100 s, then 5 a second for 100 s
    for second in range(201):
        folded.add(Report(60.0 + second, tokens=1000.0 + 10.0 * min(second, 100) + 5.0 * max(second - 100, 0)))
    assert folded.rate_per_s("tokens", window_s=1e9) == pytest.approx(7.5)
    assert folded.rate_per_s("tokens", window_s=50.0) == pytest.approx(5.0)


def test_there_is_no_rate_of_a_single_report():
    folded = Progress()
    folded.add(Report(5.0, tokens=100.0))
    assert folded.rate_per_s("tokens", window_s=1e9) is None
    assert folded.rate_per_s("steps") is None
    assert folded.points("steps") is None


def test_what_the_user_says_of_totals_wins_over_what_the_script_says():
    folded = Progress({"steps": 100.0, "tokens": -1.0, "nonsense": 5.0})
    folded.add(Report(0.0, steps=1.0, total_steps=50.0, total_tokens=7.0))
    assert folded.totals == {"steps": 100.0, "tokens": 7.0}


def test_the_last_loss_is_kept():
    folded = Progress()
    folded.add(Report(0.0, steps=1.0, loss=3.0))
    folded.add(Report(1.0, steps=2.0))
    assert folded.loss == 3.0
    assert folded.reports == 2
