"""Other runs that this user's metering processes meter on this machine at the same time, and the GPUs that they share."""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping

from traincarbon.decode import items, number, table, text
from traincarbon.procfs import stat_of

_ENDING = ".run"


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

    def shared(self, devices: Iterable[str]) -> dict[str, list[str]]:
        """State the GPUs of this run, and return the other runs that use some of them now, with these GPUs."""
        own = sorted(devices)
        if self._folder is None:
            return {}
        if own != self._stated and (stat := stat_of(os.getpid())) is not None:
            self._stated = own
            with contextlib.suppress(OSError), open(self._file, "w", encoding="utf-8") as stream:
                json.dump({"run_id": self._run_id, "born": stat.born, "devices": own}, stream)
        found: dict[str, list[str]] = {}
        for run_id, theirs in self._others():
            both = sorted(set(own).intersection(theirs) | set(found.get(run_id, ())))
            if both and run_id != self._run_id:
                found[run_id] = both
        return found

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
            stated = _read(os.path.join(self._folder or "", name))
            pid, run_id = name.removesuffix(_ENDING), text(stated.get("run_id"))
            stat = stat_of(int(pid)) if pid.isdigit() and int(pid) != os.getpid() else None
            if run_id and stat is not None and not stat.has_ended and stat.born == number(stated.get("born")):
                yield run_id, [str(device) for device in items(stated.get("devices"))]


def describe_shared(shared: Mapping[str, list[str]]) -> list[str]:
    """Return a note for each run that shares GPUs.

    Example:
        >>> describe_shared({"b": ["gpu:0", "gpu:1"]})
        ['2 GPUs were also metered for the run b at the same time: each of the two records has all of their energy']
    """
    return [
        f"{len(devices)} GPU{'' if len(devices) == 1 else 's'} {'was' if len(devices) == 1 else 'were'} also metered for the run {run_id} at the same time: "
        f"each of the two records has all of {'its' if len(devices) == 1 else 'their'} energy"
        for run_id, devices in shared.items()
    ]


def _read(file: str) -> Mapping[str, object]:
    try:
        with open(file, encoding="utf-8") as stream:
            return table(json.load(stream))
    except (OSError, ValueError, RecursionError):
        return {}
