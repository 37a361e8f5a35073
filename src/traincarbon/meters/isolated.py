"""A meter in a process of its own, so that a library that crashes, ends the process or never returns costs its own devices only."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from traincarbon.blocked_signals import signals_blocked
from traincarbon.import_path import import_path
from traincarbon.meters.base import Meter, Reading, Unavailable
from traincarbon.quantities import EnergySource, Part

if TYPE_CHECKING:
    import subprocess

_MAIN = "import sys; sys.path[:] = sys.argv[2:]; from traincarbon.meters.isolated import serve; serve(sys.argv[1])"
_FIRST_RETRY_S, _LAST_RETRY_S, _MOST_RETRIES = 1.0, 30.0, 6
_PARENT_S = 2.0
"""Between two checks whether the parent lives."""
_PIPE, _NOTHING = -1, -3
"""``subprocess.PIPE`` and ``DEVNULL``, which is imported late."""
_READ, _FIELDS = b"read\n", ("max_interval_s", "names", "covers", "unread", "assumed", "order", "hidden", "users")


class IsolatedMeter(Meter):
    """The meter *name*, opened in another process. Reading it waits for that process, so it belongs into a thread.

    A process that ends is replaced after 1, 2, 4 … 30 s, a few times. Counters that go on meanwhile tell what was used in between.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: list[str] = []
        self.names: Mapping[str, str] = {}
        self.max_interval_s = 1.0
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._last: dict[str, Reading] = {}
        self._earlier_j: dict[str, float] = {}
        """Device to what earlier processes counted, and what its counter rose by between them."""
        self._gap_s: dict[str, float] = {}
        """Device to the seconds between processes that no counter covers, and those that earlier processes did not count."""
        self._retry_s, self._wait_s, self._left = 0.0, _FIRST_RETRY_S, _MOST_RETRIES

    def open(self) -> Meter | Unavailable:
        """Start the process and open the meter in it."""
        import subprocess

        self._end()
        arguments = [sys.executable, "-I", "-S", "-c", _MAIN, self.name, *import_path()]
        try:
            process = self._process = subprocess.Popen(arguments, stdin=_PIPE, stdout=_PIPE, stderr=_NOTHING, start_new_session=True)  # noqa: S603  our own
        except OSError as error:
            return Unavailable(self.name, f"its process cannot be started: {error}", "is the limit of processes reached?", may_answer_later=True)
        try:
            stated = _next(process)
        except ChildProcessError as error:
            self._end()
            self._left -= 1
            may_answer_later = self._left > 0 and not self._ended
            hint = "is its library that of the driver? carbon doctor shows the other meters"
            reason = f"its library ends the process that opens it ({error})"
            return Unavailable(self.name, reason, hint, is_there=True, may_answer_later=may_answer_later)
        unavailable = stated.get("unavailable")
        if unavailable is not None:
            self._end()
            return Unavailable(*unavailable)
        self._take(stated, is_first=True)
        return self

    def read(self) -> tuple[Reading, ...]:
        """Return the readings of the other process, the last ones while there is none."""
        process = self._process
        if process is None:
            self._try_again()
        elif process.stdin is not None:
            try:
                process.stdin.write(_READ)
                process.stdin.flush()
                self._take(_next(process))
            except OSError as error:
                self._lose(str(error) if isinstance(error, ChildProcessError) else _ending(process))
        return tuple(self._last.values())

    def close(self) -> None:
        """End the other process, for good."""
        self._ended = True
        self._end()

    def kill(self) -> None:
        """End the other process, for good; it is safe while another thread waits for its answer, which then ends."""
        self._ended = True
        if self._process is not None:
            _kill(self._process)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _kill(process)
            _ending(process)
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    if stream is not None:
                        stream.close()

    def _lose(self, how: str) -> None:
        self._left -= 1
        self.notes.append(f"{self.name}: its library ended the process that read it ({how}): its energy stands still")
        self._end()
        self._retry_s, self._wait_s = time.monotonic() + self._wait_s, min(2.0 * self._wait_s, _LAST_RETRY_S)

    def _try_again(self) -> None:
        if self._ended or not self._left or time.monotonic() < self._retry_s:
            return
        if isinstance(self.open(), Unavailable):
            self._retry_s, self._wait_s = time.monotonic() + self._wait_s, min(2.0 * self._wait_s, _LAST_RETRY_S)
        else:
            self.notes.append(f"{self.name}: is read again, in another process")

    def _take(self, stated: dict[str, Any], *, is_first: bool = False) -> None:
        for name in _FIELDS:
            value = stated[name]
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        self.notes += stated["notes"]
        for reading in (_reading(each) for each in stated["readings"]):
            last = self._last.get(reading.device)
            if is_first and last is not None:
                rose_j = reading.counter_j - last.counter_j if reading.counter_j is not None and last.counter_j is not None else -1.0
                self._earlier_j[reading.device] = last.energy_j - reading.energy_j + max(rose_j, 0.0)
                self._gap_s[reading.device] = last.gap_s + (reading.time_s - last.time_s if rose_j < 0.0 else 0.0)
            earlier_j, gap_s = self._earlier_j.get(reading.device, 0.0), self._gap_s.get(reading.device, 0.0)
            self._last[reading.device] = reading._replace(energy_j=reading.energy_j + earlier_j, gap_s=reading.gap_s + gap_s)


def _reading(stated: list[Any]) -> Reading:
    reading = Reading(*stated)
    return reading._replace(part=Part(reading.part), how=EnergySource(reading.how))


def _next(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Return the next line of the other process.

    Raises:
        ChildProcessError: it has ended.
    """
    line = process.stdout.readline() if process.stdout is not None else b""
    if not line.endswith(b"\n"):
        raise ChildProcessError(_ending(process))
    stated: dict[str, Any] = json.loads(line)
    return stated


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its children, which may hold its pipes open."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _ending(process: "subprocess.Popen[bytes]") -> str:
    """Return how a process has ended, in words."""
    import subprocess

    try:
        code = process.wait(1.0)
    except subprocess.TimeoutExpired:
        return "it closed its output"
    names = {each.value: each.name for each in signal.Signals}
    return names.get(-code, f"signal {-code}") if code < 0 else f"exit code {code}"


def serve(name: str) -> None:
    """Open the meter *name*, write its first readings to stdout, and more for each line on stdin, until stdin ends."""
    from traincarbon.meters.registry import probed_here

    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the thread that started this process takes no signals, and it has its mask
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with signals_blocked():
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    writes = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the library prints is no answer
    with os.fdopen(writes, "w", encoding="utf-8") as output:
        _answer(output, lambda: probed_here(name), sys.stdin.buffer)


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has ended, even while the library hangs."""
    while os.getppid() == parent:
        time.sleep(_PARENT_S)
    os._exit(0)


def _answer(output: IO[str], probe: Callable[[], Meter | Unavailable], asked: Iterable[bytes]) -> None:
    meter = probe()
    if isinstance(meter, Unavailable):
        print(json.dumps({"unavailable": meter}), file=output, flush=True)
        return
    print(_line(meter), file=output, flush=True)
    for _ in asked:
        print(_line(meter), file=output, flush=True)
    meter.close()


def _line(meter: Meter) -> str:
    readings = meter.read()
    stated = {name: dict(value) if hasattr(value := getattr(meter, name), "keys") else value for name in _FIELDS}
    notes = list(meter.notes)
    meter.notes.clear()
    return json.dumps({"readings": readings, "notes": notes, **stated})
