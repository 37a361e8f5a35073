"""Stores with journals as trackers write them, sealed, for tests of packs."""

import errno
import os
import subprocess
import sys
from unittest.mock import patch

from traincarbon.ledger import journal as module
from traincarbon.ledger.journal import Journal, run_folder

BEGAN_S = 1_790_000_000.0
"""21 September 2026."""


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now_s):
        self.now_s = now_s

    def __getattr__(self, name):
        import time

        return getattr(time, name)

    def time(self):
        return self.now_s

    def monotonic(self):
        return self.now_s - BEGAN_S + 5e4


def write_run(store, run_id="run", *, writer="a1-7-1", n=20, ends=True, project="toy", began_s=BEGAN_S, devices=None, folder="", **start):
    """Write the journal of a run of *n* intervals of 30 s and return its path."""
    file = os.path.join(folder or run_folder(str(store), run_id), f"{writer}.jsonl")
    clock = Clock(began_s)
    with patch.object(module, "time", clock):
        journal = Journal(file, run_id=run_id, node=writer.partition("-")[0], process=int(writer.split("-")[1]))
        begin_s = clock.monotonic()
        journal.write("start", {"argv": ["train.py"], "project": project, "hw": "h100", "accelerators": 1, "from_s": begin_s, "to_s": begin_s, **start})
        for count in range(1, n + 1):
            clock.now_s = began_s + 30.0 * count
            used = {"gpu:GPU-1": ("gpu", 300.7), "cpu:0": ("cpu", 50.3)} if devices is None else devices
            stated = {
                name: {"part": part, "how": "counter", "energy_j": watts * 30.0 * count, "power_max_w": watts, "utilisation": 0.5}
                for name, (part, watts) in used.items()
            }
            journal.write("interval", {"from_s": begin_s + 30.0 * (count - 1), "to_s": begin_s + 30.0 * count, "devices": stated, "tokens": 1e3 * count})
        if ends:
            journal.write("end", {"exit_code": 0, "to_s": begin_s + 30.0 * n})
        journal.close()
    return file


def aged(file, days=2.0):
    """Let a journal have changed some days ago."""
    state = os.stat(file)
    os.utime(file, (state.st_atime - 86_400 * days, state.st_mtime - 86_400 * days))
    return file


def files_in(store):
    """Return every file of journals in a store, by its place in ``journals``."""
    root = os.path.join(store, "journals")
    return sorted(os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names)


def no_lock(*_):
    """Fail as the system does where a file server has no locks."""
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


_DIES_AT = """
import os, signal, sys
from traincarbon import runs
steps = int(sys.argv[1])
def dies(*given, real, **named):
    global steps
    steps -= 1
    if not steps:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **named)
for name in sys.argv[2].split(","):
    setattr(os, name, lambda *given, real=getattr(os, name), **named: dies(*given, real=real, **named))
"""


def killed_at(step, call, *words, before):
    """Run *call*, Python with the *words* as ``sys.argv[3:]``, which is killed before the *step*-th call of those functions of ``os``."""
    command = [sys.executable, "-c", _DIES_AT + call, str(step), ",".join(before), *words]
    return subprocess.run(command, capture_output=True, text=True)
