"""What a reader of other programs' files is told, what it gives back, and how it makes a record of what it found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple, TextIO

from traincarbon.ledger.masking import mask_text
from traincarbon.ledger.record import RunRecord
from traincarbon.ledger.record_checks import RUN_SCHEMA
from traincarbon.quantities import ENERGY_PARTS

J_PER_KWH = 3.6e6
ENDINGS = {
    "finished": "finished", "completed": "finished",
    "failed": "failed", "crashed": "failed", "out_of_memory": "failed", "node_fail": "failed", "boot_fail": "failed",
    "killed": "killed", "cancelled": "killed", "timeout": "killed", "preempted": "killed", "deadline": "killed", "revoked": "killed",
}  # fmt: skip
"""How other programs say that a run has ended, in our words; whatever they say besides, it has not ended yet."""
UNKNOWN_END = "lost"
"""The state of a run of which nothing says how it ended."""
ZERO = "the file says 0, as it also does where there was no sensor"
NO_ZONE = "its times name no zone and were taken as UTC; --timezone says which they are in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the user says of a file that the file does not say itself."""

    name: str = ""
    """The file's name, without its folder; empty for standard input."""
    zone: tzinfo | None = None
    """The zone of times that name none; None means that nobody said, and that they are taken as UTC."""
    params_column: str = ""
    tokens_column: str = ""


class Reading(NamedTuple):
    """The runs of a file; what of it was left out, each by its place; and what is to know about the rest."""

    records: list[RunRecord]
    left_out: list[str]
    notes: list[str]


Reader = Callable[[TextIO, Told], Reading]


def record_of(
    *, run_id: str, state: str, began: datetime | None, duration_s: float, energy_j: Mapping[str, tuple[float, str]], missing: Mapping[str, str], **known: Any
) -> RunRecord:
    """Return the record of a run that another program has metered.

    Args:
        run_id: Its name; what looks like a person, a machine or a secret in it is masked.
        state: How it ended.
        began: When, None where that is not known.
        duration_s: How long it took. [s]
        energy_j: Energy of each part that was metered, and how; an energy of 0 says that it was not. [J]
        missing: Why the other parts were not; the reason under ``""`` is that of all others.
        known: Further fields of the record.

    Raises:
        CarbonError: a value cannot be.
    """
    metered = {part: (energy, how) for part, (energy, how) in energy_j.items() if energy != 0.0}
    reasons = {part: ZERO if part in energy_j else missing.get(part) or missing.get("", "the file states no energy for it") for part in ENERGY_PARTS}
    texts = {name: _masked(known[name]) for name in ("project", "hw") if known.get(name)}
    stated = {
        "schema": RUN_SCHEMA,
        "run_id": mask_text(run_id),
        "state": state,
        "started_at": "" if began is None else timestamp(began),
        "duration_s": duration_s,
        **known,
        **texts,
        "energy_j": {part: energy for part, (energy, _) in metered.items()},
        "how": {part: how for part, (_, how) in metered.items()},
        "missing": {part: reason for part, reason in reasons.items() if part not in metered},
    }
    return RunRecord.from_dict(stated)


@lru_cache(maxsize=256)
def _masked(text: str) -> str:
    """Return a text without persons and machines; many runs of a file have the same project and hardware."""
    return mask_text(text)


def exactly(value: float | None) -> dict[str, float] | None:
    """Return a figure without an interval, as records have it."""
    return None if value is None else {"low": value, "median": value, "high": value}


def moment(text: str, zone: tzinfo | None) -> datetime:
    """Return the instant that *text* states in ISO 8601 or in seconds since 1970, in UTC; without a zone in it, it is in *zone*.

    Raises:
        ValueError: it states none.

    Example:
        >>> moment("2026-11-25 13:30:45.219+01:00", None).isoformat(), moment("1795613276", None).isoformat()
        ('2026-11-25T12:30:45.219000+00:00', '2026-11-25T13:27:56+00:00')
    """
    try:
        if text.replace(".", "", 1).isdigit() and "-" not in text:
            return instant(float(text))
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=zone or UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no date and time") from error


def instant(since_s: float) -> datetime:
    """Return the instant so many seconds after 1970 began.

    Raises:
        ValueError: no calendar has it.
    """
    try:
        return datetime.fromtimestamp(since_s, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"{since_s:g} seconds after 1970 is beyond the calendar") from error


def names_a_zone(text: str) -> bool:
    """Return whether a date and time says where it holds."""
    return text.replace(".", "", 1).isdigit() or datetime.fromisoformat(text.strip()).tzinfo is not None


def before(ended: datetime, duration_s: float) -> datetime | None:
    """Return when something began that took so long, None before the beginning of the calendar."""
    try:
        return ended - timedelta(seconds=duration_s)
    except OverflowError:
        return None


def timestamp(when: datetime) -> str:
    """Return an instant as records have it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
