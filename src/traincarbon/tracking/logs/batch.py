"""The size of a training step, as a log or a plan states it, and what follows for the counts of a training."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, kw_only=True)
class Batch:
    """What a step of the whole training takes; None is not known.

    Attributes:
        samples: Sequences of a step.
        sample_tokens: Tokens of a sequence, padding included.
        step_tokens: Tokens of a step.
    """

    samples: float | None = None
    sample_tokens: float | None = None
    step_tokens: float | None = None

    def counts(self, *, steps: float, samples: float | None = None) -> dict[str, float]:
        """Return steps, samples and tokens after so many steps, without those that are not known.

        Args:
            steps: Steps that were done.
            samples: Sequences that were trained on, if the log states them.

        Example:
            >>> Batch(samples=16, sample_tokens=2048).counts(steps=10)
            {'steps': 10, 'samples': 160, 'tokens': 327680}
        """
        if samples is None and self.samples is not None:
            samples = steps * self.samples
        tokens = None
        if samples is not None and self.sample_tokens is not None:
            tokens = samples * self.sample_tokens
        elif self.step_tokens is not None:
            tokens = steps * self.step_tokens
        counts = {"steps": steps, "samples": samples, "tokens": tokens}
        return {name: count for name, count in counts.items() if count is not None}

    def starts(self, *, steps: float, samples: float | None = None) -> dict[str, float]:
        """Return the same counts as those of the checkpoint from which the training resumed, 0 if it began anew."""
        return {f"start_{name}": count for name, count in self.counts(steps=steps, samples=samples).items()}


_FLOP_PER_TFLOP = 1e12


class LogReader(Protocol):
    """Reads the lines of one log, in their order."""

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what *line* reports, by the names of :data:`traincarbon.tracking.reports.FIELDS`; None if that is nothing."""
        ...


def flop_per_s_after(pattern: "re.Pattern[str]", line: str) -> float | None:
    r"""Return the FLOP/s that the first group of *pattern* states in TFLOP/s, None without a number.

    Example:
        >>> flop_per_s_after(re.compile(r"tflops: (\S+)"), "tflops: 312.5")
        312500000000000.0
    """
    tflop_per_s = number_after(pattern, line)
    return None if tflop_per_s is None else tflop_per_s * _FLOP_PER_TFLOP


def number_after(pattern: "re.Pattern[str]", line: str) -> float | None:
    r"""Return the number in the first group of *pattern* in *line*, with commas between thousands or not; None without one.

    Example:
        >>> number_after(re.compile(r"tps: (\S+)"), "tps: 5,123"), number_after(re.compile(r"loss: (\S+)"), "loss: n/a")
        (5123.0, None)
    """
    found = pattern.search(line)
    if found is None:
        return None
    try:
        return float(found[1].replace(",", ""))
    except ValueError:
        return None
