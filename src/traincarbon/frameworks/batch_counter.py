"""Count the tokens and samples of the batches that a Trainer of Hugging Face trains on, where it hands them to its step: no collective, no wait for a GPU."""

import sys
from collections.abc import Callable
from typing import Any

from traincarbon.frameworks.lengths import TOKENS, size_of
from traincarbon.frameworks.override import Override

_STEP = "training_step"
_MOST_FRAMES = 12


def trainer_of(callback: object) -> object | None:
    """Return the Trainer that is calling *callback* now, as Trainers do not pass themselves on; None where it cannot be found."""
    frame = sys._getframe(1)  # noqa: SLF001  there is no other way to it
    for _ in range(_MOST_FRAMES):
        found = frame.f_locals.get("self")
        callbacks = getattr(getattr(found, "callback_handler", None), "callbacks", None)
        if isinstance(callbacks, list) and any(each is callback for each in callbacks):
            return found
        if frame.f_back is None:
            break
        frame = frame.f_back
    return None


class BatchCounter:
    """What the batches of this rank held so far.

    Args:
        name: The key of the tokens in a batch.
        first: What takes the first batch before the step on it.
        failed: What takes note of a step that raised.

    Attributes:
        tokens: Tokens of all batches, padding included; None if a batch had none. [1]
        samples: Samples of all batches; None where they are not known. [1]
    """

    def __init__(self, *, name: str = TOKENS, first: Callable[[object], None], failed: Callable[[], object]) -> None:
        self._name, self._first, self._failed = name, first, failed
        self._override: Override | None = None
        self._has_begun = False
        self.tokens: int | None = 0
        self.samples: int | None = 0

    def attach(self, trainer: object) -> bool:
        """Count what *trainer* trains on from now on; return whether it has a step to count at."""
        self._override = Override(trainer, _STEP, self._counted)
        return self._override.is_done

    def detach(self) -> None:
        """Leave the Trainer as it was; safe to call twice."""
        if self._override is not None:
            self._override.undo()

    def _counted(self, step: Callable[..., Any], model: object, inputs: object, *rest: Any, **options: Any) -> Any:
        if not self._has_begun:
            self._has_begun = True
            self._first(inputs)
        self._add(inputs)
        try:
            return step(model, inputs, *rest, **options)
        except BaseException:
            self._failed()
            raise

    def _add(self, inputs: object) -> None:
        tokens, samples = size_of(inputs, name=self._name)
        self.tokens = None if tokens is None or self.tokens is None else self.tokens + tokens
        self.samples = None if samples is None or self.samples is None else self.samples + samples
