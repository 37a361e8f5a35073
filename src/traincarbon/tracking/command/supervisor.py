"""Running a command as if nobody watched: its streams, terminal, signals and exit code are its own, and it ends with its supervisor."""

import contextlib
import errno
import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.tracking.command.launch import Sidecar, Warm, started
from traincarbon.tracking.command.signals import next_signal
from traincarbon.tracking.progress import environment_of
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import MARK, RUN_ID

if TYPE_CHECKING:
    from traincarbon.tracking.command.output_copy import Relay

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGWINCH, signal.SIGTSTP)
NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes of a command that cannot be started, as shells have them."""

_RESET = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores and no command expects to find ignored."""
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets LC_CTYPE to where it finds the locale C."""
_SHELL = "/bin/sh"
_MOST_RESTARTS = 3
_FINAL_S = 5.0
_TICK_S = 10.0
"""Between two looks at what the meter says on systems that do not say when it does."""


class CommandError(CarbonError):
    """The command cannot be started; ``exit_code`` is what a shell would answer."""

    def __init__(self, command: str, error: OSError) -> None:
        super().__init__(f"cannot start {command[:200]!r}: {error.strerror or error}", hint="a script needs its interpreter: carbon track -- python train.py")
        self.exit_code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


class Outcome(NamedTuple):
    """How the command ended."""

    exit_code: int | None
    signal: int | None
    unwritten: list[str]
    """Lines of the journal that could not be written."""
    budgets: list[dict[str, Any]]
    """What was allowed: tables of ``unit``, ``limit`` and ``spent``."""


class _End(NamedTuple):
    """The end of the command, as the system tells it to its parent."""

    exit_code: int | None
    signal: int | None
    ended_s: float
    """On the monotonic clock."""
    cpu_s: float
    """Processor time that it used, with those that it waited for."""


class Supervisor:
    """Starts the process that meters and the command, passes signals on, and waits.

    Args:
        settings: What to meter; its owner is this process.
        command: The command and its arguments.
        say: Takes a line for the user.
        show: Takes the state, about once a second, where somebody looks on, and returns what would give the terminal on stderr back.
        warm: A meter that was started before; one is started now unless given.
    """

    def __init__(
        self,
        settings: Settings,
        command: Sequence[str],
        *,
        say: Callable[[str], None],
        show: Callable[[dict[str, Any]], bytes] | None = None,
        warm: Warm | None = None,
    ) -> None:
        warm = warm or Warm()
        self._settings = settings
        self._command = list(command)
        self._say = say
        self._show = show
        self._relay: Relay | None = None
        self._shares_terminal = _has_terminal()
        self._pipes = warm.pipes
        self._sidecar: Sidecar | None = warm.sidecar
        self._restarts = 0
        self._begun = False
        self._began_s = 0.0
        self._pid = 0
        self._ended: _End | None = None
        self._unwritten: list[str] = []
        self._budgets: list[dict[str, Any]] = []
        self._undo = b""
        self._final = False

    def run(self) -> Outcome:
        """Run the command to its end.

        Raises:
            CommandError: the command cannot be started.
            CarbonError: the system has no such processes and signals.
        """
        if not hasattr(os, "posix_spawnp"):
            raise CarbonError("this system has no processes and signals to track with", hint="on Windows, track in WSL; reading and importing runs works")
        waited = {*FORWARDED, signal.SIGCHLD, signal.SIGCONT, signal.SIGIO}
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where whoever called us ignored it, no child could be waited for
        before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
        try:
            self._instruct()
            self._start_command(before)
            self._tell_of_the_job()
            while self._ended is None:
                self._wait(waited)
            self._see_out()
        finally:
            self._close()
            while next_signal(waited, wait_s=0.0) is not None:  # what comes too late for the command must not change how we end
                continue
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return Outcome(self._ended.exit_code, self._ended.signal, self._unwritten, self._budgets)

    def _instruct(self) -> None:
        """Tell the meter what to do; where it could not be started, the command runs all the same."""
        if self._sidecar is not None:
            self._sidecar.wire.announce()
            self._sidecar.wire.send("settings", keep=True, **self._settings._asdict())
        else:
            self._say("the run is not metered: the process that meters cannot be started")

    def _start_command(self, mask: set[int | signal.Signals]) -> None:
        environment = {**_own_environment(), MARK: self._settings.session, RUN_ID: self._settings.run_id, **environment_of(self._pipes.reporting)}
        os.set_inheritable(self._pipes.reporting, True)
        if self._settings.pattern:
            from traincarbon.tracking.command.output_copy import Relay

            self._relay = Relay(self._pipes.copying)
        # a terminal signals all that runs in the foreground; without one the command is a group of its own, signalled by us alone
        group: dict[str, Any] = {} if self._shares_terminal else {"setpgroup": 0}
        actions = self._relay.actions if self._relay is not None else []
        self._began_s = time.monotonic()
        try:
            self._pid = _spawned(self._command, environment, file_actions=actions, setsigmask=mask, setsigdef=_RESET, **group)
        except OSError as error:
            raise CommandError(self._command[0], error) from None
        finally:
            os.set_inheritable(self._pipes.reporting, False)
        if self._relay is not None:
            self._relay.start()

    def _tell_of_the_job(self) -> None:
        if self._sidecar is not None:
            self._sidecar.wire.send("job", keep=True, pid=self._pid, began_s=self._began_s)

    def _wait(self, waited: set[signal.Signals]) -> None:
        """Wait for a signal, or for the time to look at what the meter says."""
        arrived = next_signal(waited, wait_s=_TICK_S)
        if arrived is not None and arrived.number == signal.SIGCONT:
            self._send(signal.SIGCONT)
        elif arrived is not None and arrived.number in FORWARDED:
            if self._relay is not None and arrived.number == signal.SIGWINCH:
                self._relay.resize()
            if not (arrived.by_terminal and self._shares_terminal):
                self._send(arrived.number)
        self._reap()
        self._listen()

    def _shown(self, state: dict[str, Any]) -> None:
        """Show the state; a display that fails is given up, as the command must not end with it."""
        if self._show is None:
            return
        try:
            undo = self._show(state)
            if undo != self._undo and self._sidecar is not None:
                self._undo = undo
                self._sidecar.wire.send("undo", keep=True, terminal=os.ttyname(2), text=undo.decode("ascii"))
        except Exception as error:  # noqa: BLE001  whatever draws is not worth a training
            self._show = None
            self._say(f"the display failed: {type(error).__name__}: {error}")

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def _reap(self) -> None:
        """See which children have ended or stand still."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return
            if not pid:
                return
            if self._sidecar is not None and pid == self._sidecar.pid and not os.WIFSTOPPED(status):
                self._replace_sidecar()
            elif pid == self._pid and os.WIFSTOPPED(status):
                self._stand_still_with_it(os.WSTOPSIG(status))
            elif pid == self._pid:
                killed = os.WIFSIGNALED(status)
                code, number = (None, os.WTERMSIG(status)) if killed else (os.WEXITSTATUS(status), None)
                self._ended = _End(code, number, time.monotonic(), used.ru_utime + used.ru_stime)

    def _stand_still_with_it(self, number: int) -> None:
        """Where the terminal stopped the command, stop too, so that the shell takes the terminal back; whoever lets us go on lets it go on."""
        if number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU) and self._shares_terminal:
            self._shown({"state": "stopped"})
            os.kill(os.getpid(), signal.SIGSTOP)
            self._send(signal.SIGCONT)

    def _replace_sidecar(self) -> None:
        """Start another meter where one was killed: what it had written is kept, and the run goes on in the same session."""
        self._listen()
        if self._sidecar is None or self._ended is not None or self._final:
            self._sidecar = None
            return
        self._sidecar.wire.close()
        self._sidecar = None
        self._undo = b""
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            self._say("the meter ended too often: the run goes on without")
            return
        self._sidecar = started(self._pipes)
        if self._begun:  # what was until now, the killed one has metered
            self._began_s = time.monotonic()
            self._settings = self._settings._replace(carries_on=True)
        self._instruct()
        if self._sidecar is not None:
            self._tell_of_the_job()
            self._sidecar.wire.send("note", text="the meter was killed and started anew: what was not yet recorded is lost, at most one interval")

    def _listen(self) -> None:
        """Hear what the meter has to say."""
        if self._sidecar is None:
            self._pipes.drain()
            return
        for message in self._sidecar.wire.receive():
            if message["kind"] == "note":
                self._say(str(message["text"]))
            elif message["kind"] == "state":
                self._shown(message["state"])
            elif message["kind"] == "begun":
                self._begun = True
            elif message["kind"] == "final":
                self._unwritten, self._budgets, self._final = message["unwritten"], message["budgets"], True

    def _close(self) -> None:
        if self._relay is not None:
            self._relay.close()
        if self._sidecar is not None:
            self._sidecar.wire.close()
        self._pipes.close()

    def _see_out(self) -> None:
        """Tell the meter that the command has ended and wait for its last word; one that hangs does not hold up the user."""
        sidecar, ended = self._sidecar, self._ended
        if self._relay is not None:
            self._relay.close()
            self._relay = None
        if sidecar is None or ended is None:
            return
        sidecar.wire.send("ended", keep=True, **ended._asdict())
        with contextlib.suppress(ProcessLookupError):
            os.kill(sidecar.pid, signal.SIGCONT)
        import traincarbon.ledger.record
        import traincarbon.tracking.display.run_summary  # noqa: F401  whoever asked will read the record and sum it up next, and there is time now

        until_s = time.monotonic() + _FINAL_S
        while not (self._final or sidecar.wire.ended) and time.monotonic() < until_s:
            sidecar.wire.wait(wait_s=until_s - time.monotonic())
            self._listen()
        if not self._final:
            self._say("the meter did not tell how the run ended: its last record is that of some seconds before")


