"""The meters on the other nodes of a job, seen from the node whose command they accompany."""

import contextlib
import os
import select
import sys
import time
from collections.abc import Mapping, Sequence

from traincarbon.tracking.channel import Channel
from traincarbon.tracking.command.launch import pipe
from traincarbon.tracking.messages import Begun, JobEnded, Note, from_line
from traincarbon.tracking.other_nodes.allocation import Allocation, allocation
from traincarbon.tracking.other_nodes.commands import meter_commands, meter_environment
from traincarbon.tracking.settings import BudgetPolicy, Limits, Settings

_START_S, _END_S = 5.0, 5.0
"""Longest waits for the meters to begin, and for their last records. The command starts and ends anyhow."""
_CHUNK_B = 1 << 16
_LONGEST_B = 200
_DETACHED = "import os, sys; os.fork() and os._exit(0); os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"
"""Starts a command as a grandchild in a session of its own: the training may wait for all its children, and the terminal signals its own session only."""


class RemoteMeters:
    """One meter on each other node. They end with the command, with its supervisor, and with the job.

    Args:
        settings: What the meter of this node gets.
        found: The nodes.
        command: The command that is metered.
        env: The environment of that command.
    """

    def __init__(self, settings: Settings, found: Allocation, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._nodes, self._expected = found.nodes, found.n_others
        self._begun = 0
        self._said: list[str] = []
        self._lines: dict[int, bytes] = {}
        self._channels: list[Channel] = []
        self.problem = ""
        """Why a node lacks its meter, in one sentence; "" while nothing is known to be wrong."""
        sent = settings._replace(
            limits=Limits(), on_budget=BudgetPolicy.WARN, state_every_s=0.0, plan=None, totals={}, pattern="", log_format=None, continues=False, is_outside=False,
            sinks=settings.sinks_of_other_nodes,
        )  # fmt: skip
        for words in meter_commands(found, command, env):
            try:
                channel = self._start(words, meter_environment(env))
            except OSError as error:
                self._said.append(f"{words[0]}: {error.strerror or error}")
                continue
            channel.send(sent, keep=True)
            channel.flush(wait_s=_START_S)
            self._channels.append(channel)
        if found.reach is None:
            self.problem = f"only 1 of {self._nodes} nodes is metered from here: where the others have no tracker of their own, start them with --nodes ssh"
        else:
            self._wait_for_start()

    def send(self, ended: JobEnded) -> None:
        """Tell the meters how the command ended."""
        for channel in self._channels:
            channel.send(ended, keep=True)
            channel.flush(wait_s=_END_S)
        self.close()

    def wait_for_end(self, *, until_s: float = float("inf")) -> None:
        """Wait a few seconds for the last records of the meters, not longer than *until_s* on the monotonic clock."""
        until_s = min(until_s, time.monotonic() + _END_S)
        while self._lines and (left_s := until_s - time.monotonic()) > 0.0:
            self._receive(wait_s=left_s)
        for descriptor in self._lines:
            os.close(descriptor)
        self._lines.clear()

    def close(self) -> None:
        """Let the meters end; safe to call twice."""
        for channel in self._channels:
            channel.close()
        self._channels.clear()

    def _start(self, words: Sequence[str], env: Mapping[str, str]) -> Channel:
        (to_it, from_us), (from_it, to_us) = pipe(), pipe()
        actions = [(os.POSIX_SPAWN_DUP2, to_it, 0), (os.POSIX_SPAWN_DUP2, to_us, 1), (os.POSIX_SPAWN_DUP2, to_us, 2)]
        try:
            pid = os.posix_spawn(sys.executable, [sys.executable, "-I", "-S", "-c", _DETACHED, *words], env, file_actions=actions, setsigmask=())
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        except OSError:
            os.close(from_us)
            os.close(from_it)
            raise
        finally:
            os.close(to_it)
            os.close(to_us)
        os.set_blocking(from_it, False)
        self._lines[from_it] = b""
        return Channel(os.open(os.devnull, os.O_RDONLY), from_us)

    def _wait_for_start(self) -> None:
        until_s = time.monotonic() + _START_S
        while self._begun < self._expected and self._lines and (left_s := until_s - time.monotonic()) > 0.0:
            self._receive(wait_s=left_s)
        absent = self._expected - self._begun
        if absent > 0:
            why = f": {self._said[-1]}" if self._said else f" within {_START_S:g} s" if self._lines else ""
            self.problem = f"{absent} of {self._nodes} nodes have no meter yet{why}"

    def _receive(self, *, wait_s: float) -> None:
        waiter = select.poll()
        for descriptor in self._lines:
            waiter.register(descriptor, select.POLLIN)
        for descriptor, _ in waiter.poll(wait_s * 1e3):
            data = os.read(descriptor, _CHUNK_B)
            *lines, self._lines[descriptor] = (self._lines[descriptor] + data).split(b"\n")
            for line in lines:
                self._handle(line)
            if not data:
                os.close(descriptor)
                del self._lines[descriptor]

    def _handle(self, line: bytes) -> None:
        match from_line(line):
            case Begun():
                self._begun += 1
            case Note(text=text):
                self._said.append(text)
            case None if line.strip():
                self._said.append(line.decode("utf-8", "replace").strip()[:_LONGEST_B])


def start_remote_meters(settings: Settings, command: Sequence[str], env: Mapping[str, str]) -> RemoteMeters | None:
    """Start a meter on each other node of the batch job; None if there is none. Where they cannot be reached unasked, that is the problem."""
    if settings.nodes < 2 and not settings.is_outside:
        return None
    found = allocation(env, command, settings.scope)
    return RemoteMeters(settings, found, command, env) if found.n_others else None
