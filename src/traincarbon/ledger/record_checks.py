"""Validate records of runs that come from files or other programs."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from traincarbon.decode import interval, items, number, table
from traincarbon.errors import CarbonError
from traincarbon.ledger.attempts import Attempt
from traincarbon.ledger.bills import checked_billed
from traincarbon.ledger.energy_coverage import covers_of
from traincarbon.ledger.hours import HourUse, from_rows
from traincarbon.ledger.launcher import checked_launcher
from traincarbon.ledger.nodes import MISSING
from traincarbon.ledger.phases import Phase
from traincarbon.ledger.process_summary import COUNTS, STATES
from traincarbon.ledger.reported import checked_progress
from traincarbon.ledger.run import RUN_SCHEMA
from traincarbon.ledger.run_energy import DeviceUse, measured_j
from traincarbon.ledger.run_totals import above_measured, contradiction
from traincarbon.ledger.site import checked_site
from traincarbon.ledger.warm_up import WarmUp
from traincarbon.ledger.waste import NO_WASTE, Waste
from traincarbon.quantities import ENERGY_PARTS, J_PER_KWH, RECORDED, EnergySource, Part

_LONGEST = 2000
_PARTS = tuple(part.value for part in ENERGY_PARTS)
_SOURCES = {source.value: source for source in EnergySource}
_MISSING = (*_PARTS, MISSING)
_TEXTS = ("project", "started_at", "hw", "source")
_AMOUNTS = ("duration_s", "gaps_s", "tokens", "params", "mfu")
_WHOLE = ("exit_code", "nodes", "nodes_expected", "accelerators", "samples")
_OF_A_DEVICE = ("energy_j", "power_max_w", "utilisation", "metered_s", "gaps_s", "idle_s", "idle_j")
_MOST_NOTES = 500
_MOST_DEVICES = 100_000
_MOST_PARTS = 1000
_MOST_WHOLE = 2.0**53
_LISTS = {"hosts": _MOST_DEVICES, "shared_with": _MOST_NOTES, "notes": _MOST_NOTES}
_NEVER_NONE = {"duration_s": 0.0, "gaps_s": 0.0, "nodes": 1, "samples": 0}
_FIELDS = {"devices": "by_device"}
"""The fields that have another name in a record."""
_UNSTATED: Mapping[str, object] = {
    **dict.fromkeys(_TEXTS, ""), **dict.fromkeys((*_AMOUNTS, *_WHOLE, *RECORDED, "forecast", "plan", "launcher", "site", "warm_up", "billed", "progress")),
    **dict.fromkeys(("argv", *_LISTS, "phases", "attempts", "by_device"), ()), "waste": NO_WASTE, **_NEVER_NONE,
}  # fmt: skip
"""The fields of which a record states nothing."""
_STATED_NO_WASTE = NO_WASTE.to_dict()


def checked_record(stated: Mapping[str, object]) -> dict[str, Any]:
    """Return the fields of a record that was read from a file, each of its type, or None if it is not stated.

    Raises:
        CarbonError: the record has another schema, no run id or no state, or a value is impossible.
    """
    if stated.get("schema") != RUN_SCHEMA:
        raise CarbonError(f"its schema is {str(stated.get('schema'))[:60]!r}, not {RUN_SCHEMA!r}", hint="only records of runs can be imported")
    run_id, state = stated.get("run_id"), stated.get("state")
    if not isinstance(run_id, str) or not run_id.strip():
        raise CarbonError(f"a record's run_id is {str(run_id)[:60]!r}", hint="every run needs a name of its own")
    if state not in STATES:
        raise CarbonError(f"run {run_id[:60]!r}: its state is {str(state)[:60]!r}", hint=f"use one of {', '.join(STATES)}")
    energy_j, how = table(stated.get("energy_j")), table(stated.get("how"))
    checked: dict[str, Any] = {**_UNSTATED, "run_id": run_id[:_LONGEST], "state": state}
    for name, value in stated.items():
        if value is not None and (read := _READERS.get(name)) is not None:
            checked[_FIELDS.get(name, name)] = read(run_id, name, value)
    checked["energy_j"] = {part: None if (stated_j := energy_j.get(part)) is None else _amount(run_id, f"energy_j.{part}", stated_j) for part in _PARTS}
    checked["how"] = {part: _SOURCES[value] for part, value in how.items() if part in _PARTS and isinstance(value, str) and value in _SOURCES}
    checked["missing"] = {part: str(reason)[:_LONGEST] for part, reason in table(stated.get("missing")).items() if part in _MISSING}
    checked["unread_gpu"] = lacks_gpu_energy(checked["accelerators"], checked["energy_j"])
    checked["energy_covers"] = covers_of(stated, checked["energy_j"])
    if checked["facility_energy_kwh"] is not None:
        _check_facility(checked)
    checked["hours"] = _hours(checked, stated["hours"]) if stated.get("hours") else ()
    checked["versions"] = {str(name)[:_LONGEST]: str(version)[:_LONGEST] for name, version in table(stated.get("versions")).items()}
    counts = {**(checked["progress"] or {}), "tokens": checked["tokens"]}
    checked["counts"] = {name: counts[name] for name in COUNTS if counts.get(name) is not None}
    return checked


def _check_facility(checked: dict[str, Any]) -> None:
    """Raise the lower end of the energy of the facility to what was measured in it, and note where that contradicts its median."""
    energy_measured_j = measured_j(checked["energy_j"], checked["how"], checked["by_device"])
    checked["facility_energy_kwh"] = above_measured(checked["facility_energy_kwh"], measured_j=energy_measured_j)
    if found := contradiction(measured_j=energy_measured_j, facility_kwh=checked["facility_energy_kwh"]):
        checked["notes"] = tuple(dict.fromkeys([*checked["notes"], found]))


def _hours(checked: Mapping[str, Any], stated: object) -> tuple[HourUse, ...]:
    known_j = [energy for energy in checked["energy_j"].values() if energy is not None]
    metered_kwh = None if checked["unread_gpu"] or not known_j else sum(known_j) / J_PER_KWH
    return from_rows(map(table, items(stated)), metered_kwh=metered_kwh)


def lacks_gpu_energy(accelerators: int | None, energy_j: Mapping[str, float | None]) -> bool:
    """Return whether a record has accelerators and the energy of other parts only. Energy of no known part may be that of whole nodes."""
    known = {part for part, energy in energy_j.items() if energy is not None}
    return bool(accelerators) and bool(known) and not known & {Part.GPU, Part.OTHER}


def _device(run_id: str, stated: Mapping[str, object]) -> DeviceUse:
    how = next((source for source in EnergySource if source == stated.get("how")), EnergySource.MODELLED)
    amounts = {name: _amount(run_id, f"devices.{name}", stated.get(name)) for name in _OF_A_DEVICE}
    return DeviceUse(
        node=_whole(run_id, "devices.node", stated.get("node")) or 1,
        device=str(stated.get("id") or "")[:_LONGEST],
        part=next((part.value for part in Part if part == stated.get("part")), Part.OTHER.value),
        how=how,
        energy_j=amounts["energy_j"] or 0.0,
        power_max_w=amounts["power_max_w"],
        utilisation=amounts["utilisation"],
        temperature_max_c=_number(run_id, "devices.temperature_max_c", stated.get("temperature_max_c")),
        metered_s=amounts["metered_s"] or 0.0,
        gaps_s=amounts["gaps_s"] or 0.0,
        idle_s=amounts["idle_s"],
        idle_j=amounts["idle_j"],
        name=str(stated.get("name") or "")[:_LONGEST],
        host=str(stated.get("host") or "")[:_LONGEST],
    )


def _phase(run_id: str, stated: Mapping[str, object]) -> Phase:
    amounts = {name: _amount(run_id, f"phases.{name}", stated.get(name)) for name in ("duration_s", "energy_j", "tokens")}
    return Phase(str(stated.get("name") or "")[:_LONGEST], amounts["duration_s"] or 0.0, amounts["energy_j"], amounts["tokens"])


def _attempt(run_id: str, stated: Mapping[str, object]) -> Attempt | None:
    """Return an attempt, None if it does not state when it began."""
    amounts = {name: _amount(run_id, f"attempts.{name}", stated.get(name)) for name in ("duration_s", "energy_j", "steps", "start_steps")}
    state = next((state for state in STATES if state == stated.get("state")), "lost")
    try:
        began_s = datetime.fromisoformat(str(stated.get("began"))).timestamp()
    except (ValueError, OverflowError):
        return None
    return Attempt(began_s, amounts["duration_s"] or 0.0, state, amounts["energy_j"], amounts["steps"], amounts["start_steps"])


def _waste(run_id: str, stated: Mapping[str, object]) -> Waste:
    if not stated or stated == _STATED_NO_WASTE:
        return NO_WASTE
    amounts = {name: _amount(run_id, f"waste.{name}", stated.get(name)) for name in Waste._fields}
    gpus = _whole(run_id, "waste.idle_gpus", stated.get("idle_gpus"))
    known = {name: amounts[name] for name in Waste._fields if name not in ("idle_gpus", "interrupted_s")}
    return Waste(idle_gpus=gpus, interrupted_s=amounts["interrupted_s"] or 0.0, **known)


def _amount(run_id: str, name: str, value: object) -> float | None:
    if value is None:
        return None
    found = _number(run_id, name, value)
    if found is not None and found < 0.0:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {found:g}, which is negative", hint="leave out what is not known")
    return found


def _whole(run_id: str, name: str, value: object) -> int | None:
    if value is None:
        return None
    found = _number(run_id, name, value)
    if found is not None and not abs(found) < _MOST_WHOLE:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {found:g}, which is too large for a count", hint="leave out what is not known")
    return None if found is None else int(found)


def _number(run_id: str, name: str, value: object) -> float | None:
    found = number(value)
    if found is None and value is not None:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {str(value)[:40]!r}, not a number", hint="leave out what is not known")
    return found


def _interval(run_id: str, name: str, value: object) -> dict[str, float] | None:
    if value is None:
        return None
    found = interval(value)
    if found is None and value != {}:
        raise CarbonError(f"run {run_id[:60]!r}: {name} is {str(value)[:60]!r}", hint="give low, median and high, in this order")
    return None if found is None else found.to_dict()


def _text(run_id: str, name: str, value: object) -> str:  # noqa: ARG001  like all readers
    return str(value or "")[:_LONGEST]


def _table(run_id: str, name: str, value: object) -> Mapping[str, object] | None:  # noqa: ARG001  like all readers
    return table(value) or None


def _texts(run_id: str, name: str, value: object) -> tuple[str, ...]:  # noqa: ARG001  like all readers
    return tuple([str(text)[:_LONGEST] for text in items(value)[: _LISTS.get(name)]])


def _attempts(run_id: str, stated: object) -> tuple[Attempt, ...]:
    found = [_attempt(run_id, table(attempt)) for attempt in items(stated)[:_MOST_DEVICES]]
    return tuple([attempt for attempt in found if attempt is not None])


_READERS: Mapping[str, Callable[[str, str, Any], object]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_AMOUNTS, _amount),
    **dict.fromkeys(_WHOLE, _whole),
    **dict.fromkeys(RECORDED, _interval),
    **dict.fromkeys(("forecast", "plan"), _table),
    **dict.fromkeys(("argv", *_LISTS), _texts),
    "launcher": lambda _run_id, _name, value: checked_launcher(value),
    "site": lambda _run_id, _name, value: checked_site(value),
    "phases": lambda run_id, _name, value: tuple([_phase(run_id, table(phase)) for phase in items(value)[:_MOST_PARTS]]),
    "attempts": lambda run_id, _name, value: _attempts(run_id, value),
    "warm_up": lambda _run_id, _name, value: WarmUp.of(table(value)),
    "billed": lambda _run_id, _name, value: checked_billed(value),
    "progress": lambda _run_id, _name, value: checked_progress(value),
    "waste": lambda run_id, _name, value: _waste(run_id, table(value)),
    "devices": lambda run_id, _name, value: tuple([_device(run_id, table(device)) for device in items(value)[:_MOST_DEVICES]]),
}
"""How each value of a record that is stated becomes that of its field."""
