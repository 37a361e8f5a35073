"""What the metering process says: notes in the journal, messages to the user, and the live state, to the display process or to the owner."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import Note
from traincarbon.tracking.sidecar.member import Member
from traincarbon.tracking.sidecar.members import Members

if TYPE_CHECKING:
    from traincarbon.tracking.display.display_process import DisplayProcess

_MOST_NOTES = 500


class Announcements:
    """Says each thing once.

    Args:
        members: The members of the run; the owner of the first that is still there shows it.
        display: The process that shows the run instead of its owner, None if there is none.
        keep: What keeps a note in the journal and the live state.

    Attributes:
        waiting: Notes that are kept at the next :meth:`keep_waiting`.
    """

    def __init__(self, members: Members, *, display: "DisplayProcess | None", keep: Callable[[str], None]) -> None:
        self.waiting: list[str] = []
        self._members = members
        self._first = members.present[0]
        self._display = display
        self._keep = keep
        self._kept: set[str] = set()

    def keep_waiting(self) -> None:
        """Keep the notes that wait, those of the members among them."""
        for member in self._members.present:
            self.waiting += member.notes
            member.notes.clear()
        for text in dict.fromkeys(self.waiting):
            self._note(text)
        self.waiting.clear()

    def announce(self, text: str) -> None:
        """Note something, and send it to the user now."""
        self._note(text)
        self.show(Note(text))

    def show(self, message: LiveState | Note) -> None:
        """Send *message* to what shows the run: the display process, else the owner."""
        if self.is_shown() and self._display is not None:
            self._display.send(message)
        else:
            self._shown.channel.send(message)

    def is_shown(self) -> bool:
        """Return whether anybody shows the live state: the display process, or the supervisor of a command."""
        if self._display is not None and self._display.has_ended:
            self.close_display()
        return self._display is not None or not (self._shown.channel.ended or self._shown.is_in_process)

    def close_display(self) -> None:
        """End the display process, so that the terminal is its owner's again."""
        if self._display is not None:
            self._display.close()
            self._display = None

    @property
    def _shown(self) -> Member:
        """The member whose owner shows the run: the first that is still there."""
        return next(iter(self._members.present), self._first)

    def _note(self, text: str) -> None:
        if text not in self._kept and len(self._kept) < _MOST_NOTES:
            self._kept.add(text)
            self._keep(text)
