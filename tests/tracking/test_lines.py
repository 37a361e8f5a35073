"""Lines of a stream that is read in pieces."""

from traincarbon.tracking.lines import Splitter


def test_a_line_that_never_ends_takes_no_memory():
    splitter = Splitter(longest=10)
    for _ in range(1000):
        assert list(splitter.feed(b"x" * 1000)) == []
    assert list(splitter.feed(b"y\nz\n")) == [b"x" * 10, b"z"]


def test_lines_are_the_same_however_the_stream_is_cut():
    stream = b"one\rtwo\n\nthree\n"
    for cut in range(len(stream)):
        splitter = Splitter(longest=10, separators=b"\r")
        assert [*splitter.feed(stream[:cut]), *splitter.feed(stream[cut:])] == [b"one", b"two", b"three"]
