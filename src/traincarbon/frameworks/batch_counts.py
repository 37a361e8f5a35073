"""What the batches of a rank held so far, and a note where one cannot be counted."""

from collections.abc import Callable

from traincarbon.frameworks.lengths import TOKENS, size_of


class BatchCounts:
    """Adds up the batches of this rank.

    Args:
        name: The key of the tokens in a batch.
        say: What takes a note for the user.

    Attributes:
        tokens: Tokens of all batches, padding included; None once a batch had none. [1]
        samples: Samples of all batches; None once they are not known. [1]
    """

    def __init__(self, *, name: str = TOKENS, say: Callable[[str], object]) -> None:
        self._name, self._say = name, say
        self.tokens: int | None = 0
        self.samples: int | None = 0

    def add(self, batch: object) -> None:
        """Count a batch. Batches that never have tokens, as those of images, need no note; one without them among others does."""
        tokens, samples = size_of(batch, name=self._name)
        lost = [what for what, is_lost in (("tokens", tokens is None and self.tokens), ("samples", samples is None and self.samples is not None)) if is_lost]
        if lost:
            self._say(f"a batch cannot be counted, so the {' and '.join(lost)} of this training are unknown")
        self.tokens = None if tokens is None or self.tokens is None else self.tokens + tokens
        self.samples = None if samples is None or self.samples is None else self.samples + samples
