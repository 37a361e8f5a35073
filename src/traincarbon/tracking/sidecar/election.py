"""One metering process for all processes of a run on a node: the first that asks is elected, the others hand over to it."""

import contextlib
import os
import time
from typing import TYPE_CHECKING

from traincarbon.meters.base import REPLAY
from traincarbon.meters.visible_devices import choosing
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.runtime_folder import runtime_folder

if TYPE_CHECKING:
    from traincarbon.tracking.channel import Channel
    from traincarbon.tracking.sidecar.door import Door, HandedOver
    from traincarbon.tracking.sidecar.first_reading import EarlyReadings

_MOST_ATTEMPTS = 100
_OUTER_S = 10.0
"""Longest wait for the process that meters around this one, which may have been replaced a moment ago."""
_RESOLVE_S, _PAUSE_S = 1.0, 0.05


class HandedOverError(Exception):
    """Another process meters the run on this node, and goes on with what this one was given."""


def elected(settings: Settings, channel: "Channel", pipes: tuple[int, int, int, int], early: "EarlyReadings") -> "Door | None":
    """Return the door of the run if this process is the first of it on this node; None if it can only meter by itself.

    It meters by itself where processes cannot find each other, as without a folder that only the user can write, or where the elected
    process cannot read a GPU that this one can.

    Args:
        settings: Those of this process.
        channel: The channel to its owner.
        pipes: Descriptors of the channel, of the job's reports and of a copy of its output.
        early: The GPUs that this process can read.

    Raises:
        HandedOverError: another process meters the run on this node, or the settings ask for that of an outer tracker.
    """
    from traincarbon.tracking.sidecar.door import HandedOver, hand_over, open_door

    folder = runtime_folder()
    key = run_key(settings.run_id, settings.store)
    if settings.joins:
        if folder is not None:
            _hand_to_outer(folder, key, HandedOver(settings, pipes, channel.unread(), early.devices, choosing(os.environ)))
        early.close()
        raise HandedOverError
    if folder is None:
        return None
    try:
        for _ in range(_MOST_ATTEMPTS):
            door = open_door(folder, key)
            if door is not None:
                return door
            handed = HandedOver(settings, pipes, channel.unread(), early.devices, choosing(os.environ))
            answer = hand_over(folder, key, handed)
            if answer is not None:
                break
        else:
            return None
    except (OSError, ImportError):  # no locks or no sockets on this file system, or on this system
        return None
    if answer:
        early.close()
        raise HandedOverError
    return None


def _hand_to_outer(folder: str, key: str, handed: "HandedOver") -> None:
    """Hand over to the process that meters around this one; where none takes it, the owner sees its channel end."""
    from traincarbon.tracking.sidecar.door import hand_over

    until_s = time.monotonic() + _OUTER_S
    with contextlib.suppress(OSError, ImportError):
        while hand_over(folder, key, handed) is None and time.monotonic() < until_s:
            time.sleep(_PAUSE_S)


def is_metered_here(run_id: str, store: str) -> bool:
    """Return whether a living process meters the run on this node."""
    from traincarbon.tracking.sidecar.door import is_held

    folder = runtime_folder()
    return folder is not None and is_held(folder, run_key(run_id, store))


def run_key(run_id: str, store: str) -> str:
    """Return the name under which the processes of a run on this node find each other: that of run, store, machine and namespaces."""
    from _blake2 import blake2s  # hashlib loads OpenSSL, which takes time and memory

    spaces = [_link(f"/proc/self/ns/{name}") for name in ("pid", "uts")]
    told_apart = [run_id, _resolved(store), _boot(), *spaces, os.environ.get(REPLAY, "")]
    return blake2s("\0".join(told_apart).encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()


def _resolved(store: str) -> str:
    """Return the store without links, or as it was given if it does not answer."""
    from traincarbon.ledger.patience import Asked

    try:
        return Asked(lambda: os.path.realpath(store)).answer(within_s=_RESOLVE_S)
    except OSError:
        return os.path.abspath(store)


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def _link(file: str) -> str:
    try:
        return os.readlink(file)
    except OSError:
        return ""
