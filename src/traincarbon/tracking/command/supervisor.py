"""Run a command with its own streams, terminal, signals and exit code, and meter it; it ends with its supervisor."""

import gc
import os
import signal
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from traincarbon.errors import CarbonError
from traincarbon.tracking.command.forwarding import Forwarding
from traincarbon.tracking.command.launch import EarlySidecar, Restarts, Sidecar, ended_by_library, start_sidecar
from traincarbon.tracking.command.outcome import Outcome
from traincarbon.tracking.command.spawn import NO_ROOM, CommandError, SpawnOptions, become, own_environment, spawn
from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import NOT_METERED, REPLACED, Begun, Final, Job, JobEnded, Note, TerminalUndo
from traincarbon.tracking.progress_pipe import environment_of
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import MARK, RUN_ID, STORE
from traincarbon.tracking.sidecar.turn import turn_file
from traincarbon.tracking.watched_budgets import acting, environment_of_budgets

if TYPE_CHECKING:
    from traincarbon.tracking.command.output_copy import OutputCopy
    from traincarbon.tracking.display.protocol import Display
    from traincarbon.tracking.other_nodes.remote_meters import RemoteMeters

_RESET = (signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that Python ignores and that no command expects to be ignored."""
_FINAL_S = 3.5
_HELPERS_END_S, _PAUSE_S = 1.0, 0.01
"""The processes of a killed metering process end within this time."""
_TICK_S = 10.0
"""Between two checks for messages on systems without a signal for their arrival."""


class Supervisor:
    """Starts the metering process and the command, forwards signals, and waits.

    Args:
        settings: What to meter; its owner is this process.
        command: The command and its arguments.
        display: What the user sees.
        sidecar: A metering process that was started earlier; by default one is started now.
    """

    def __init__(
        self,
        settings: Settings,
        command: Sequence[str],
        *,
        display: "Display",
        sidecar: EarlySidecar | None = None,
    ) -> None:
        early = sidecar or EarlySidecar()
        self._settings = settings
        self._command = list(command)
        self._display = display
        self._is_displayed = True
        self._output_copy: OutputCopy | None = None
        self._signals = Forwarding()
        self._pipes = early.pipes
        self._sidecar: Sidecar | None = early.sidecar
        self._restarts = Restarts()
        self._is_apart = False
        """Whether a metering process was ended by a library that it had loaded."""
        self._begun = False
        self._began_s = 0.0
        self._pid = 0
        self._ended: JobEnded | None = None
        self._undo = b""
        self._final: Final | None = None
        self._others: RemoteMeters | None = None

    def run(self) -> Outcome:
        """Run the command to its end. All signals stay blocked: none of them must change how this process ends.

        Raises:
            CommandError: the command cannot be started.
            CarbonError: a budget cannot be metered, or the system lacks the processes and signals that tracking needs.
        """
        if not hasattr(os, "posix_spawnp"):
            raise CarbonError(
                "this system lacks the processes and signals that tracking needs", hint="on Windows, track in WSL; reading and importing runs works"
            )
        mask = self._signals.block()
        try:
            self._send_settings()
            self._check_budgets()
            self._start_other_nodes()
            self._start_command(mask)
            self._send_job()
            gc.freeze()  # what was imported stays
            gc.enable()
            while self._ended is None:
                self._wait()
            gc.disable()  # this process ends soon, and looking for garbage meanwhile takes as long as an import
            self._end_metering(self._ended)
        except BaseException:
            self._close()
            self._signals.restore()
            raise
        self._close()
        return Outcome(self._ended.exit_code, self._ended.signal, self._final, self._ended.ended_s)

    def _send_settings(self) -> None:
        """Send the settings to the metering process; without one the command runs all the same."""
        if self._sidecar is not None:
            self._sidecar.channel.signal_arrivals()
            self._sidecar.channel.send(self._settings, keep=True)
        else:
            self._display.print("the run is not metered: the metering process cannot be started", even_if_quiet=True)

    def _check_budgets(self) -> None:
        """Refuse to start a command whose budgets cannot be metered, unless they only warn."""
        if (acting(self._settings) or self._settings.needs_meters) and self._sidecar is None:  # that of time too, as the metering process signals and stops
            raise CarbonError(NOT_METERED.problem, hint=NOT_METERED.hint)
        if self._settings.needs_meters and self._sidecar is not None and (found := self._sidecar.check_budgets()).problem:
            raise CarbonError(found.problem, hint=found.hint)

    def _start_other_nodes(self) -> None:
        """Meter the other nodes of the batch job, if it has any; the command starts with those that can be metered."""
        if self._settings.nodes > 1 or self._settings.is_outside:
            from traincarbon.tracking.other_nodes.remote_meters import start_remote_meters

            self._others = start_remote_meters(self._settings, self._command, own_environment())
            if self._others is not None and self._others.problem:
                self._display.print(self._others.problem)

    def _start_command(self, mask: set[int]) -> None:
        environment = {
            **own_environment(),
            MARK: self._settings.session,
            RUN_ID: self._settings.run_id,
            STORE: self._settings.store,
            **environment_of(self._pipes.reporting),
        }
        os.set_inheritable(self._pipes.reporting, True)
        if self._settings.reads_output:
            from traincarbon.tracking.command.output_copy import OutputCopy

            self._output_copy = OutputCopy(self._pipes.copying)
        how: SpawnOptions = {"setsigmask": mask, "setsigdef": _RESET, "file_actions": self._output_copy.actions if self._output_copy is not None else []}
        environment |= environment_of_budgets(self._settings)
        self._began_s = time.monotonic()
        try:
            self._pid = self._spawn(environment, how)
        except OSError as error:
            raise CommandError(self._command[0], error) from None
        finally:
            os.set_inheritable(self._pipes.reporting, False)
        self._signals.begin(self._pid)
        if self._output_copy is not None:
            self._output_copy.start()

    def _spawn(self, environment: dict[str, str], how: SpawnOptions) -> int:
        """Start the command; where the system allows too few processes for both, give up the metering, and at last this process."""
        try:
            return spawn(self._command, environment, how)
        except BlockingIOError:
            if self._sidecar is not None:
                self._sidecar.channel.close()
                self._sidecar.kill()
                os.waitpid(self._sidecar.pid, 0)
                self._sidecar = None
        until_s = time.monotonic() + _HELPERS_END_S
        while True:
            try:
                pid = spawn(self._command, environment, how)
            except BlockingIOError:
                if time.monotonic() > until_s:
                    self._display.print(NO_ROOM, even_if_quiet=True)
                    become(self._command, environment, how)
                time.sleep(_PAUSE_S)
            else:
                self._display.print(NO_ROOM, even_if_quiet=True)
                return pid

    def _send_job(self) -> None:
        if self._sidecar is not None:
            self._sidecar.channel.send(Job(self._pid, self._began_s), keep=True)

    def _wait(self) -> None:
        """Wait for a signal or for the next check for messages, and handle it."""
        arrived = self._signals.next(wait_s=_TICK_S)
        if arrived is not None and self._output_copy is not None and arrived.number == signal.SIGWINCH:
            self._output_copy.resize()
        self._reap()
        self._receive()
        if self._sidecar is not None and self._sidecar.has_handed_over and self._sidecar.channel.ended:
            self._replace_sidecar()

    def _show(self, state: LiveState | None) -> None:
        """Show *state*, or hide the display; one that fails is given up, as the command must not end with it."""
        if not self._is_displayed:
            return
        try:
            undo = self._display.hide() if state is None else self._display.show(state)
            if undo != self._undo and self._sidecar is not None:
                self._undo = undo
                self._sidecar.channel.send(TerminalUndo(os.ttyname(2), undo.decode("ascii")), keep=True)
        except Exception as error:  # noqa: BLE001  a failing display must not end a training
            self._is_displayed = False
            self._display.print(f"the display failed: {type(error).__name__}: {error}")

    def _reap(self) -> None:
        """Handle children that have ended or stopped."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return
            if not pid:
                return
            if self._sidecar is not None and pid == self._sidecar.pid and not os.WIFSTOPPED(status):
                self._receive()
                if status == 0 and not self._sidecar.channel.ended:
                    self._sidecar.hand_over()
                else:
                    self._is_apart = self._is_apart or ended_by_library(status)
                    self._replace_sidecar()
            elif pid == self._pid and os.WIFSTOPPED(status):
                if self._signals.stop_with_command(os.WSTOPSIG(status)):
                    self._show(None)
                    self._signals.stop()
            elif pid == self._pid:
                killed = os.WIFSIGNALED(status)
                code, number = (None, os.WTERMSIG(status)) if killed else (os.WEXITSTATUS(status), None)
                self._ended = JobEnded(time.monotonic(), code, number, used.ru_utime + used.ru_stime)

    def _replace_sidecar(self) -> None:
        """Start another metering process if one was killed: what it wrote is kept, and the run continues in the same session."""
        self._receive()
        if self._sidecar is None or self._ended is not None or self._final is not None:
            self._sidecar = None
            return
        self._sidecar.channel.close()
        self._sidecar = None
        self._undo = b""
        if not self._restarts.allow():
            self._display.print("the metering process ended too often: the run continues without metering", even_if_quiet=True)
            return
        self._sidecar = start_sidecar(self._pipes, apart=self._is_apart, turn=turn_file(self._settings.run_id, self._settings.store))
        if self._begun:  # the killed process has metered the time until now
            self._began_s = time.monotonic()
            self._settings = self._settings._replace(continues=True)
        self._send_settings()
        if self._sidecar is not None:
            self._send_job()
            self._sidecar.channel.send(Note(REPLACED))

    def _receive(self) -> None:
        """Handle the messages of the metering process."""
        if self._sidecar is None:
            self._pipes.drain()
            return
        for message in self._sidecar.channel.receive():
            match message:
                case Note(text=text):
                    self._display.print(text)
                case LiveState():
                    self._show(message)
                case Begun():
                    self._begun = True
                case Final():
                    self._final = message

    def _close(self) -> None:
        if self._output_copy is not None:
            self._output_copy.close()
        if self._others is not None:
            self._others.close()
        if self._sidecar is not None:
            self._sidecar.channel.close()
        self._pipes.close()
        self._signals.end()

    def _end_metering(self, ended: JobEnded) -> None:
        """Report the end of the command and wait for the last message, but not for a metering process that hangs."""
        sidecar = self._sidecar
        if self._others is not None:
            self._others.send(ended)
        if self._output_copy is not None:
            self._output_copy.close()
            self._output_copy = None
        if sidecar is None:
            self._final = self._final or Final()
            return
        sidecar.channel.send(ended, keep=True)
        sidecar.resume()
        if self._settings.state_every_s > 0.0:  # a run that is shown
            import traincarbon.ledger.record
            import traincarbon.tracking.display.run_summary  # noqa: F401  the caller will need both next, and there is time now

        until_s = ended.ended_s + _FINAL_S + self._settings.sinks_wait_s
        while not (self._final is not None or sidecar.channel.ended) and time.monotonic() < until_s:
            sidecar.channel.wait(wait_s=until_s - time.monotonic())
            self._receive()
        if self._others is not None:
            self._others.wait_for_end(until_s=until_s)
