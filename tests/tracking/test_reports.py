"""What a script reports is read line by line, and garbage is passed over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.tracking.reports import Report, ReportReader, report_of


def reports_in(data, *, chunk=None):
    lines = ReportReader()
    step = chunk or len(data) or 1
    return [report for start in range(0, len(data), step) for report in lines.feed(data[start : start + step], time_s=float(start))]


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
