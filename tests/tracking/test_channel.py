"""Messages arrive whole and in order, or not at all, and nobody waits for them."""

import json
import os
import subprocess
import sys

import pytest

from traincarbon.tracking.channel import Wire


@pytest.fixture
def ends():
    """Both sides of a connection."""
    to_one, from_other = os.pipe()
    to_other, from_one = os.pipe()
    one, other = Wire(to_one, from_one), Wire(to_other, from_other)
    yield one, other
    one.close()
    other.close()


@pytest.fixture
def raw():
    """A side that reads, and the descriptor that writes to it."""
    reads, writes = os.pipe()
    nowhere, out = os.pipe()
    wire = Wire(reads, out)
    yield wire, writes
    wire.close()
    os.close(nowhere)


def fill(wire):
    """Fill the pipe; return how many messages went."""
    sent = 0
    while wire.send("state", number=sent, text="x" * 3000):
        sent += 1
    return sent


def test_messages_arrive_in_order_with_all_their_fields(ends):
    one, other = ends
    assert all(one.send("note", number=number, text="é\n\0") for number in range(100))
    assert other.receive() == [{"kind": "note", "number": number, "text": "é\n\0"} for number in range(100)]
    assert other.receive() == []
    assert not other.ended


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_messages_arrive_however_they_are_cut(raw, size):
    wire, writes = raw
    messages = [{"kind": "state", "value": value} for value in (1, "zwei", None)]
    data = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    received = []
    for start in range(0, len(data), size):
        os.write(writes, data[start : start + size])
        received += wire.receive()
    os.close(writes)
    assert received == messages


@pytest.mark.parametrize("line", [b"", b"null", b"[1]", b"7", b'{"no": "kind"}', b"\xff\xfe", b'{"kind": ', b"[" * 100_000, b"\0" * 5])
def test_what_is_no_message_is_passed_over(raw, line):
    wire, writes = raw
    os.set_blocking(writes, False)
    view = memoryview(line + b'\n{"kind": "note"}\n')
    received = []
    while view:
        view = view[os.write(writes, view[:4096]) :]
        received += wire.receive()
    os.close(writes)
    assert received == [{"kind": "note"}]


def test_a_line_without_end_is_not_kept_in_memory(raw):
    wire, writes = raw
    for _ in range(100):
        os.write(writes, b"x" * 60_000)
        assert wire.receive() == []
    assert len(wire._received) < 5_000_000
    os.write(writes, b'\n{"kind": "note"}\n')
    assert wire.receive() == [{"kind": "note"}]
    os.close(writes)


def test_a_full_pipe_drops_whole_messages_only(ends):
    one, other = ends
    sent = fill(one)
    assert not one.send("state", number=-1, text="x" * 3000)
    received = []
    while messages := other.receive():
        received += messages
        one.flush(wait_s=0.0)
    assert [message["number"] for message in received] == list(range(sent))
    assert one.send("note", number=7)
    assert other.receive() == [{"kind": "note", "number": 7}]


def test_what_has_to_arrive_waits_for_room_and_keeps_its_order(ends):
    one, other = ends
    sent = fill(one)
    one.send("undo", keep=True, number=sent)
    one.send("final", keep=True, number=sent + 1, text="y" * 200_000)
    received = []
    while not received or received[-1]["kind"] != "final":
        received += other.receive()
        one.receive()  # looks for room, too
    assert [message["number"] for message in received] == list(range(sent + 2))


def test_flush_waits_for_room_and_says_where_there_was_none(ends):
    one, other = ends
    one.send("settings", keep=True, text="x" * 100_000)
    assert not one.flush(wait_s=0.01)
    other.receive()
    assert one.flush(wait_s=5.0)
    assert len(other.receive()[0]["text"]) == 100_000


def test_the_other_side_hanging_up_is_seen_after_its_last_words(ends):
    one, other = ends
    one.send("final")
    one.close()
    other.wait(wait_s=5.0)
    assert other.receive() == [{"kind": "final"}]
    assert other.ended
    other.send("note")
    assert other.flush(wait_s=0.0)


def test_a_side_that_hung_up_neither_sends_nor_receives(ends):
    one, _ = ends
    one.close()
    one.close()
    one.send("note")
    assert one.receive() == []
    assert one.ended


def test_what_is_put_back_comes_first_and_once(ends):
    one, other = ends
    one.send("note", number=2)
    other.put_back([{"kind": "note", "number": 1}])
    assert [message["number"] for message in other.receive()] == [1, 2]
    assert other.receive() == []


def test_a_gone_reader_does_not_end_a_process_that_lets_broken_pipes_end_it():
    code = (
        "import os, signal\n"
        "from traincarbon.tracking.channel import Wire\n"
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "(reads, far), (near, writes) = os.pipe(), os.pipe()\n"
        "wire = Wire(reads, writes)\n"
        "os.close(near)\n"
        "wire.send('ended')\n"
        "assert signal.SIGPIPE not in signal.pthread_sigmask(signal.SIG_BLOCK, ())\n"
        "print('alive')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("alive\n", "", 0)


def test_an_end_that_somebody_else_closed_is_lost_and_the_file_that_bears_its_number_is_left_alone(ends, tmp_path):
    one, _ = ends
    assert not one.lost
    numbers = (one._reads, one._writes)
    for descriptor in numbers:
        os.close(descriptor)
    assert one.lost
    files = [os.open(tmp_path / str(place), os.O_RDWR | os.O_CREAT) for place in range(2)]
    assert set(files) == set(numbers)
    assert one.lost
    one.send("ended", keep=True)
    assert one.flush(wait_s=1.0)
    assert one.receive() == []
    assert one.ended
    one.close()
    assert [os.fstat(descriptor).st_size for descriptor in files] == [0, 0]
    for descriptor in files:
        os.close(descriptor)