def _own_environment() -> dict[str, str]:
    """Return the environment that this process was started with, and not what Python made of its locale."""
    environment = dict(os.environ)
    if environment.get("LC_CTYPE") in _COERCED:
        with contextlib.suppress(OSError), open("/proc/self/environ", "rb") as stream:
            given = dict(os.fsdecode(entry).partition("=")[::2] for entry in stream.read().split(b"\0"))
            del environment["LC_CTYPE"]
            environment |= {name: value for name, value in given.items() if name == "LC_CTYPE"}
    return environment


def _spawned(command: list[str], environment: dict[str, str], **how: Any) -> int:
    """Start *command*; a script that names no interpreter goes to the shell, as it does from a shell."""
    if not command[0]:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    try:
        return os.posix_spawnp(command[0], command, environment, **how)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        import shutil

        script = command[0] if "/" in command[0] else shutil.which(command[0])
        if script is None or _is_binary(script):
            raise
        return os.posix_spawn(_SHELL, [_SHELL, script, *command[1:]], environment, **how)


def _is_binary(file: str) -> bool:
    """Say whether *file* is none that a shell can read."""
    try:
        with open(file, "rb") as stream:
            return b"\0" in stream.read(128)
    except OSError:
        return True


def _has_terminal() -> bool:
    """Say whether there is a terminal that sends its signals to this process, and to the command too if it stays in the same group."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
