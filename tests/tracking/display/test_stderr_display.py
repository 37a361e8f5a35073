"""Messages and states on stderr, or on a stream that fails."""

from io import StringIO

from traincarbon.tracking.display.stderr_display import StderrDisplay
from traincarbon.tracking.live_state import LiveState

STATE = LiveState("r", elapsed_s=61.0, metered_kwh=1.0)


def test_a_message_is_a_line_without_what_could_drive_the_terminal():
    stream = StringIO()
    StderrDisplay(stream).print("now\x1b[31m")
    assert stream.getvalue().startswith("carbon: now")
    assert "\x1b" not in stream.getvalue()


def test_quiet_shows_nothing():
    stream = StringIO()
    display = StderrDisplay(stream, quiet=True)
    display.print("a")
    assert (display.show(STATE), display.hide()) == (b"", b"")
    display.close()
    assert stream.getvalue() == ""


def test_a_stream_that_is_gone_or_closed_harms_nothing():
    closed = StringIO()
    closed.close()
    for stream in (None, closed):
        display = StderrDisplay(stream)
        display.print("a")
        assert display.hide() == b""
        assert display.show(STATE) == b""
        display.close()
