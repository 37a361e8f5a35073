"""A terminal for tests: a real pty whose other end is an emulator, so that the screen can be read."""

import os
import termios
from itertools import count

import pyte


class VirtualTerminal:
    """A screen of some columns and rows behind a pty; whatever writes to ``stream`` is shown on it."""

    def __init__(self, columns=80, rows=24):
        self.master, slave = os.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8", buffering=1)
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._emulator = pyte.ByteStream(self.screen)
        self._marks = count()
        self.resize(columns, rows)

    def resize(self, columns, rows):
        self.sync()
        termios.tcsetwinsize(self.stream.fileno(), (rows, columns))
        self.screen.resize(rows, columns)

    def write(self, text):
        """Write as a program does that knows nothing of us."""
        os.write(self.stream.fileno(), text.encode())
        self.sync()

    def sync(self):
        """Let the emulator read all that was written: up to a mark that no screen shows."""
        mark = f"\x1b]0;mark {next(self._marks)}\x07".encode()
        os.write(self.stream.fileno(), mark)
        data = b""
        while mark not in data:
            data += os.read(self.master, 65536)
        self._emulator.feed(data.replace(mark, b""))

    @property
    def display(self):
        self.sync()
        return [line.rstrip() for line in self.screen.display]

    @property
    def cursor(self):
        self.sync()
        return self.screen.cursor.y, self.screen.cursor.x

    def transcript(self, *, without=0):
        """All lines that were ever shown, scrolled off or not, but the bottom ones that are not the program's."""
        self.sync()
        off = ["".join(line[column].data for column in range(self.screen.columns)).rstrip() for line in self.screen.history.top]
        return [line for line in [*off, *self.display[: self.screen.lines - without]] if line]

    def close(self):
        self.stream.close()
        os.close(self.master)
