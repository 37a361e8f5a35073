"""What a supervisor asks of the display of a run."""

from typing import Protocol

from traincarbon.tracking.live_state import LiveState


class Display(Protocol):
    """What the user sees of the tracker while the command runs."""

    def print(self, text: str, *, even_if_quiet: bool = False) -> None:
        """Print a message in a line of its own."""
        ...

    def show(self, state: LiveState) -> bytes:
        """Show a state, and return the escape sequence that would restore the terminal on stderr."""
        ...

    def hide(self) -> bytes:
        """Hide the state until the next one, and return what :meth:`show` returns."""
        ...
