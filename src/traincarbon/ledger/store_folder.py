"""The folder of a store, and anonymous names for machines and processes in it."""

import os

from traincarbon.errors import CarbonError
from traincarbon.ledger.store_access import file_mode, make_folder
from traincarbon.paths import data_folder
from traincarbon.procfs import stat_of
from traincarbon.reading import open_regular


def store_folder(given: str | os.PathLike[str] | None = None) -> str:
    """Return the folder of journals and ledger: *given* (``--store``), else ``$CARBON_STORE``, else the user's data folder.

    Raises:
        CarbonError: it is a URL, it is relative to a deleted folder, or none is given and there is no home folder.
    """
    named = os.fspath(given) if given is not None else os.environ.get("CARBON_STORE", "")
    if "://" in named:
        raise CarbonError(
            f"the store is a folder, not {named.partition('://')[0][:40]}://…", hint="give a folder that all machines can write: --store /shared/runs"
        )
    if named:
        try:
            return os.path.abspath(named)
        except OSError as error:  # the current folder was deleted
            raise CarbonError(f"the store {named[:40]!r} cannot be found from here: {error.strerror}", hint="give its full path") from None
    folder = data_folder()
    if folder.startswith("~"):
        raise CarbonError("there is no home folder to keep runs in", hint="give one: --store DIR or CARBON_STORE=DIR")
    return os.path.abspath(folder)


def node_name(store: str) -> str:
    """Return the anonymous name of this machine in *store*: a hash of its host name and a secret of the store, which is never exported.

    A machine keeps its name within a store and has another one in each other store. If the secret can be neither read nor made,
    the name is random, so that it is never that of another machine.
    """
    return name_of_machine(store, host_name()) or random_name()


def known_node_name(store: str) -> str:
    """Return what :func:`node_name` does, empty where the store has no secret yet: it is made by what writes, not by a question."""
    try:
        salt = _read(_secret_of(store))
    except OSError:
        return ""
    return _hash(salt, host_name()) if salt else ""


def name_of_machine(store: str, host: str) -> str:
    """Return the anonymous name that the machine *host* has in *store*, empty if the secret of the store can be neither read nor made."""
    salt = _salt(_secret_of(store))
    return _hash(salt, host) if salt else ""


def random_name() -> str:
    """Return a name that no machine has."""
    return os.urandom(6).hex()


def life(process: int) -> str:
    """Return what tells *process* apart from a later one with the same id: boot, process namespace and start time, or "" if unknown.

    Only Linux states all three. Elsewhere it is empty, and only the age of a run's last line tells whether the run is alive.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            boot = stream.read().strip()
        space = os.readlink(f"/proc/{process}/ns/pid")
    except (OSError, ValueError):
        return ""
    stat = stat_of(process)
    return "" if stat is None else f"{_hash(b'', boot)}/{space}/{stat.born}"


def lives(process: int, known_life: str) -> bool | None:
    """Return whether the process that had *known_life* is alive, or None if this machine cannot tell, as for a process of another machine."""
    here = life(os.getpid()).split("/")
    there = known_life.split("/")
    if len(here) != 3 or len(there) != 3 or here[:2] != there[:2]:
        return None
    stat = stat_of(process)
    return stat is not None and not stat.has_ended and life(process) == known_life  # a zombie has ended too


def _secret_of(store: str) -> str:
    return os.path.join(store, "salt")


def _salt(file: str) -> bytes:
    """Return the secret of a store, made when it is first needed, or "" if it can be neither read nor made."""
    try:
        return _read(file)
    except OSError:
        own = f"{file}-{os.urandom(6).hex()}"
    try:
        folder = os.path.dirname(file)
        make_folder(folder)
        descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file_mode(folder))
        try:
            os.write(descriptor, os.urandom(16))
        finally:
            os.close(descriptor)
        try:
            os.link(own, file)  # complete at once, and never in place of an existing one
        except OSError:
            if not os.path.exists(file):
                os.replace(own, file)  # a file system without links
        return _read(file)
    except OSError:
        return b""
    finally:
        if os.path.exists(own):
            os.remove(own)


def _read(file: str) -> bytes:
    with open_regular(file) as stream:
        return stream.read(64)


def host_name() -> str:
    """Return the name that this machine has of itself, with its domain where the system has it so."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def _hash(salt: bytes, text: str) -> str:
    # hashlib loads OpenSSL, 4 MiB that the process beside a training does not need
    from _blake2 import blake2s

    return blake2s(text.encode("utf-8", "surrogateescape"), key=salt, digest_size=6).hexdigest()
