"""The log of a tool is read as it is printed."""

import pytest

from traincarbon.tracking.logs.reader import LogLines, reader_of
from traincarbon.tracking.settings import LogFormat

LOG = "\x1b[31mtokens per iteration will be: 128\x1b[0m\niter 0: loss 2.5000, time 3.00ms, mfu -100.00%\r\niter 10: loss nan, time 3.00ms, mfu 10.00%\n"


@pytest.mark.parametrize("tool", list(LogFormat))
def test_every_format_has_a_reader_that_passes_over_other_lines(tool):
    reader = reader_of(tool, plan={})
    lines = ("", "hello", "step", "iteration", "100%|", "{'epoch': 'x'}", "\ufffd" * 100, "loss: nan", "step: x loss: y", "iter 5")
    assert all(not {name: value for name, value in (reader.read(line) or {}).items() if value is not None} for line in lines)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_lines_are_found_however_the_output_is_cut(chunk):
    lines, data = LogLines(LogFormat.NANOGPT, plan={}), LOG.encode()
    reports = [report for at in range(0, len(data), chunk) for report in lines.feed(data[at : at + chunk], time_s=1.0)]
    assert [(each.steps, each.tokens, each.loss, each.accelerator_flop_per_s) for each in reports] == [(1.0, 128.0, 2.5, None), (11.0, 1408.0, None, 31.2e12)]


def test_the_size_of_a_step_in_a_plan_counts_where_the_log_states_none():
    lines = LogLines(LogFormat.DEEPSPEED, plan={"batch_tokens": 1e6})
    assert lines.feed(b"[Rank 0] step=3, skipped=0, lr=[1], mom=[0]\n", time_s=1.0)[0].tokens == 3e6


def test_a_line_without_an_end_takes_no_memory():
    lines = LogLines(LogFormat.MEGATRON, plan={})
    for _ in range(100):
        assert lines.feed(b"iteration " * 10_000, time_s=1.0) == []
    assert len(lines._splitter._partial) <= 8000
