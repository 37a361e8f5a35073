"""What a script reports of its progress and phases: the names of the values, the checks, and the reading of the pipe."""

import json
import math
from collections.abc import Mapping
from typing import NamedTuple, SupportsFloat, cast

from traincarbon.decode import amount, number
from traincarbon.tracking.lines import Splitter

COUNTS = ("tokens", "samples", "steps")
TOTALS = ("total_tokens", "total_samples", "total_steps")
STARTS = ("start_tokens", "start_samples", "start_steps")
"""Counts of the checkpoint from which the script resumed."""
SPEED = "accelerator_flop_per_s"
FIELDS = (*COUNTS, "loss", *TOTALS, *STARTS, SPEED)
PHASE = "phase"
BEYOND = "other phases"
"""The name of phases beyond those that are told apart."""
RANK = "rank"
"""The key with which a report says that its tokens and samples are those of one rank alone, and of which."""

_LONGEST_LINE_B = 4096
_LONGEST_NAME = 40
_MOST_PHASES = 50
_LATEST_S = 5.0
"""A time that a script states is used if it is at most so long ago; that of another clock is not."""
MOST_COUNT = 1e18
"""Above any count of a training, and any FLOP/s of an accelerator."""


class Report(NamedTuple):
    """What a script reported at one moment. Counts are cumulative since it began; what it did not report is None."""

    time_s: float
    tokens: float | None = None
    samples: float | None = None
    steps: float | None = None
    loss: float | None = None
    total_tokens: float | None = None
    total_samples: float | None = None
    total_steps: float | None = None
    start_tokens: float | None = None
    """Tokens of the checkpoint from which the script resumed, 0 if it began anew; None if it does not say."""
    start_samples: float | None = None
    start_steps: float | None = None
    accelerator_flop_per_s: float | None = None
    """FLOP that each accelerator does in a second, as the script states it. [1/s]"""
    phase: str | None = None
    """The phase that the training is in from now on, "" for none."""
    source: str = ""
    """The thread of which *phase* is the innermost phase."""
    rank: str = ""
    """The rank whose own work *tokens* and *samples* count, "" if they are the whole training's."""
    spent_s: Mapping[str, float] | None = None
    """Phase to the seconds in it from *from_s* to *time_s*, "" for none; instead of each begin and end. [s]"""
    from_s: float = 0.0


def report_of(stated: Mapping[str, object], *, time_s: float) -> Report | None:
    """Return the report in a table, without invalid values; None if nothing in it is valid."""
    valid = {name: number for name in FIELDS if (value := stated.get(name)) is not None and (number := valid_number(name, value)) is not None}
    given = stated.get(PHASE, 0)
    phase = _name(given or "") if given is None or isinstance(given, str) else None
    spent_s = _spent(stated.get("phases_s"))
    if not valid and phase is None and spent_s is None:
        return None
    source, rank = (_name("" if (given := stated.get(key)) is None else str(given)) for key in ("source", RANK))
    at_s = _on_clock(stated.get("time_s"), time_s=time_s)
    from_s = at_s - sum(spent_s.values()) if spent_s is not None else 0.0
    return Report._make((at_s, *map(valid.get, FIELDS), phase, source, rank, spent_s, from_s))


def _on_clock(stated: object, *, time_s: float) -> float:
    """Return when a script says that it reported, or when that was read if it does not say or has another clock."""
    at_s = number(stated)
    return at_s if at_s is not None and time_s - _LATEST_S <= at_s <= time_s else time_s


def _spent(stated: object) -> dict[str, float] | None:
    """Return phase to seconds, None where nothing valid is stated."""
    if not isinstance(stated, Mapping):
        return None
    seconds = {_name(str(name)): amount(value) for name, value in list(stated.items())[:_MOST_PHASES]}
    return {name: value for name, value in seconds.items() if value is not None and value < MOST_COUNT}


def _name(text: str) -> str:
    """Return a name without what could drive a terminal, cut to 40 characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST_NAME]).split())[:_LONGEST_NAME]


class ReportReader:
    """Decodes what is read from the progress pipe into reports; lines that are not valid reports are ignored."""

    def __init__(self) -> None:
        self._splitter = Splitter(longest=_LONGEST_LINE_B)

    def feed(self, data: bytes, *, time_s: float) -> list[Report]:
        """Return the reports that *data* completes.

        Args:
            data: Bytes as they were read, cut anywhere.
            time_s: When they were read, on the monotonic clock. [s]
        """
        reports = []
        for line in self._splitter.feed(data):
            try:
                stated = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(stated, dict) and (report := report_of(stated, time_s=time_s)) is not None:
                reports.append(report)
        return reports


def valid_number(name: str, value: object) -> float | None:
    """Return *value* as a number if it is valid for *name*: finite, a count not negative, a total above 0; else None."""
    try:
        number = float(cast("SupportsFloat", value.item() if hasattr(value, "item") else value))
    except (TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError, Warning):
        return None
    if isinstance(value, bool):
        return None
    if name == "loss":
        return number if math.isfinite(number) else None
    return number if (0.0 < number < MOST_COUNT if name in (*TOTALS, SPEED) else 0.0 <= number < MOST_COUNT) else None
