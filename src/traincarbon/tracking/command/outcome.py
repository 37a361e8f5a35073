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


def exit_code_of(error: BaseException | None) -> int:
    """Return the exit code with which Python ends a program that raises *error*.

    Example:
        >>> exit_code_of(None), exit_code_of(SystemExit(3)), exit_code_of(SystemExit("a message")), exit_code_of(KeyboardInterrupt()), exit_code_of(OSError())
        (0, 3, 1, 130, 1)
    """
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return int(error.code) if isinstance(error.code, int) else int(error.code is not None)
    return 130 if isinstance(error, KeyboardInterrupt) else 1
