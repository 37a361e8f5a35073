"""Where processes agree on one run: files in the store that a single process can make, also on a network file system.

Each meeting has a folder named by what the processes have in common: the address at which their ranks meet, or the id of their job.
File ``N`` holds the run of its generation N. File ``N.NODE.RANK.ATTEMPT`` is the claim of a process that belongs to it;
a rank that is claimed already by another process shows that the training was started anew.
"""

import contextlib
import os
import time
from collections.abc import Callable
from typing import NamedTuple

from traincarbon.ledger.journal import run_folder
from traincarbon.ledger.store_folder import life, node_name
from traincarbon.reading import open_regular
from traincarbon.tracking.launchers.run_ids import digest

YOUNG_S = 600.0
"""A run may be joined for so long after it was begun or has last written. [s]"""
_KEPT_S = 90 * 86400.0
_LONGEST_B = 1 << 16
_MOST_FORGOTTEN = 20
_MOST_GENERATIONS = 10_000
_KEY_B = 8
_LOCAL = ("localhost", "127.", "[::1]", "::1", "0.0.0.0")  # noqa: S104  nothing listens there
"""Addresses that are another machine on each machine."""


class Place(NamedTuple):
    """Which of the processes of a training this one is."""

    local_rank: int | None = None
    """Its rank among those of its machine, or of all where only that is known."""
    attempt: int | None = None
    world_size: int | None = None


def run_at_address(store: str, address: str, place: Place) -> str:
    """Return the run of the training whose ranks meet at *address*.

    It is that of the last training that met there, if that is young or still writes, has as many ranks, and does not have this rank yet.

    Raises:
        OSError: the store cannot be written.
    """
    where = f"{address} {node_name(store)}" if address.startswith(_LOCAL) else address
    meeting = _Meeting(store, f"address {where} {place.world_size or 0}", place)
    generation = max(meeting.latest, 1)
    while generation < _MOST_GENERATIONS:
        run_id = meeting.run(generation, lambda _: os.urandom(6).hex())
        if meeting.age_s(generation, run_id) <= YOUNG_S and meeting.claim(generation):
            return run_id
        generation += 1
    raise FileExistsError(address)


def run_of_job(store: str, job: str, place: Place, *, is_finished: Callable[[str], bool]) -> str:
    """Return the run of a command of *job*: the job's id for the first, and that with a number for a later one.

    The same command again is another run if the first has finished or was started by this process,
    and the same run if that failed, was killed, or the whole job was started again.

    Args:
        store: The folder of the runs.
        job: The id of the job and its command.
        place: Which process of the job this one is.
        is_finished: Whether a run has finished well.

    Raises:
        OSError: the store cannot be written.
    """
    meeting = _Meeting(store, f"job {job}", place)
    for generation in range(1, _MOST_GENERATIONS):
        run_id = meeting.run(generation, lambda number: job if number == 1 else f"{job}-{number}")
        is_new = meeting.claim(generation)
        if is_new and (place.attempt or meeting.age_s(generation, run_id) <= YOUNG_S):
            return run_id
        if (is_new or not meeting.is_own(generation)) and not is_finished(run_id):
            return run_id
    raise FileExistsError(job)


class _Meeting:
    """The files of a meeting.

    Args:
        store: The folder of the runs.
        key: What its processes have in common.
        place: Which of them this one is.
    """

    def __init__(self, store: str, key: str, place: Place) -> None:
        self._store = store
        self._folder = os.path.join(store, "rendezvous", digest(key, size_b=_KEY_B))
        self._claim = f"{node_name(store)}.{'' if place.local_rank is None else place.local_rank}.{place.attempt or 0}"
        if not os.path.isdir(self._folder):
            os.makedirs(self._folder, exist_ok=True)
            _forget_old(os.path.dirname(self._folder))

    @property
    def latest(self) -> int:
        """The last generation, 0 if there is none."""
        return max((int(name) for name in os.listdir(self._folder) if name.isdigit()), default=0)

    def run(self, generation: int, new: Callable[[int], str]) -> str:
        """Return the run of a generation; the first process that asks makes it."""
        file = os.path.join(self._folder, str(generation))
        self._make(file, new(generation))
        with open_regular(file) as stream:
            return stream.read(_LONGEST_B).decode("utf-8")

    def claim(self, generation: int) -> bool:
        """Return whether this rank is new in a generation, and claim it."""
        return self._make(os.path.join(self._folder, f"{generation}.{self._claim}"), life(os.getpid()))

    def is_own(self, generation: int) -> bool:
        """Return whether this very process has claimed its rank in a generation, as it does for each of its trackers."""
        own = life(os.getpid())
        try:
            with open_regular(os.path.join(self._folder, f"{generation}.{self._claim}")) as stream:
                return bool(own) and stream.read(_LONGEST_B) == own.encode()
        except OSError:
            return False

    def age_s(self, generation: int, run_id: str) -> float:
        """Return how long ago a generation began or its run last wrote, by the clock of the file system."""
        written = [os.path.getmtime(os.path.join(self._folder, str(generation)))]
        journals = run_folder(self._store, run_id)
        with contextlib.suppress(OSError):
            written += [os.path.getmtime(os.path.join(journals, name)) for name in os.listdir(journals)]
        own = self._written(b"")
        try:
            return os.path.getmtime(own) - max(written)
        finally:
            os.remove(own)

    def _make(self, file: str, text: str) -> bool:
        """Make *file* with *text*, complete at once; return False if it is there already."""
        if os.path.exists(file):
            return False
        own = self._written(text.encode())
        try:
            os.link(own, file)
        except FileExistsError:
            return os.stat(own).st_nlink > 1  # on a network file system a link that was made may be reported as there already
        except OSError:  # a file system without links
            try:
                os.close(os.open(f"{file}.making", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                return False
            os.replace(own, file)
            own = f"{file}.making"
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(own)
        return True

    def _written(self, content: bytes) -> str:
        own = os.path.join(self._folder, f"new-{os.urandom(6).hex()}")
        with open(own, "wb") as stream:
            stream.write(content)
        return own


def _forget_old(folder: str) -> None:
    """Remove a few meetings at which nobody can arrive any more."""
    oldest_s = time.time() - _KEPT_S
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        old = [entry.path for entry in entries if entry.stat().st_mtime < oldest_s]
        for path in old[:_MOST_FORGOTTEN]:
            for name in os.listdir(path):
                os.remove(os.path.join(path, name))
            os.rmdir(path)
