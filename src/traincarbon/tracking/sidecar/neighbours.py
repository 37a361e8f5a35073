"""Other runs that this user's metering processes meter on this machine at the same time, and the GPUs that they share."""

import contextlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence

from traincarbon.decode import items, table, text
from traincarbon.ledger.store_folder import life, lives
from traincarbon.reading import open_regular

_ENDING = ".run"
_MOST_NAMED = 3
_KEPT_S = 7 * 86400.0
_LOOK_S = 1.0
"""Between two looks at what the others state, unless a record is due."""


class Neighbours:
    """States which GPUs a run uses in a folder that the metering processes share, and reads what the others state.

    Args:
        folder: The folder, see :func:`traincarbon.tracking.sidecar.runtime_folder.runtime_folder`; None if there is none.
        run_id: The run of this process.
    """

    def __init__(self, folder: str | None, run_id: str) -> None:
        self._folder = folder
        self._run_id = run_id
        self._file = "" if folder is None else os.path.join(folder, f"{os.getpid()}{_ENDING}")
        self._stated: list[str] | None = None
        self._met: dict[str, set[str]] = {}
        self._named: set[str] = set()
        self._next_look_s = 0.0

    def look(self, devices: Iterable[str]) -> None:
        """State the GPUs of this run, and remember which other runs use some of them now; at most once a second."""
        now_s = time.monotonic()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + _LOOK_S
            self._look(devices)

    def shared(self, devices: Iterable[str]) -> dict[str, list[str]]:
        """State the GPUs of this run, and return the other runs that used some of them since this was asked last, with these GPUs."""
        self._look(devices)
        found, self._met = {run_id: sorted(both) for run_id, both in self._met.items()}, {}
        return found

    def _look(self, devices: Iterable[str]) -> None:
        if self._folder is None:
            return
        own = sorted(devices)
        if own != self._stated and (known := life(os.getpid())):
            self._stated = own
            with contextlib.suppress(OSError), open(self._file, "w", encoding="utf-8") as stream:
                json.dump({"run_id": self._run_id, "life": known, "devices": own}, stream)
        for run_id, theirs in self._others():
            both = set(own).intersection(theirs)
            if both and run_id != self._run_id:
                self._met.setdefault(run_id, set()).update(both)

    def notes(self, shared: Mapping[str, Sequence[str]]) -> list[str]:
        """Return a note for each of the first runs that share GPUs, and one for all others."""
        notes = []
        for run_id, devices in shared.items():
            if run_id in self._named or len(self._named) > _MOST_NAMED:
                continue
            self._named.add(run_id)
            one = len(devices) == 1
            gpus, whose = ("1 GPU was", "its") if one else (f"{len(devices)} GPUs were", "their")
            if len(self._named) > _MOST_NAMED:
                notes.append(f"more than {_MOST_NAMED} runs were metered on the same GPUs at the same time: shared_with has all of them")
            else:
                notes.append(f"{gpus} also metered for the run {run_id} at the same time: each of the two records has all of {whose} energy")
        return notes

    def close(self) -> None:
        """State nothing any more; safe to call twice."""
        if self._stated is not None:
            self._stated = None
            with contextlib.suppress(OSError):
                os.unlink(self._file)

    def _others(self) -> Iterable[tuple[str, list[str]]]:
        try:
            names = [name for name in os.listdir(self._folder) if name.endswith(_ENDING)]
        except OSError:
            return
        for name in names:
            file, pid = os.path.join(self._folder or "", name), name.removesuffix(_ENDING)
            if not pid.isdigit() or int(pid) == os.getpid():
                continue
            stated = _read(file)
            is_alive = lives(int(pid), text(stated.get("life")) or "")
            if is_alive and (run_id := text(stated.get("run_id"))):
                yield run_id, [str(device) for device in items(stated.get("devices"))]
            elif not is_alive:
                _forget(file, is_dead=is_alive is False)


def _forget(file: str, *, is_dead: bool) -> None:
    """Remove what a process left that was killed, so that it is not read for ever; one of which nobody can tell that it is dead only after a week."""
    with contextlib.suppress(OSError):
        if is_dead or time.time() - os.stat(file).st_mtime > _KEPT_S:
            os.unlink(file)


def _read(file: str) -> Mapping[str, object]:
    try:
        with open_regular(file) as stream:
            return table(json.load(stream))
    except (OSError, ValueError, RecursionError):
        return {}
