"""Messages arrive whole and in order, or not at all, and no sender waits."""

import os
import subprocess
import sys

import pytest

from made_states import state
from tracked import until
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.messages import Begun, Final, JobEnded, Note, TerminalUndo, to_line


@pytest.fixture
def ends():
    """Both sides of a connection."""
    to_one, from_other = os.pipe()
    to_other, from_one = os.pipe()
    one, other = Channel(to_one, from_one), Channel(to_other, from_other)
    yield one, other
    one.close()
    other.close()


@pytest.fixture
def raw():
    """A side that reads, and the descriptor that writes to it."""
    reads, writes = os.pipe()
    nowhere, out = os.pipe()
    channel = Channel(reads, out)
    yield channel, writes
    channel.close()
    os.close(nowhere)


def fill(channel):
    """Fill the pipe; return how many messages went."""
    sent = 0
    while channel.send(Note(f"{sent} {'x' * 3000}")):
        sent += 1
    return sent


def numbers(messages):
    """Return the numbers with which the texts of messages begin."""
    return [int(message.text.split()[0]) for message in messages]


def test_messages_arrive_in_order_with_all_their_fields(ends):
    one, other = ends
    messages = [Note(f"{number} é\n\0") for number in range(100)]
    assert all(one.send(message) for message in messages)
    assert other.receive() == messages
    assert other.receive() == []
    assert not other.ended


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_messages_arrive_however_they_are_cut(raw, size):
    channel, writes = raw
    messages = [Note("zwei"), JobEnded(2.5, exit_code=3), state()]
    data = b"".join(map(to_line, messages))
    received = []
    for start in range(0, len(data), size):
        os.write(writes, data[start : start + size])
        received += channel.receive()
    os.close(writes)
    assert received == messages


@pytest.mark.parametrize(
    "line", [b"", b"null", b"[1]", b"7", b'{"no": "kind"}', b'{"kind": "note"}', b'{"kind": "unknown"}', b"\xff\xfe", b'{"kind": ', b"[" * 100_000, b"\0" * 5]
)
def test_what_is_no_message_is_passed_over(raw, line):
    channel, writes = raw
    os.set_blocking(writes, False)
    view = memoryview(line + b'\n{"kind": "begun"}\n')
    received = []
    while view:
        view = view[os.write(writes, view[:4096]) :]
        received += channel.receive()
    os.close(writes)
    assert received == [Begun()]


def test_a_line_without_end_is_not_kept_in_memory(raw):
    channel, writes = raw
    for _ in range(100):
        os.write(writes, b"x" * 60_000)
        assert channel.receive() == []
    assert len(channel._received) < 5_000_000
    os.write(writes, b'\n{"kind": "begun"}\n')
    assert channel.receive() == [Begun()]
    os.close(writes)


def test_a_full_pipe_drops_whole_messages_only(ends):
    one, other = ends
    sent = fill(one)
    assert not one.send(Note(f"-1 {'x' * 3000}"))
    received = []
    while messages := other.receive():
        received += messages
        one.flush(wait_s=0.0)
    assert numbers(received) == list(range(sent))
    assert one.send(Note("7"))
    assert other.receive() == [Note("7")]


def test_what_has_to_arrive_waits_for_room_and_keeps_its_order(ends):
    one, other = ends
    sent = fill(one)
    one.send(TerminalUndo("/dev/pts/3", str(sent)), keep=True)
    one.send(Note(f"{sent + 1} {'y' * 200_000}"), keep=True)
    one.send(Final(), keep=True)
    received = []

    def has_all_arrived():
        received.extend(other.receive())
        one.receive()  # looks for room, too
        return Final() in received

    assert until(has_all_arrived, seconds=60.0)
    assert numbers(received[:-1]) == list(range(sent + 2))


def test_flush_waits_for_room_and_says_where_there_was_none(ends):
    one, other = ends
    one.send(Note("x" * 100_000), keep=True)
    assert not one.flush(wait_s=0.01)
    other.receive()
    assert one.flush(wait_s=5.0)
    assert len(other.receive()[0].text) == 100_000


def test_the_other_side_hanging_up_is_seen_after_its_last_words(ends):
    one, other = ends
    one.send(Final())
    one.close()
    other.wait(wait_s=5.0)
    assert other.receive() == [Final()]
    assert other.ended
    other.send(Note("x"))
    assert other.flush(wait_s=0.0)


def test_a_side_that_hung_up_neither_sends_nor_receives(ends):
    one, _ = ends
    one.close()
    one.close()
    one.send(Note("x"))
    assert one.receive() == []
    assert one.ended


def test_what_is_put_back_comes_first_and_once(ends):
    one, other = ends
    one.send(Note("2"))
    other.put_back([Note("1")])
    assert numbers(other.receive()) == [1, 2]
    assert other.receive() == []


def test_a_gone_reader_does_not_end_a_process_that_lets_broken_pipes_end_it():
    code = (
        "import os, signal\n"
        "from traincarbon.tracking.channel import Channel\n"
        "from traincarbon.tracking.messages import Begun\n"
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "(reads, far), (near, writes) = os.pipe(), os.pipe()\n"
        "channel = Channel(reads, writes)\n"
        "os.close(near)\n"
        "channel.send(Begun())\n"
        "assert signal.SIGPIPE not in signal.pthread_sigmask(signal.SIG_BLOCK, ())\n"
        "print('alive')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("alive\n", "", 0)


def test_a_later_file_with_the_number_of_a_closed_end_is_left_alone(ends, tmp_path):
    one, _ = ends
    assert not one.lost
    numbers = (one._reads, one._writes)
    for descriptor in numbers:
        os.close(descriptor)
    assert one.lost
    files = [os.open(tmp_path / str(place), os.O_RDWR | os.O_CREAT) for place in range(2)]
    assert set(files) == set(numbers)
    assert one.lost
    one.send(JobEnded(1.0), keep=True)
    assert one.flush(wait_s=1.0)
    assert one.receive() == []
    assert one.ended
    one.close()
    assert [os.fstat(descriptor).st_size for descriptor in files] == [0, 0]
    for descriptor in files:
        os.close(descriptor)
