"""Count the tokens and samples of the batches that a Trainer of Hugging Face trains on, where it hands them to its step: no collective, no wait for a GPU."""

import sys
from collections.abc import Callable
from typing import Any

from traincarbon.frameworks.batch_counts import BatchCounts
from traincarbon.frameworks.lengths import TOKENS
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


class BatchCounter(BatchCounts):
    """What the batches of this rank held so far, counted where a Trainer hands them to its step.

    Args:
        name: The key of the tokens in a batch.
        first: What takes the first batch before the step on it.
        failed: What takes note of a step that raised.
        say: What takes a note for the user.
    """

    def __init__(self, *, name: str = TOKENS, first: Callable[[object], None], failed: Callable[[], object], say: Callable[[str], object]) -> None:
        super().__init__(name=name, say=say)
        self._first, self._failed = first, failed
        self._override: Override | None = None
        self._has_begun = False

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
        self.add(inputs)
        try:
            return step(model, inputs, *rest, **options)
        except BaseException:
            self._failed()
            raise
