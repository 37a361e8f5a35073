"""The door of a run on a node: a lock that one living process holds, and the socket through which the others hand over to it."""

import array
import contextlib
import fcntl
import json
import math
import os
import time
from _socket import AF_UNIX, CMSG_SPACE, SCM_RIGHTS, SHUT_WR, SO_PEERCRED, SOCK_STREAM, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812  the module socket takes 10 ms to import
from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.decode import items, table, text
from traincarbon.tracking.messages import from_line, to_line
from traincarbon.tracking.settings import Settings

_PATIENCE_S = 60.0
"""Longest wait for the answer of a process that opens its meters first."""
_MEMBER_S = 1.0
"""Longest wait for what another process hands over."""
_RETRY_S = 0.02
_BACKLOG = 1024
_MOST_B = 1 << 22
_N_DESCRIPTORS = 4
_YES, _NO = b"y", b"n"


class HandedOver(NamedTuple):
    """What another process hands over: its settings, its descriptors and what it has seen."""

    settings: Settings
    descriptors: tuple[int, ...]
    """To read from and to write to the owner, the job's reports, and a copy of its output."""
    unread: bytes
    """What the owner had sent and the other process had not used."""
    devices: tuple[str, ...]
    """The GPUs that the other process can read."""
    environment: dict[str, str]
    """The variables by which the owner chooses GPUs."""


class Door:
    """The lock and the socket of the process that meters a run on this node. A killed holder loses both.

    Args:
        lock: Descriptor of the locked file.
        listener: The socket.
        path: Path of the files, without their endings.
    """

    def __init__(self, lock: int, listener: Socket, path: str) -> None:
        self._lock = lock
        self._listener = listener
        self._path = path
        self._asking: Socket | None = None
        self.earlier_s = -math.inf
        """When the holder before began to meter the session that this one goes on with."""

    def take_session(self, settings: Settings) -> str:
        """Return the session that the holder meters, and leave it for a process that takes over: that of a killed holder, if this one replaces it."""
        session, file = settings.session, f"{self._path}.session"
        if settings.continues:
            with contextlib.suppress(OSError, ValueError), open(file, encoding="ascii") as stream:
                earlier, _, since = stream.read(99).partition(" ")
                self.earlier_s = float(since or "-inf")
                session = earlier or session
        with contextlib.suppress(OSError), open(file, "w", encoding="ascii") as stream:
            stream.write(f"{session} {time.monotonic()}")
        return session

    def fileno(self) -> int:
        """Return the descriptor that is readable when another process asks to hand over, -1 once it is closed."""
        return self._listener.fileno()

    def receive(self) -> HandedOver | None:
        """Return what the next process hands over, which waits for :meth:`answer`; None if it sent nothing valid."""
        try:
            accepted, _ = self._listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001  what the class of the slow module calls
        except OSError:
            return None
        os.set_inheritable(accepted, False)
        asking = Socket(fileno=accepted)
        asking.settimeout(_MEMBER_S)
        handed = _received(asking) if _is_same_user(asking) else None
        if handed is None:
            asking.close()
        else:
            self._asking = asking
        return handed

    def answer(self, *, accepted: bool) -> None:
        """Tell the process whether it is metered here; if not it goes on by itself."""
        if self._asking is not None:
            with contextlib.suppress(OSError):
                self._asking.send(_YES if accepted else _NO)
            self._asking.close()
            self._asking = None

    def close(self) -> None:
        """Let the next process be the first; safe to call twice."""
        if self._lock < 0:
            return
        self.answer(accepted=False)
        for ending in (".sock", ".session", ".lock"):
            with contextlib.suppress(OSError):
                os.unlink(self._path + ending)
        self._listener.close()
        os.close(self._lock)
        self._lock = -1


def open_door(folder: str, key: str) -> Door | None:
    """Return the door of the run *key* if no living process holds it, else None.

    Raises:
        OSError: the folder's file system has no locks or no sockets.
    """
    path = os.path.join(folder, key)
    while True:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file(lock, f"{path}.lock"):
                return Door(lock, _listening(path), path)
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)  # the last holder has just removed it


