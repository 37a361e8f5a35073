"""Several "machines" on this one: each with its own host name, machine id, boot id, runtime folder and eight replayed GPUs."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from native import replay

ROOT = Path(__file__).parents[2]
BOARDS = 8
_ENTER = """\
hostname "$1"
mount --bind "$2" "$3"
mount --bind "$2/machine-id" /etc/machine-id
mount --bind "$2/hosts" /etc/hosts
mount --bind "$2/boot-id" /proc/sys/kernel/random/boot_id
shift 3
exec "$@"
"""


class Pulse(NamedTuple):
    """When the GPUs of all machines use power, on the monotonic clock that the machines share. Before and after it they use none."""

    from_s: float
    to_s: float
    told_in: str = ""
    """The file that will say when the ranks end, "" if that is known already."""


class Machines:
    """The machines, and the folder that they share.

    The trace of a machine is at the same path on all of them, in the folder that only it sees. Each GPU uses another power, so that
    no wrong set of GPUs has the energy of the right one.

    Args:
        folder: An empty folder, which all machines share.
        names: The host names.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self.names = tuple(names)
        self.local = folder / "local"
        """The folder that is another one on each machine."""
        self.local.mkdir(parents=True)
        library = folder / "nvml"
        library.mkdir()
        self._library = replay.build(library)
        for number, name in enumerate(self.names):
            own = self.own(name)
            own.mkdir(parents=True)
            (own / "machine-id").write_text(f"{number + 1:032x}\n")
            (own / "hosts").write_text(f"127.0.0.1 localhost {' '.join(self.names)} controller\n")
            (own / "boot-id").write_text(f"00000000-0000-4000-8000-{number + 1:012x}\n")
        self.play(Pulse(time.monotonic(), time.monotonic()))

    def own(self, name: str) -> Path:
        """Return the folder of the machine *name* as all others see it."""
        return self.folder / "machines" / name

    def play(self, pulse: Pulse) -> None:
        """Let the GPUs of all machines use power during *pulse*."""
        origin = f"in {pulse.told_in}.origin" if pulse.told_in else f"{pulse.from_s - 60.0:.6f}"
        for number, name in enumerate(self.names):
            waves = [f"wave only {board} 60:0 {pulse.to_s - pulse.from_s:.6f}:{self.power_w(number, board)} 100000:0" for board in range(BOARDS)]
            trace = [f"devices {BOARDS}", f"machine {number}", f"origin {origin}", *waves]
            written = self.own(name) / "trace.new"
            written.write_text("\n".join(trace) + "\n")
            written.rename(self.own(name) / "trace")

    def play_here(self, pulse: Pulse) -> None:
        """Give this computer, which is as a login node, GPUs of its own that use power during *pulse*."""
        origin_s = pulse.from_s - 60.0
        trace = [f"devices {BOARDS}", f"machine {len(self.names)}", f"origin {origin_s:.6f}", f"wave 60:0 {pulse.to_s - pulse.from_s:.6f}:700 100000:0"]
        (self.local / "trace").write_text("\n".join(trace) + "\n")

    @staticmethod
    def power_w(machine: int, board: int) -> float:
        """Return the power of a GPU during the pulse."""
        return 300.0 + 40.0 * machine + 3.0 * board

    def energy_j(self, pulse: Pulse, *, machines: Sequence[int] | None = None, boards: Sequence[int] = range(BOARDS)) -> float:
        """Return the exact energy of GPUs over the pulse, by default of all."""
        chosen = range(len(self.names)) if machines is None else machines
        return sum(self.power_w(machine, board) for machine in chosen for board in boards) * (pulse.to_s - pulse.from_s)

    def environment(self, **others: str) -> dict[str, str]:
        """Return the environment in which a program sees the GPUs of its machine, without what a launcher or a user set here."""
        kept = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
        return {
            **kept,
            "LD_LIBRARY_PATH": str(self._library.parent),
            "NVML_REPLAY_TRACE": str(self.local / "trace"),
            "TMPDIR": str(self.local),
            "XDG_RUNTIME_DIR": str(self.local),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "CARBON_STORE": str(self.folder / "store"),
            "COLUMNS": "100",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            **others,
        }

    def enter(self, name: str, command: Sequence[str]) -> list[str]:
        """Return the command line that runs *command* on the machine *name*."""
        enter = ["unshare", "--uts", "--mount", "--propagation", "private", "sh", "-ec", _ENTER, "enter"]
        return [*enter, name, str(self.own(name)), str(self.local), *command]


def free_ports(count: int) -> list[int]:
    """Return ports on which nothing listens."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]


def wait_until(condition: Callable[[], object], what: str, *, within_s: float = 60.0) -> None:
    """Wait until *condition* holds; it is an error if it does not in time."""
    until_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until_s, f"not within {within_s:g} s: {what}"
        time.sleep(0.1)


@contextlib.contextmanager
def started(command: Sequence[str], *, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a service, and end it with all the processes of its session."""
    with log.open("ab") as stream:
        process = subprocess.Popen(command, env=dict(env), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True)
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5.0)


def unavailable() -> str:
    """Return why there can be no machines here, "" if there can."""
    if os.geteuid() != 0:
        return "not root: name spaces of host names and mounts need it"
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    probe = subprocess.run(["unshare", "--uts", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"unshare: {probe.stderr.strip()}" if probe.returncode else ""
