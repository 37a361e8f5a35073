"""What readers of other programs' files share: their options, their result, and records made from what they found."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple, TextIO

from traincarbon.ledger.masking import mask_text
from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.quantities import ENERGY_PARTS, EnergySource, Part
from traincarbon.readers.plausible import Basis, without_impossible

ENDINGS = {
    "finished": "finished", "completed": "finished",
    "failed": "failed", "crashed": "failed", "out_of_memory": "failed", "node_fail": "failed", "boot_fail": "failed", "launch_failed": "failed",
    "special_exit": "failed", "killed": "killed", "cancelled": "killed", "timeout": "killed", "preempted": "killed", "deadline": "killed",
    "revoked": "killed", "requeued": "killed", "stopped": "killed",
}  # fmt: skip
"""The words of other programs for the end of a run, and ours; with any other word the run has not ended yet."""
UNKNOWN_END = "lost"
"""The state of a run if nothing states how it ended."""
ZERO = "the file says 0, which it also says without a sensor"
_SLASHES = re.compile(r"^(\d{4})/(\d\d)/(\d\d)(?=\D|$)")
_MOST_SINCE_S = 1e11
"""A greater number of seconds would be beyond the year 5000."""
ENERGY_COVERS = ("cpu", "node", "gpu")
"""What the energy of a scheduler may cover: the processors with their memory, whole nodes, or the GPUs."""
NO_ZONE = "its times have no zone and were read as UTC; name theirs with --timezone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What the user states about a file."""

    name: str = ""
    """The file's name, without its folder; empty for standard input."""
    path: str = ""
    """The file, for readers of files that lie beside it; empty for standard input."""
    zone: tzinfo | None = None
    """The zone of times that name none; None means that it is not known, and that they are read as UTC."""
    hw: str = ""
    """The hardware of all runs, empty if the user does not state it."""
    energy_covers: str = ""
    """What a scheduler's energy covers, one of :data:`ENERGY_COVERS`; empty if it is unknown."""
    params_column: str = ""
    tokens_column: str = ""


class Imported(NamedTuple):
    """The runs of a file, the parts that were left out with their positions, and notes on the rest."""

    records: Sequence[Run]
    left_out: list[str]
    notes: list[str]


Reader = Callable[[TextIO, ImportOptions], Imported]
Energies = Mapping[Part, tuple[float, EnergySource]]
"""The energy of each part in joules, and how it is known."""


class Format(NamedTuple):
    """A format of files that can be imported.

    Attributes:
        name: Its name on the command line.
        title: What such a file is.
        carries: What its records hold.
        lacks: What such a file does not state, or states in a way that cannot be used.
        note: What else to know about it.
        recognise: Whether a file that begins like this has this format.
        read: Its reader.
        has_free_columns: Whether its users name its columns, so that they can state which ones hold parameters and tokens.
        files: Patterns of the names that its program gives to files, by which they are found in a folder.
    """

    name: str
    title: str
    carries: str
    lacks: str
    note: str
    recognise: Callable[[str], bool]
    read: Reader
    has_free_columns: bool = False
    files: tuple[str, ...] = ()


class BinaryFormat(NamedTuple):
    """A format of files that are not text; its attributes are those of :class:`Format`."""

    name: str
    title: str
    carries: str
    lacks: str
    note: str
    recognise: Callable[[bytes], bool]
    read: Callable[[BinaryIO, ImportOptions], Imported]
    files: tuple[str, ...] = ()


