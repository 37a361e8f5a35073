"""Tasks that CodeCarbon metered within a run with ``start_task`` and ``stop_task``: they are the phases of the run and add up to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from traincarbon.ledger.phases import Phase
from traincarbon.ledger.run import Run
from traincarbon.readers.imported import exactly


def of_tasks(tasks: Mapping[str, Run]) -> Run:
    """Return the run of which these are the tasks, by their names. The time between tasks was not metered and does not count."""
    ordered = sorted(tasks.items(), key=lambda task: task[1].started_at)
    records = [record for _, record in ordered]
    first = records[0]
    energy_j = {part: _sum(record.energy_j[part] for record in records) for part in first.energy_j}
    return replace(
        first,
        duration_s=sum(record.duration_s for record in records),
        energy_j=energy_j,
        how={part: how for record in records for part, how in record.how.items()},
        missing={part: reason for record in records for part, reason in record.missing.items() if energy_j.get(part) is None},
        facility_energy_kwh=_total(records, "facility_energy_kwh"),
        operational_kgco2e=_total(records, "operational_kgco2e"),
        phases=tuple(Phase(name or "unnamed", record.duration_s, _sum(record.energy_j.values())) for name, record in ordered),
        notes=tuple(dict.fromkeys(note for record in records for note in record.notes)),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _total(records: Sequence[Run], name: str) -> dict[str, float] | None:
    """Return a total of all tasks, None if one of them does not state it."""
    stated = [(getattr(record, name) or {}).get("median") for record in records]
    known = [value for value in stated if value is not None]
    return exactly(sum(known)) if len(known) == len(stated) else None
