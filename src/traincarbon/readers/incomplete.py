"""Records that name GPUs and state no energy of them: their totals leave out most of the energy, so they are unknown."""

from dataclasses import replace

from traincarbon.ledger.record_checks import lacks_gpu_energy
from traincarbon.ledger.run import Run
from traincarbon.quantities import Part

NOTE = "energy and CO2e are unknown: the file names GPUs and states no energy of them"


def without_hole(record: Run) -> Run:
    """Return *record* without totals that leave its GPUs out; its parts stay as they are."""
    if not lacks_gpu_energy(record.accelerators, record.energy_j):
        return record
    if record.unread_gpu and NOTE in record.notes and Part.GPU in record.missing and record.facility_energy_kwh is None and record.operational_kgco2e is None:
        return record
    missing = {Part.GPU.value: record.missing.get(Part.GPU, NOTE), **record.missing}
    notes = record.notes if NOTE in record.notes else (*record.notes, NOTE)
    return replace(record, unread_gpu=True, facility_energy_kwh=None, operational_kgco2e=None, missing=missing, notes=notes)
