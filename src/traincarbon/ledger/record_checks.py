"""What a record that comes from elsewhere must look like before it is believed."""

from typing import Any

from traincarbon.errors import CarbonError
from traincarbon.ledger.process_summary import COUNTS, FIGURES, HOWS, STATES, interval_of
from traincarbon.ledger.run_energy import ENERGY_PARTS

RUN_SCHEMA = "traincarbon/run/1"

_LONGEST = 2000
_TEXTS = ("project", "started_at", "hw")
_AMOUNTS = ("duration_s", "gaps_s", "tokens", "params", "mfu")
_WHOLE = ("exit_code", "nodes", "accelerators", "samples")
_MOST_WHOLE = 2.0**53
_NEVER_NONE = {"duration_s": 0.0, "gaps_s": 0.0, "nodes": 1, "samples": 0}


def checked_record(stated: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that was read from JSON or CSV, each of its kind, or None where it is not stated.

    Raises:
        CarbonError: the record is of another layout, has no run id or state, or a value cannot be.
    """
    if stated.get("schema") != RUN_SCHEMA:
        raise CarbonError(f"its schema is {str(stated.get('schema'))[:60]!r}, not {RUN_SCHEMA!r}", hint="only records of runs can be imported")
    run_id = stated.get("run_id")
    if not isinstance(run_id, str) or not run_id.strip():
        raise CarbonError(f"a record's run_id is {str(run_id)[:60]!r}", hint="every run has a name of its own")
    if stated.get("state") not in STATES:
        raise CarbonError(f"run {run_id[:60]!r}: its state is {str(stated.get('state'))[:60]!r}", hint=f"known are {', '.join(STATES)}")
    checked: dict[str, Any] = {"run_id": run_id[:_LONGEST], "state": stated["state"]}
    checked |= {name: str(stated.get(name) or "")[:_LONGEST] for name in _TEXTS}
    checked |= {name: _amount(run_id, name, stated.get(name)) for name in _AMOUNTS}
    checked |= {name: _whole(run_id, name, stated.get(name)) for name in _WHOLE}
    checked |= {name: default for name, default in _NEVER_NONE.items() if checked[name] is None}
    argv = stated.get("argv") or ()
    checked["argv"] = tuple(str(word)[:_LONGEST] for word in argv) if isinstance(argv, (list, tuple)) else ()
    checked["energy_j"] = {part: _amount(run_id, f"energy_j.{part}", _table(stated, "energy_j").get(part)) for part in ENERGY_PARTS}
    checked["how"] = {part: how for part, how in _table(stated, "how").items() if part in ENERGY_PARTS and how in HOWS}
    checked["missing"] = {part: str(reason)[:_LONGEST] for part, reason in _table(stated, "missing").items() if part in ENERGY_PARTS}
    checked |= {name: _interval(run_id, name, stated.get(name)) for name in FIGURES}
    checked |= {name: _table(stated, name) or None for name in ("forecast", "plan")}
    checked["versions"] = {str(name)[:_LONGEST]: str(version)[:_LONGEST] for name, version in _table(stated, "versions").items()}
    checked["counts"] = {name: checked[name] for name in COUNTS if checked.get(name) is not None and name == "tokens"}
    return checked


def _table(stated: dict[str, Any], name: str) -> dict[str, Any]:
    value = stated.get(name)
    return value if isinstance(value, dict) else {}


def _number(run_id: str, name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e300:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {str(value)[:40]!r}, not a number", hint="leave out what is not known")
    return float(value)


def _whole(run_id: str, name: str, value: object) -> int | None:
    number = _number(run_id, name, value)
    if number is not None and not abs(number) < _MOST_WHOLE:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {number:g}, more than can be counted", hint="leave out what is not known")
    return None if number is None else int(number)


def _amount(run_id: str, name: str, value: object) -> float | None:
    number = _number(run_id, name, value)
    if number is not None and number < 0.0:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {number:g}, less than nothing", hint="leave out what is not known")
    return number


def _interval(run_id: str, name: str, value: object) -> dict[str, float] | None:
    if value is None or value == {}:
        return None
    interval = interval_of(value)
    if interval is None:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {str(value)[:60]!r}", hint="it has low, median and high, in this order")
    return interval
