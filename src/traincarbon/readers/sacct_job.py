"""A job of SLURM, and a step of one, from a row of ``sacct``."""

import re
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from traincarbon.readers.imported import ENDINGS, ImportOptions, moment, timestamp
from traincarbon.readers.table import Row

_NOT_VALUES = (0.0, float(0xFFFFFFFFFFFFFFFE), float(0xFFFFFFFF), float(0xFFFFFFFE))
"""What SLURM writes for an unknown energy: 0, and its NO_VAL and INFINITE of 64 bits (one number as a float) and of 32 bits."""
_GRES = re.compile(r"(?P<node>gres[:/])?gpu(?:[:=](?P<kind>[a-z][\w.-]*))?(?:[:=](?P<count>\d+))?(?:\(.*)?$", re.IGNORECASE)
_PREFIXES = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_ELAPSED = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_ISO_SIGNS = ("-", "-", "T", ":", ":")
_OF_A_KIND = ("State", "ExitCode", "NNodes", "AllocNodes", "AllocTRES", "AllocGRES", "ReqGRES", "ReqTRES", "Cluster")
"""Columns whose cells many jobs share."""


class Kind(NamedTuple):
    """What many jobs share: how they ended, and the devices they had."""

    state: str
    """How they ended, empty if they have not."""
    exit_code: int | None
    nodes: float
    accelerators: int | None
    hw: str
    cluster: str


class Job(NamedTuple):
    """A job of one row: what it states, in few bytes, as it may wait for its steps until the end of the file."""

    line: int
    id: str
    project: str
    kind: Kind
    started_at: str
    start: str
    duration_s: float
    energy_j: float | None


class Step(NamedTuple):
    """A step of a job, with the energy of its nodes while it ran."""

    name: str
    nodes: float
    began: datetime | None
    ended: datetime | None
    energy_j: float


def job_of(id: str, row: Row, options: ImportOptions) -> Job:
    """Return the job of a row.

    Raises:
        ValueError: it never began, has not ended, or a cell cannot be read.
    """
    start = row.text("Start")
    energy_j = _stated_j(row)
    duration_s = _elapsed_s(row)
    kind = _kind(tuple(map(row.cells.get, _OF_A_KIND)))
    if not start or start.lower() == "unknown" or (kind.state and not duration_s):
        raise ValueError("it never began")
    if not kind.state:
        raise ValueError(f"it is {_state(row.text('State')).upper()[:20]} and has not ended; import it when it has")
    return Job(row.line, id, row.text("JobName"), kind, _started_at(start, options.zone), start, duration_s, energy_j)


def step_of(name: str, row: Row, options: ImportOptions) -> Step | None:
    """Return the step of a row, None if it states no energy.

    Raises:
        ValueError: a cell cannot be read.
    """
    energy_j = _stated_j(row)
    if energy_j is None:
        return None
    began, ended = (moment(text, options.zone) if (text := row.text(column)) and text.lower() != "unknown" else None for column in ("Start", "End"))
    return Step(name, row.amount("NNodes") or 1.0, began, ended, energy_j)


def _started_at(start: str, zone: tzinfo | None) -> str:
    """Return when a job began, as records state it. The form that SLURM prints by default is that form already, but for the microseconds.

    Raises:
        ValueError: it is no time.
    """
    if zone is None and len(start) == 19 and (start[4], start[7], start[10], start[13], start[16]) == _ISO_SIGNS:
        try:
            datetime.fromisoformat(start)
        except ValueError as error:
            raise ValueError(f"{start!r} is no date and time") from error
        return f"{start}.000000Z"
    return timestamp(moment(start, zone))


@lru_cache(maxsize=4096)
def _kind(cells: tuple[str | None, ...]) -> Kind:
    """Return what the cells of :data:`_OF_A_KIND` state.

    Raises:
        ValueError: a number of nodes cannot be read.
    """
    row = Row(0, {column: cell for column, cell in zip(_OF_A_KIND, cells, strict=True) if cell is not None})
    tres = _tres(row)
    nodes = row.amount("NNodes") or row.amount("AllocNodes") or tres.get("node") or 1.0
    state = ENDINGS.get(_state(row.text("State")), "")
    code, _, signal = row.text("ExitCode").partition(":")
    exit_code = int(code) if code.isdigit() and signal in ("", "0") and state != "killed" else None
    return Kind(state, exit_code, nodes, *_accelerators(tres, nodes), row.text("Cluster"))


@lru_cache(maxsize=1024)
def _state(text: str) -> str:
    """Return a state in small letters. Plain output cuts it off, as CANCELLED+."""
    word = text.split(" ", maxsplit=1)[0].lower()
    return next((each for each in ENDINGS if each.startswith(word[:-1])), word) if word.endswith("+") else word


def _stated_j(row: Row) -> float | None:
    for column in ("ConsumedEnergyRaw", "ConsumedEnergy"):
        if not (cell := row.text(column)):
            continue
        prefix = _PREFIXES.get(cell[-1].upper(), 1.0)
        try:
            energy_j = float(cell if prefix == 1.0 else cell[:-1]) * prefix
        except ValueError as error:
            raise ValueError(f"column {column}: {cell[:40]!r} is not a number of joules") from error
        if not 0.0 <= energy_j < 1e300:
            raise ValueError(f"column {column}: {cell[:40]!r} is not a number of joules")
        return None if energy_j in _NOT_VALUES else energy_j
    return None


def _elapsed_s(row: Row) -> float:
    raw = row.amount("ElapsedRaw")
    if raw is not None:
        return raw
    found = _ELAPSED.fullmatch(row.text("Elapsed"))
    if not found:
        raise ValueError(f"column Elapsed: {row.text('Elapsed')[:40]!r} is not a time such as 1-02:03:04")
    days, hours, minutes, seconds = (float(part or 0.0) for part in found.groups())
    return ((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds


def _tres(row: Row) -> dict[str, float]:
    """Return the count of each resource of a job, such as 8 of ``gres/gpu:a100``. Before SLURM 21.08 AllocGRES states ``gpu:v100:4``."""
    tres = dict(_pair(pair) for pair in row.text("AllocTRES").split(",") if "=" in pair)
    if not any(name.startswith("gres/gpu") for name in tres):
        for text in row.text("AllocGRES", "ReqGRES", "ReqTRES").split(","):
            if known := _GRES.match(text.strip()):
                name = "gres/gpu" + (f":{known['kind']}" if known["kind"] else "") + ("/node" if known["node"] else "")
                tres[name] = tres.get(name, 0.0) + float(known["count"] or 1.0)
    return tres


def _pair(text: str) -> tuple[str, float]:
    name, _, count = text.strip().partition("=")
    return name, float(count) if count.isdigit() else 0.0


def _accelerators(tres: dict[str, float], nodes: float) -> tuple[int | None, str]:
    """Return the number and the names of the accelerators. A count without a name includes all named ones; ``gres:gpu:2`` counts those of a node."""
    total = {name.removesuffix("/node"): count * (nodes if name.endswith("/node") else 1.0) for name, count in tres.items()}
    named = {name.partition(":")[2]: count for name, count in total.items() if name.startswith("gres/gpu:") and count}
    count = sum(named.values()) or total.get("gres/gpu")
    return int(count) if count else None, " + ".join(named)
