"""Whole servers through their management controller: the power of IPMI DCMI, read with ``ipmitool``."""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from traincarbon.meters.base import Meter, Reading, SensorMeter, Unavailable
from traincarbon.meters.power import PowerIntegral
from traincarbon.quantities import EnergySource, Part

if TYPE_CHECKING:
    import subprocess

_INTERVAL_S = 5.0
"""A query costs a process and some milliseconds, and controllers average over a second or more anyway."""
_PATIENCE_S = 20.0
_FIRST_PATIENCE_S = 2.0
"""Opening the meter waits for the first answer; a healthy controller answers in a fraction of this."""
_HELD_S = 10.0
"""An answer is taken to hold for this long, so that the time since the last answer counts too."""
_KILLED_S = 0.5
_POWER = re.compile(r"Instantaneous power reading:\s+(\d+)\s+Watts")
_UNKNOWN_W = 65535
"""Unknown, as 16 ones; 0 means the same."""
_DEVICES = ("/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0")


class IpmiMeter(SensorMeter):
    """Queries the controller without waiting: one read starts the query, a later one takes the answer."""

    name = "ipmi"

    def __init__(self, command: Sequence[str], first_w: float, *, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.max_interval_s = 1.0
        self._command = command
        self._integral = PowerIntegral()
        self._integral.add(first_w, time_s=clock())
        self._asked_s = self._last_s = clock()
        self._asked: subprocess.Popen[bytes] | None = None
        self._energy_j = 0.0
        self._last = (self._reading(self._last_s),)

    def _read(self) -> Iterable[Reading]:
        now = self._clock()
        if self._asked is not None:
            self._take_answer(self._asked, now)
        elif now - self._asked_s >= _INTERVAL_S:
            self._ask(now)
        return (self._reading(now),)

    def close(self) -> None:
        """Stop. A query that is running is dropped."""
        super().close()
        if self._asked is not None:
            _drop(self._asked)
            self._asked = None

    def _reading(self, now: float) -> Reading:
        power_w = self._integral.power_w
        held_j = 0.0 if power_w is None else power_w * min(now - self._last_s, _HELD_S)
        self._energy_j = max(self._energy_j, self._integral.energy_j + held_j)
        return Reading("server:0", Part.SERVER, self._energy_j, now, EnergySource.POWER, power_w, gap_s=self._integral.gap_s(now_s=now))

    def _ask(self, now: float) -> None:
        self._asked_s = now
        try:
            self._asked = _start(self._command)
        except OSError as error:
            self._fail(str(error))

    def _take_answer(self, asked: "subprocess.Popen[bytes]", now: float) -> None:
        if asked.poll() is None:
            if now - self._asked_s >= _PATIENCE_S:
                asked.kill()  # one that hangs in the kernel ends when it can, and no other is asked before
                self._fail("its controller does not answer any more")
            return
        self._asked = None
        power_w = parsed(_output(asked))
        if power_w is None:
            self._fail("its controller gives no power any more")
            return
        odd = self._integral.add(power_w, time_s=self._asked_s)
        self._last_s = self._asked_s
        if odd:
            self.notes.append(f"server:0: {odd}")

    def _fail(self, what: str) -> None:
        if self._integral.power_w is not None:
            self.notes.append(f"server:0: {what}: its energy stands still")
        self._integral.forget()


def probe(*, command: Sequence[str] | None = None, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter that queries with *command* (default ``ipmitool dcmi power reading``), or the reason why there is none."""
    if command is None:
        found = next((device for device in _DEVICES if os.path.exists(device)), None)
        if found is None:
            return Unavailable("ipmi", "no management controller: /dev/ipmi0 does not exist", "on servers that have one: sudo modprobe ipmi_devintf ipmi_si")
        import shutil

        tool = shutil.which("ipmitool")
        if tool is None:
            return Unavailable("ipmi", "ipmitool is not installed", "sudo apt install ipmitool")
        if not os.access(found, os.R_OK | os.W_OK):
            return Unavailable("ipmi", f"no permission to use {found}", f"sudo chmod a+rw {found}")
        command = (tool, "dcmi", "power", "reading")
    import subprocess

    remedy = "try: sudo ipmitool dcmi power reading"
    try:
        asked = _start(command)
    except OSError as error:
        return Unavailable("ipmi", f"the management controller does not answer: {error}", remedy)
    try:
        asked.wait(_FIRST_PATIENCE_S)
    except subprocess.TimeoutExpired:
        _drop(asked)
        return Unavailable("ipmi", f"the management controller does not answer within {_FIRST_PATIENCE_S:g} s", remedy)
    answer = _output(asked)
    power_w = parsed(answer)
    if power_w is None:
        return Unavailable("ipmi", f"the management controller states no power: {(answer.strip() or 'nothing').splitlines()[0][:80]}", remedy)
    return IpmiMeter(command, power_w, clock=clock)


def parsed(answer: str) -> float | None:
    """Return the watts in the output of ``ipmitool dcmi power reading``, None if it states none or the value for unknown.

    Example:
        >>> parsed("    Instantaneous power reading:                   288 Watts")
        288.0
    """
    found = _POWER.search(answer)
    return float(found[1]) if found and 0 < int(found[1]) < _UNKNOWN_W and "deactivated" not in answer else None


def _start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a query."""
    import subprocess

    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603  a command of ours


def _output(asked: "subprocess.Popen[bytes]") -> str:
    """Return the output of a query that has ended, without waiting for other processes that may hold it open."""
    if asked.stdout is None:
        return ""
    os.set_blocking(asked.stdout.fileno(), False)
    with asked.stdout as stream:
        return (stream.read() or b"").decode("utf-8", "replace")


def _drop(asked: "subprocess.Popen[bytes]") -> None:
    """Kill a query, and wait only a moment for one that hangs in the kernel."""
    import subprocess

    asked.kill()
    _output(asked)
    with suppress(subprocess.TimeoutExpired):
        asked.wait(_KILLED_S)
