"""Records of one run by several programs: which of them has its energy, and in which the others count."""

from collections.abc import Sequence

from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import job_of


def counted_in(records: Sequence[Run]) -> dict[str, str]:
    """Return the records that are of the same run as a better one, by id, with the id of that one.

    Records are of one run if their energy is the same (:mod:`traincarbon.ledger.same_energy`), or if they have the number of the same job of SLURM
    and only one states an energy.
    """
    ids = {record.run_id for record in records}
    best_of_job: dict[str, str] = {}
    for record in records:
        if (job := job_of(record.run_id)) and not record.counted_in and record.metered_kwh is not None:
            best_of_job.setdefault(job, record.run_id)
    found: dict[str, str] = {}
    for record in records:
        best = record.counted_in or (best_of_job.get(job_of(record.run_id), "") if record.metered_kwh is None else "")
        if best in ids and best != record.run_id:
            found[record.run_id] = best
    return found
