"""The live view is a panel if the terminal allows it, else a line a minute, and never an error."""

import io
import subprocess
import sys

import pytest

from made_states import interval, state
from traincarbon.tracking.display.live import Lines, NoView, Panel, line, live
from traincarbon.tracking.live_state import BudgetState, LiveState
from virtual_terminal import VirtualTerminal

GOLDEN = "carbon 0:12:03 · budget 31 % of $10 · 34 % · 23 min left · 5.61 kW · CO2e 405 g"


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    opened = VirtualTerminal()
    yield opened
    opened.close()


def test_a_panel_stands_below_the_output_and_goes_without_a_trace(terminal):
    pytest.importorskip("rich", reason="rich is not installed")
    panel = live(terminal.stream)
    for step in range(30):
        terminal.write(f"step {step}\n")
        panel.show(state(elapsed_s=700.0 + step))
    assert terminal.display[16].startswith("── 20261124-163653-837566 · nlp ─")
    assert terminal.display[-1] == "note     gpu 3 was lost for 12 s"
    assert terminal.transcript(without=8) == [f"step {step}" for step in range(30)]
    panel.close()
    panel.show(state())
    panel.close()
    assert terminal.transcript() == [f"step {step}" for step in range(30)]
    assert terminal.screen.margins is None


def test_a_panel_hides_and_comes_back(terminal):
    panel = Panel(terminal.stream)
    panel.show(state())
    panel.hide()
    assert not any(terminal.display)
    panel.show(state())
    assert terminal.display[-1].startswith("note")
    assert panel.undo()


def test_a_terminal_made_too_small_is_given_all_of_its_rows_and_a_low_one_most(terminal):
    panel = Panel(terminal.stream)
    panel.show(state())
    terminal.resize(80, 12)
    panel.show(state())
    assert [row[:8].strip() for row in terminal.display[-4:]] == ["── 20261", "so far", "training", "budget"]
    assert terminal.screen.margins.bottom == 7
    terminal.resize(80, 8)
    panel.show(state())
    assert not any(terminal.display)
    assert terminal.screen.margins is None


def test_colours_are_left_out_where_they_are_not_wanted(terminal, monkeypatch):
    coloured = "\n".join(Panel(terminal.stream).render(state(), width=79))
    monkeypatch.setenv("NO_COLOR", "1")
    plain = "\n".join(Panel(terminal.stream).render(state(), width=79))
    assert "\x1b[32m" in coloured
    assert not [code for code in ("\x1b[32m", "\x1b[33m", "\x1b[36m") if code in plain]


def test_a_terminal_that_knows_only_ascii_gets_only_that(terminal):
    with open(terminal.stream.fileno(), "w", encoding="ascii", closefd=False) as stream:
        shown = Panel(stream).render(state(), width=79)
    assert "".join(shown).isascii()
    assert "###" in shown[4]


def test_whether_there_is_a_panel_depends_on_the_terminal_and_on_rich(terminal, monkeypatch):
    assert isinstance(live(terminal.stream, quiet=True), NoView)
    assert isinstance(live(io.StringIO()), Lines)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert isinstance(live(terminal.stream), Lines)
    monkeypatch.undo()
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(live(terminal.stream), Lines)


def test_a_line_is_written_each_minute_of_the_run_and_notes_once():
    stream = io.StringIO()
    lines = Lines(stream)
    for second in range(200):
        lines.show(state(elapsed_s=float(second), notes=("first",) if second < 100 else ("first", "second")))
    shown = stream.getvalue().splitlines()
    assert [each[:15] for each in shown] == ["carbon 0:01:00 ", "carbon: note: f", "carbon 0:02:00 ", "carbon: note: s", "carbon 0:03:00 "]


def test_after_a_suspension_one_line_is_written_not_all_that_were_missed():
    stream = io.StringIO()
    lines = Lines(stream)
    for second in (60.0, 61.0, 90_000.0, 90_001.0, 90_059.0, 90_060.0):
        lines.show(state(elapsed_s=second, notes=()))
    assert len(stream.getvalue().splitlines()) == 3


def test_a_line_says_what_matters_most_in_eighty_columns():
    assert line(state()) == GOLDEN
    assert line(LiveState("r")) == "carbon –"
    long = line(state(budgets=(BudgetState("kwh", 10.0, 9.0, interval(9.0)),) * 9))
    assert len(long) <= 80


class Broken(io.StringIO):
    def write(self, _):
        raise BrokenPipeError(32, "Broken pipe")


def test_a_line_names_the_phase_and_idle_gpus():
    shown = line(state(phase="eval", idle_gpus=1, budgets=()))
    assert shown.startswith("carbon 0:12:03 · 1 of 8 GPUs idle · eval · 34 % · 23 min left · ")
    assert len(shown) <= 80


def test_a_stream_that_breaks_ends_the_lines_and_nothing_else():
    closed = io.StringIO()
    closed.close()
    for stream in (Broken(), closed):
        lines = Lines(stream)
        lines.show(state())
        lines.show(state(elapsed_s=5000.0))
        lines.close()


def test_lines_are_written_in_the_encoding_of_the_stream():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Lines(stream).show(state(notes=("漢",)))
    assert raw.getvalue().decode("ascii").splitlines() == [GOLDEN.replace("·", "|"), "carbon: note: ?"]


def test_lines_and_summary_import_neither_rich_nor_anything_heavy():
    code = "import sys, io; from traincarbon.tracking.display.live import live; import traincarbon.tracking.display.run_summary; "
    code += "from traincarbon.tracking.live_state import LiveState; live(io.StringIO()).show(LiveState('r', elapsed_s=60.0)); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"rich", "click", "numpy", "psutil", "sqlite3", "curses", "traincarbon.tracking.display.panel"} & set(done.stdout.split())
