"""Start a command as a shell would."""

import contextlib
import errno
import os
from collections.abc import Iterable, Sequence
from typing import NoReturn, TypeAlias, TypedDict

from traincarbon.errors import CarbonError

FileAction: TypeAlias = tuple[int, int, int]
"""A descriptor action of ``os.posix_spawn``."""
NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes of a command that cannot be started, as in shells."""
NO_ROOM = "the run is not metered: the limit of processes (ulimit -u) leaves room for the command alone"

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""Values to which Python sets LC_CTYPE in the locale C."""
_SHELL = "/bin/sh"


class CommandError(CarbonError):
    """The command cannot be started; ``exit_code`` is that of a shell in this case."""

    def __init__(self, command: str, error: OSError) -> None:
        super().__init__(
            f"cannot start {command[:200]!r}: {error.strerror or error}", hint="a script may need its interpreter: carbon track -- python train.py"
        )
        self.exit_code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


class SpawnOptions(TypedDict, total=False):
    """Options of ``os.posix_spawn``."""

    file_actions: Sequence[FileAction]
    setsigmask: Iterable[int]
    setsigdef: Iterable[int]


def spawn(command: list[str], environment: dict[str, str], how: SpawnOptions) -> int:
    """Start *command*; the shell runs a script that names no interpreter, as it would from a shell."""
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


def become(command: list[str], environment: dict[str, str], how: SpawnOptions) -> NoReturn:
    """Replace this process by *command*, where the system allows no further process. Its descriptors stay those of this process.

    Raises:
        OSError: it cannot be started.
    """
    from signal import SIG_DFL, SIG_SETMASK, pthread_sigmask, signal  # rarely needed

    for number in how.get("setsigdef", ()):
        signal(number, SIG_DFL)
    pthread_sigmask(SIG_SETMASK, how.get("setsigmask", ()))
    os.execvpe(command[0], command, environment)  # noqa: S606  no shell, as without the tracker


def own_environment() -> dict[str, str]:
    """Return the environment that this process was started with, without Python's change of the locale."""
    environment = dict(os.environ)
    if environment.get("LC_CTYPE") in _COERCED:
        with contextlib.suppress(OSError), open("/proc/self/environ", "rb") as stream:
            given = dict(os.fsdecode(entry).partition("=")[::2] for entry in stream.read().split(b"\0"))
            del environment["LC_CTYPE"]
            environment |= {name: value for name, value in given.items() if name == "LC_CTYPE"}
    return environment


def _is_binary(file: str) -> bool:
    """Return whether *file* cannot be a shell script."""
    try:
        with open(file, "rb") as stream:
            return b"\0" in stream.read(128)
    except OSError:
        return True