def hand_over(folder: str, key: str, handed: HandedOver) -> bool | None:
    """Hand over to the process that holds the door; return whether it accepts, None if it ended before it answered."""
    until_s = time.monotonic() + _RETRY_S
    while True:  # the holder has the lock a moment before it listens
        try:
            with contextlib.closing(_socket()) as asked, _short(os.path.join(folder, f"{key}.sock")) as address:
                asked.settimeout(_PATIENCE_S)
                asked.connect(address)
                _send(asked, handed)
                answer = asked.recv(1)
        except TimeoutError:
            return False
        except OSError:
            if time.monotonic() >= until_s:
                return None
            time.sleep(_RETRY_S / 4.0)
            continue
        return answer == _YES if answer else None


def is_held(folder: str, key: str) -> bool:
    """Return whether a living process holds the door of the run *key*."""
    try:
        with contextlib.closing(_socket()) as asked, _short(os.path.join(folder, f"{key}.sock")) as address:
            asked.connect(address)
    except OSError:
        return False
    return True


def _is_file(descriptor: int, path: str) -> bool:
    """Return whether *descriptor* is the file that *path* names now."""
    try:
        named = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    status = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (status.st_dev, status.st_ino)


def _listening(path: str) -> Socket:
    listener = _socket()
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{path}.sock")  # that of a holder that was killed
        with _short(f"{path}.sock") as address:
            listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _send(asked: Socket, handed: HandedOver) -> None:
    stated = {
        "settings": to_line(handed.settings).decode("ascii"),
        "unread": handed.unread.decode("latin-1"),
        "devices": handed.devices,
        "environment": handed.environment,
    }
    data = json.dumps(stated).encode("ascii")
    passed = array.array("i", handed.descriptors)
    sent = asked.sendmsg([data], [(SOL_SOCKET, SCM_RIGHTS, passed)])
    asked.sendall(data[sent:])
    asked.shutdown(SHUT_WR)


def _received(asking: Socket) -> HandedOver | None:
    """Return what arrives until the sender has sent all, without what is not valid; descriptors of a message that is not are closed."""
    data, descriptors = b"", array.array("i")
    try:
        while len(data) < _MOST_B:
            piece, passed, _, _ = asking.recvmsg(1 << 16, CMSG_SPACE(_N_DESCRIPTORS * descriptors.itemsize))
            for level, kind, content in passed:
                if (level, kind) == (SOL_SOCKET, SCM_RIGHTS):
                    descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
            if not piece:
                break
            data += piece
        handed = _handed(data, tuple(descriptors))
    except (OSError, ValueError, RecursionError):
        handed = None
    if handed is None:
        for descriptor in descriptors:
            os.close(descriptor)
    return handed


def _handed(data: bytes, descriptors: tuple[int, ...]) -> HandedOver | None:
    stated = table(json.loads(data))
    settings = from_line((text(stated.get("settings")) or "").encode("ascii"))
    if not isinstance(settings, Settings) or len(descriptors) != _N_DESCRIPTORS:
        return None
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return HandedOver(
        settings,
        descriptors,
        unread=(text(stated.get("unread")) or "").encode("latin-1"),
        devices=tuple(map(str, items(stated.get("devices")))),
        environment={name: str(value) for name, value in table(stated.get("environment")).items()},
    )


def _is_same_user(asking: Socket) -> bool:
    """Return whether a process of this user asks."""
    stated = array.array("i", asking.getsockopt(SOL_SOCKET, SO_PEERCRED, 3 * array.array("i").itemsize))
    return stated[1] == os.getuid()


def _socket() -> Socket:
    return Socket(AF_UNIX, SOCK_STREAM)


@contextlib.contextmanager
def _short(path: str) -> Iterator[str]:
    """Give a name for *path* that fits into the address of a socket, which holds about 100 bytes."""
    folder, name = os.path.split(path)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        through = f"/proc/self/fd/{descriptor}"
        yield f"{through}/{name}" if os.path.isdir(through) else path
    finally:
        os.close(descriptor)
