"""How a tracked command ended."""

from typing import NamedTuple

from traincarbon.tracking.messages import Final


class Outcome(NamedTuple):
    """How the command ended."""

    exit_code: int | None
    signal: int | None
    final: Final | None
    """The last message of the metering process, None if it sent none."""
    ended_s: float
    """When, on the monotonic clock."""
