"""Whole servers through their management controller: the power that IPMI DCMI reports, by ``ipmitool``."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from traincarbon.meters.base import Meter, Reading, Unavailable
from traincarbon.meters.power import PowerIntegral

if TYPE_CHECKING:
    import subprocess

_INTERVAL_S = 5.0
"""A question costs a process and some milliseconds; controllers average over a second or more anyway."""
_PATIENCE_S = 20.0
_FIRST_PATIENCE_S = 2.0
"""Who opens meters waits for the first answer; healthy controllers give it in a fraction of that."""
_POWER = re.compile(r"Instantaneous power reading:\s+(\d+)\s+Watts")
_DEVICES = ("/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0")


class IpmiMeter:
    """Asks the controller without waiting for it: a read starts the question, a later one takes the answer."""

    name = "ipmi"

    def __init__(self, command: Sequence[str], first_w: float, *, clock: Callable[[], float]) -> None:
        self.max_interval_s = 1.0
        self.notes: list[str] = []
        self.names: Mapping[str, str] = {}
        self._command = command
        self._clock = clock
        self._integral = PowerIntegral()
        self._integral.add(first_w, time_s=clock())
        self._asked_s = clock()
        self._asked: subprocess.Popen[str] | None = None
        self._last_s = self._asked_s

    def read(self) -> tuple[Reading, ...]:
        """Return the server's energy up to the last answer of its controller."""
        now = self._clock()
        if self._asked is not None:
            self._take_answer(now)
        elif now - self._asked_s >= _INTERVAL_S and self._command:
            self._ask(now)
        return (Reading("server:0", "server", self._integral.energy_j, self._last_s, "power", self._integral.power_w),)

    def close(self) -> None:
        """Stop asking; a question under way is dropped."""
        self._command = ()
        if self._asked is not None:
            self._asked.kill()
            self._asked.communicate()
            self._asked = None

    def _ask(self, now: float) -> None:
        import subprocess

        self._asked_s = now
        try:
            self._asked = subprocess.Popen(  # noqa: S603  a command of ours
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        except OSError as error:
            self._fail(str(error))

    def _take_answer(self, now: float) -> None:
        asked = self._asked
        if asked is None or (asked.poll() is None and now - self._asked_s < _PATIENCE_S):
            return
        if asked.poll() is None:
            asked.kill()
        power_w = parsed(asked.communicate()[0])
        self._asked = None
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
    """Return a meter that asks by *command*, ``ipmitool dcmi power reading`` unless another is given, or why there is none."""
    if command is None:
        found = next((device for device in _DEVICES if os.path.exists(device)), None)
        if found is None:
            return Unavailable("ipmi", "no management controller: /dev/ipmi0 is not there", "sudo modprobe ipmi_devintf ipmi_si, on servers that have one")
        import shutil

        tool = shutil.which("ipmitool")
        if tool is None:
            return Unavailable("ipmi", "ipmitool is not installed", "sudo apt install ipmitool")
        if not os.access(found, os.R_OK | os.W_OK):
            return Unavailable("ipmi", f"no permission to use {found}", f"sudo chmod a+rw {found}")
        command = (tool, "dcmi", "power", "reading")
    import subprocess

    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_FIRST_PATIENCE_S, check=False)  # noqa: S603  ours
    except (OSError, subprocess.TimeoutExpired) as error:
        return Unavailable("ipmi", f"the management controller does not answer: {error}", "try: sudo ipmitool dcmi power reading")
    power_w = parsed(answer.stdout)
    if power_w is None:
        said = (answer.stderr or answer.stdout).strip().split("\n")[0] or "nothing"
        return Unavailable("ipmi", f"the management controller gives no power: {said[:80]}", "try: sudo ipmitool dcmi power reading")
    return IpmiMeter(command, power_w, clock=clock)


def parsed(answer: str) -> float | None:
    """Return the watts in what ``ipmitool dcmi power reading`` prints, None where it has none or 0, which controllers give for unknown.

    Example:
        >>> parsed("    Instantaneous power reading:                   288 Watts")
        288.0
    """
    found = _POWER.search(answer)
    return float(found[1]) if found and int(found[1]) > 0 else None
