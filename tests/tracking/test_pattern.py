"""Progress is found in a script's output."""

import threading

import pytest

from traincarbon.errors import CarbonError
from traincarbon.tracking.pattern import Pattern
from traincarbon.tracking.reports import Report


def found(expression, output, chunk=None):
    pattern = Pattern(expression)
    data = output if isinstance(output, bytes) else output.encode()
    step = chunk or len(data)
    return [report._replace(time_s=0.0) for start in range(0, len(data), step) for report in pattern.feed(data[start : start + step], time_s=1.0)]


def test_one_group_without_a_name_is_steps():
    assert found(r"iter (\d+)", "iter 7 loss 3\nnothing\niter 8 loss 2\n") == [Report(0.0, steps=7.0), Report(0.0, steps=8.0)]


def test_named_groups_are_what_they_say():
    expression = r"step (?P<step>\d+)/(?P<total_steps>\d+) loss (?P<loss>[\d.]+) seen (?P<tokens>\S+) (?P<other>\w+)"
    assert found(expression, "step 5/100 loss 2.25 seen 1.2M x\n") == [Report(0.0, steps=5.0, total_steps=100.0, loss=2.25, tokens=1.2e6)]


@pytest.mark.parametrize(("text", "value"), [("1.2k", 1200.0), ("3M", 3e6), ("1,234", 1234.0), ("1_000", 1000.0), ("2e9", 2e9), ("1.5B", 1.5e9), ("12", 12.0)])
def test_figures_are_read_as_people_write_them(text, value):
    assert found(r"tok=(?P<tokens>\S+)", f"tok={text}\n") == [Report(0.0, tokens=value)]


@pytest.mark.parametrize("text", ["many", "1,23,4", "1e999", "-5", "nan", ""])
def test_what_is_no_figure_is_passed_over(text):
    assert found(r"tok=(?P<tokens>\S*)", f"tok={text}\n") == []


def test_a_group_without_a_match_is_not_reported():
    assert found(r"step (?P<steps>\d+)(?: loss (?P<loss>\d+))?", "step 3\n") == [Report(0.0, steps=3.0)]


def test_a_progress_bar_is_read_at_each_carriage_return_without_its_colours():
    bar = "\r\x1b[32m 10%|#   | \x1b[1m50/500\x1b[0m [00:01]\r\x1b[32m 20%|##  | 100/500\x1b[K [00:02]\r\n"
    assert [report.steps for report in found(r" (?P<steps>\d+)/(?P<total_steps>\d+) ", bar)] == [50.0, 100.0]


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_lines_are_found_however_the_output_is_cut(chunk):
    assert [report.steps for report in found(r"schritt (\d+) ü", "schritt 1 ü\nschritt 2 ü\r\nschritt 3 ü\n", chunk)] == [1.0, 2.0, 3.0]


def test_bytes_that_are_no_text_do_no_harm():
    assert [report.steps for report in found(r"step (\d+)", b"\xff\xfe\x00step 3\xff\n")] == [3.0]


def test_only_the_beginning_of_a_long_line_is_searched_and_the_rest_takes_no_memory():
    pattern = Pattern(r"step (\d+)")
    for _ in range(100):
        pattern.feed(b"x" * 100_000, time_s=0.0)
    assert [report.steps for report in pattern.feed(b" step 3\nstep 4\n", time_s=0.0)] == [4.0]
    assert [report.steps for report in pattern.feed(b"x" * 1980 + b" step 5\n" + b"x" * 1996 + b" step 6\n", time_s=0.0)] == [5.0]


@pytest.mark.parametrize("expression", ["(", "(?P<steps>", "*", "[", "(?P<steps>a)(?P<steps>b)", r"(a{99999999999})"])
def test_an_invalid_regular_expression_is_refused_with_an_example(expression):
    with pytest.raises(CarbonError, match="is not a regular expression") as caught:
        Pattern(expression)
    assert "(?P<steps>" in caught.value.hint


@pytest.mark.parametrize("expression", ["step", "", r"(?P<epoch>\d+)", r"(\d+) of (\d+)", r"(?:\d+)"])
def test_an_expression_without_a_known_group_is_refused(expression):
    with pytest.raises(CarbonError, match="has no group for progress"):
        Pattern(expression)


def test_a_pattern_that_never_ends_is_given_up_with_a_note():
    notes = []
    pattern = Pattern(r"^(a+)+$", notes=notes)
    assert pattern.feed(b"a" * 60 + b"!\n", time_s=0.0) == []
    assert notes == ["the pattern '^(a+)+$' is too slow on this output and is no longer searched for"]
    assert pattern.feed(b"aaa\n", time_s=0.0) == []


def test_other_threads_than_the_first_may_search_too():
    reports = []
    pattern = Pattern(r"step (\d+)")
    thread = threading.Thread(target=lambda: reports.extend(pattern.feed(b"step 1\n", time_s=0.0)))
    thread.start()
    thread.join()
    assert reports == [Report(0.0, steps=1.0)]
