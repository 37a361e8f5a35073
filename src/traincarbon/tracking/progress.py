"""The function with which a script reports its progress."""

import os
from typing import SupportsFloat

from traincarbon.tracking.progress_pipe import VARIABLE, flush_phases, send
from traincarbon.tracking.reports import FIELDS, RANK, valid_number


def progress(
    *,
    tokens: SupportsFloat | None = None,
    samples: SupportsFloat | None = None,
    steps: SupportsFloat | None = None,
    loss: SupportsFloat | None = None,
    total_tokens: SupportsFloat | None = None,
    total_steps: SupportsFloat | None = None,
    total_samples: SupportsFloat | None = None,
    start_tokens: SupportsFloat | None = None,
    start_steps: SupportsFloat | None = None,
    start_samples: SupportsFloat | None = None,
    accelerator_flop_per_s: SupportsFloat | None = None,
    per_rank: bool = False,
) -> None:
    """Report the progress of the training to the tracker; outside of ``carbon track`` this does nothing, in a microsecond.

    It never raises and never blocks. If the pipe is full or closed the report is dropped, which loses nothing, as counts are
    cumulative. If several processes (ranks) report, the highest count is used: report the whole job's counts, or from rank 0 only, or
    say that each rank counts its own work.
    A script that resumes from a checkpoint may continue its count or begin a new one: the tracker detects which.
    Taking the value of a tensor on a GPU waits for the GPU, so report what the host knows, or report every few steps.

    Args:
        tokens: Tokens seen since the script began. [1]
        samples: Samples seen since the script began. [1]
        steps: Steps done since the script began. [1]
        loss: The loss now. [1]
        total_tokens: Tokens of the whole training; gives a forecast. [1]
        total_steps: Steps of the whole training. [1]
        total_samples: Samples of the whole training. [1]
        start_tokens: Tokens of the checkpoint from which the script resumed, 0 if it began anew; without it, the tracker guesses. [1]
        start_steps: Steps of that checkpoint. [1]
        start_samples: Samples of that checkpoint. [1]
        accelerator_flop_per_s: FLOP that each accelerator does in a second now. [1/s]
        per_rank: Whether tokens and samples are those of this process alone, to be added to those of the other ranks. Steps are never added.

    Example:
        >>> progress(tokens=4096 * 512, total_tokens=2.7e11)
    """
    if VARIABLE not in os.environ:
        return
    given = (tokens, samples, steps, loss, total_tokens, total_samples, total_steps, start_tokens, start_samples, start_steps, accelerator_flop_per_s)
    named = zip(FIELDS, given, strict=True)
    valid: dict[str, object] = {name: number for name, value in named if value is not None and (number := valid_number(name, value)) is not None}
    flush_phases()
    send({**valid, RANK: str(os.getpid())} if per_rank and valid else valid)
