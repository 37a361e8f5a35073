"""Find progress in the log that a training tool prints."""

import importlib
from collections.abc import Mapping

from traincarbon.decode import number
from traincarbon.tracking.lines import LONGEST_B, Splitter, plain_line
from traincarbon.tracking.logs.batch import Batch, LogReader
from traincarbon.tracking.reports import Report, report_of
from traincarbon.tracking.settings import LogFormat

_READERS: Mapping[LogFormat, str] = {
    LogFormat.MEGATRON: "megatron.Megatron",
    LogFormat.TORCHTITAN: "torchtitan.Torchtitan",
    LogFormat.NEMO: "nemo.Nemo",
    LogFormat.MAXTEXT: "maxtext.MaxText",
    LogFormat.DEEPSPEED: "deepspeed.DeepSpeed",
    LogFormat.LITGPT: "litgpt.LitGpt",
    LogFormat.NANOGPT: "nanogpt.NanoGpt",
    LogFormat.HF: "huggingface.HuggingFace",
}
"""The reader of each format, imported when it is used."""
_APART_S = 1e-6
"""Between two lines that were read together, so that what was reported first is known."""


class LogLines:
    r"""Reads the log of a tool as it is printed.

    Args:
        tool: The tool.
        plan: Fields of the plan: ``batch_tokens`` and ``seq_len`` count where the log does not state the size of a step.

    Example:
        >>> lines = LogLines(LogFormat.NANOGPT, plan={"batch_tokens": 16384})
        >>> lines.feed(b"iter 9: loss 2.5, time 31.25ms, mfu 10.00%\n", time_s=1.0)[-1].tokens
        163840.0
    """

    def __init__(self, tool: LogFormat, *, plan: Mapping[str, object]) -> None:
        self._reader = reader_of(tool, plan=plan)
        self._splitter = Splitter(longest=LONGEST_B, separators=b"\r")

    def feed(self, data: bytes, *, time_s: float) -> list[Report]:
        """Return the reports in the lines that *data* completes; a carriage return ends a line too.

        Args:
            data: Bytes as they were read, cut anywhere.
            time_s: When they were read, on the monotonic clock. [s]
        """
        found = [stated for line in self._splitter.feed(data) if (stated := self._reader.read(plain_line(line))) is not None]
        times_s = (time_s - (len(found) - at) * _APART_S for at in range(len(found)))
        return [report for at_s, stated in zip(times_s, found, strict=True) if (report := report_of(stated, time_s=at_s)) is not None]


def reader_of(tool: LogFormat, *, plan: Mapping[str, object]) -> LogReader:
    """Return a reader of the lines of *tool*, with the size of a step that *plan* states."""
    module, name = _READERS[tool].split(".")
    batch = Batch(sample_tokens=number(plan.get("seq_len")), step_tokens=number(plan.get("batch_tokens")))
    reader: LogReader = getattr(importlib.import_module(f"traincarbon.tracking.logs.{module}"), name)(batch)
    return reader