def record_of(
    *,
    run_id: str,
    state: str,
    began: datetime | None,
    duration_s: float,
    energy_j: Energies,
    missing: Mapping[str, str],
    basis: Basis = Basis(),  # noqa: B008  it is frozen
    check: Callable[[Run, Basis], Run] = without_impossible,
    **known: Any,
) -> Run:
    """Return the record of a run that another program metered, without values that no machine can have.

    Args:
        run_id: Its name; persons, machines and secrets in it are masked.
        state: How it ended.
        began: When it began, None if unknown.
        duration_s: How long it took. [s]
        energy_j: Energy of each metered part and its source; an energy of 0 means that it was not metered. [J]
        missing: Why other parts were not metered; the reason under ``""`` is for all others.
        basis: What the reader knows of its energies.
        check: What becomes of values that no machine can have; by default they are set aside.
        known: Further fields of the record.

    Raises:
        CarbonError: a value is not of its type, or negative.
        ValueError: the duration cannot be.
    """
    metered = {part: (energy, how) for part, (energy, how) in energy_j.items() if energy != 0.0}
    reasons = {part: ZERO if part in energy_j else missing.get(part) or missing.get("", "the file states no energy for it") for part in ENERGY_PARTS}
    texts = {name: masked(known[name]) for name in ("project", "hw") if known.get(name)}
    stated = {
        "schema": RUN_SCHEMA,
        "run_id": mask_text(run_id, before="run_id"),
        "state": state,
        "started_at": "" if began is None else timestamp(began),
        "duration_s": duration_s,
        "energy_covers": "",
        **known,
        **texts,
        "energy_j": {part: energy for part, (energy, _) in metered.items()},
        "how": {part: how for part, (_, how) in metered.items()},
        "missing": {part: reason for part, reason in reasons.items() if part not in metered},
    }
    return check(Run.from_dict(stated), basis)


@lru_cache(maxsize=256)
def masked(text: str) -> str:
    """Return a text without persons and machines. It is cached, as many runs of a file share project and hardware."""
    return mask_text(text)


def exactly(value: float | None) -> dict[str, float] | None:
    """Return a value without uncertainty as the interval that records have."""
    return None if value is None else {"low": value, "median": value, "high": value}


@lru_cache(maxsize=4096)
def moment(text: str, zone: tzinfo | None) -> datetime:
    """Return the time that *text* states in ISO 8601 or in seconds since 1970, in UTC. If it names no zone, it is in *zone*.

    Raises:
        ValueError: it states no time.

    Example:
        >>> moment("2026-11-25 13:30:45.219+01:00", None).isoformat(), moment("1795613276", None).isoformat()
        ('2026-11-25T12:30:45.219000+00:00', '2026-11-25T13:27:56+00:00')
        >>> moment("2026/11/25 13:30:45.219", None) == moment("1795613445219", None)
        True
    """
    try:
        text = text.strip()
        if text.replace(".", "", 1).isdigit():
            return instant(float(text))
        found = _dated(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone or UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no date and time") from error


def _dated(text: str) -> datetime:
    """Return the date and time of ISO 8601, or with slashes as ``nvidia-smi`` writes it.

    Raises:
        ValueError: it is neither.
    """
    return datetime.fromisoformat(_SLASHES.sub(r"\1-\2-\3", text) if "/" in text else text)


def instant(since_s: float) -> datetime:
    """Return the time *since_s* seconds after the beginning of 1970; what would be beyond the year 5000 is in milliseconds, microseconds or nanoseconds.

    Raises:
        ValueError: it is beyond the calendar.
    """
    for _ in range(3):
        since_s = since_s / 1e3 if since_s > _MOST_SINCE_S else since_s
    try:
        return datetime.fromtimestamp(since_s, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"{since_s:g} seconds after 1970 is beyond the calendar") from error


def names_a_zone(text: str) -> bool:
    """Return whether a date and time names its zone."""
    return text.replace(".", "", 1).isdigit() or _dated(text.strip()).tzinfo is not None


def before(ended: datetime, duration_s: float) -> datetime | None:
    """Return the time *duration_s* before *ended*, None if it is before the beginning of the calendar."""
    try:
        return ended - timedelta(seconds=duration_s)
    except OverflowError:
        return None


def timestamp(when: datetime) -> str:
    """Return a time in the form that records have."""
    return f"{when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
