"""Values as launchers write them into the environment: counts and lists of nodes. Nothing is trusted; what is not valid is not stated."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

Environment: TypeAlias = Mapping[str, str]

_MOST_DIGITS, _MOST_CHARACTERS = 9, 100_000
_REPEATED = re.compile(r"([0-9]{1,9})(?:\(x([0-9]{1,9})\))?")
"""A count of tasks, and on how many nodes in a row."""
_MOST_PARTS = 128
"""Slurm's own bound on the parts of a heterogeneous job."""


class Text(NamedTuple):
    """A text and the variables that state it."""

    value: str
    variables: tuple[str, ...]


class Count(NamedTuple):
    """A count and the variables that state it."""

    value: int
    variables: tuple[str, ...]


TextReader: TypeAlias = Callable[[Environment], Text | None]
CountReader: TypeAlias = Callable[[Environment], Count | None]


def stated(env: Environment, name: str) -> str:
    """Return the value of a variable without blanks around it, "" where it is unset, not printable or absurdly long."""
    value = env.get(name, "").strip()
    return value if value.isprintable() and len(value) <= _MOST_CHARACTERS else ""


def text(*names: str, but: tuple[str, ...] = ()) -> TextReader:
    """Return a reader of the first of *names* that states anything; the words *but* state nothing."""

    def read(env: Environment) -> Text | None:
        return next((Text(value, (name,)) for name in names if (value := stated(env, name)) and value.lower() not in but), None)

    return read


def count(*names: str, less: int = 0) -> CountReader:
    """Return a reader of the first of *names* that states a count, from which *less* is subtracted, as by launchers that count from one."""

    def read(env: Environment) -> Count | None:
        return next((Count(max(number - less, 0), (name,)) for name in names if (number := _number(stated(env, name))) is not None), None)

    return read


def flag(name: str) -> CountReader:
    """Return a reader of whether a job was started again, as 1 or 0, where the launcher states no count: ``Y``, or any number but 0."""

    def read(env: Environment) -> Count | None:
        written = stated(env, name)
        return Count(int(written.lower() not in ("0", "n", "no")), (name,)) if written else None

    return read


def positive(*names: str) -> CountReader:
    """Return a reader of the first of *names* that states a count of at least one."""

    def read(env: Environment) -> Count | None:
        return next((Count(number, (name,)) for name in names if (number := _number(stated(env, name)))), None)

    return read


def ratio(whole: str, part: str) -> CountReader:
    """Return a reader of how many nodes there are by the processes of all and of one; none where that is no whole number."""

    def read(env: Environment) -> Count | None:
        processes, each = _number(stated(env, whole)), _number(stated(env, part))
        return Count(processes // each, (whole, part)) if processes and each and not processes % each else None

    return read


def fewest(*names: str) -> CountReader:
    """Return a reader of a count or a range of torchrun: ``1:4`` promises one node."""

    def read(env: Environment) -> Count | None:
        return next((Count(number, (name,)) for name in names if (number := _number(stated(env, name).partition(":")[0]))), None)

    return read


def here(tasks: str, *, node: str) -> CountReader:
    """Return a reader of the tasks on this node from Slurm's list: the third node of ``4(x2),3`` has 3."""

    def read(env: Environment) -> Count | None:
        index, left = _number(stated(env, node)), stated(env, tasks)
        if index is None or not left:
            return None
        for part in left.split(","):
            listed = _REPEATED.fullmatch(part)
            if listed is None:
                return None
            nodes = int(listed[2] or 1)
            if index < nodes:
                return Count(int(listed[1]), (tasks, node))
            index -= nodes
        return None

    return read


def hosts(name: str) -> CountReader:
    """Return a reader of the number of hosts in LSF's list of a host and its slots: ``batch1 1 a 4 b 4`` has two and one that only runs the script."""

    def read(env: Environment) -> Count | None:
        named = {host for host in stated(env, name).split()[::2] if not host.startswith("batch")}
        return Count(len(named), (name,)) if named else None

    return read


def total(*names: str, of: str) -> CountReader:
    """Return a reader of a sum over the parts of a heterogeneous Slurm job, whose number *of* states: ``NAME_HET_GROUP_0`` and so on."""

    def read(env: Environment) -> Count | None:
        parts = min(_number(stated(env, of)) or 0, _MOST_PARTS)
        for name in names:
            known = [number for part in range(parts) if (number := _number(stated(env, f"{name}_HET_GROUP_{part}")))]
            if known and len(known) == parts:
                return Count(sum(known), (of, f"{name}_HET_GROUP_*"))
        return None

    return read


def first(*readers: CountReader) -> CountReader:
    """Return a reader that asks *readers* in turn."""

    def read(env: Environment) -> Count | None:
        return next((found for reader in readers if (found := reader(env)) is not None), None)

    return read


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS else None
