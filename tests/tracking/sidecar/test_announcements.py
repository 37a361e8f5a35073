"""Each thing is said once, to what shows the run."""

from types import SimpleNamespace

import pytest

from traincarbon.tracking.messages import Note
from traincarbon.tracking.sidecar.announcements import Announcements


class Sink:
    """A channel or a display that keeps what it is sent."""

    def __init__(self, *, ended=False):
        self.sent, self.ended, self.has_ended, self.closed = [], ended, False, 0

    def send(self, message):
        self.sent.append(message)

    def close(self):
        self.closed += 1


def member(*notes, is_in_process=False, ended=False):
    return SimpleNamespace(notes=list(notes), channel=Sink(ended=ended), is_in_process=is_in_process)


@pytest.fixture
def kept():
    return []


def test_a_note_is_kept_once_however_often_and_by_whomever_it_is_said(kept):
    first, second = member("a", "b"), member("b", "c")
    said = Announcements(SimpleNamespace(present=[first, second]), display=None, keep=kept.append)
    said.waiting += ["b", "b"]
    said.keep_waiting()
    said.waiting.append("a")
    said.keep_waiting()
    assert kept == ["b", "a", "c"]
    assert said.waiting == first.notes == second.notes == []


def test_notes_end_before_a_journal_grows_without_bound(kept):
    said = Announcements(SimpleNamespace(present=[member()]), display=None, keep=kept.append)
    said.waiting += [str(number) for number in range(2000)]
    said.keep_waiting()
    assert len(kept) == 500


def test_the_owner_of_the_first_member_is_told_until_it_leaves(kept):
    first, second = member(), member()
    members = SimpleNamespace(present=[first, second])
    said = Announcements(members, display=None, keep=kept.append)
    said.announce("one")
    members.present = [second]
    said.announce("two")
    assert (first.channel.sent, second.channel.sent, kept) == ([Note("one")], [Note("two")], ["one", "two"])


def test_a_display_is_told_instead_until_it_has_ended(kept):
    first, display = member(), Sink()
    said = Announcements(SimpleNamespace(present=[first]), display=display, keep=kept.append)
    said.announce("one")
    display.has_ended = True
    said.announce("two")
    assert (display.sent, first.channel.sent, display.closed) == ([Note("one")], [Note("two")], 1)


@pytest.mark.parametrize(("owner", "is_shown"), [(member(), True), (member(ended=True), False), (member(is_in_process=True), False)])
def test_nobody_shows_a_run_in_process_or_without_a_supervisor(owner, is_shown, kept):
    said = Announcements(SimpleNamespace(present=[owner]), display=None, keep=kept.append)
    assert said.is_shown() is is_shown
