"""The steps of those jobs of SLURM that state no energy of their own, while a file is read."""

from itertools import pairwise

from traincarbon.readers.sacct_job import Step


class Steps:
    """Steps by job. Those of a job that states its energy do not matter: they follow it, so only the last such job is remembered."""

    def __init__(self) -> None:
        self._steps: dict[str, list[Step]] = {}
        self._open: set[str] = set()
        self._last = ""

    def after(self, job_id: str) -> None:
        """Take note that a job was read."""
        self._last = job_id

    def need(self, job_id: str) -> None:
        """Take note that the energy of a job is that of its steps."""
        self._open.add(job_id)

    def may_count(self, job_id: str) -> bool:
        """Return whether the energy of a job may be that of its steps."""
        return job_id != self._last or job_id in self._open

    def add(self, job_id: str, step: Step | None) -> None:
        """Keep a step, unless it states no energy. Its job is known from now on."""
        known = self._steps.setdefault(job_id, [])
        if step is not None:
            known.append(step)

    def energy_j(self, job_id: str, *, nodes: float) -> float | None:
        """Return the most energy that the steps of a job show, None if they show none."""
        return _most_j(self._steps.get(job_id, []), nodes=nodes)

    def jobs(self) -> set[str]:
        """Return the jobs of the steps that were kept."""
        return set(self._steps)


def _most_j(steps: list[Step], *, nodes: float) -> float | None:
    """Return the most energy that steps show. ``batch`` and ``extern`` include all others, which may share nodes."""
    numbered = sorted((step for step in steps if step.name.isdigit()), key=lambda step: (step.began is None, str(step.began)))
    around = [step.energy_j for step in steps if not step.name.isdigit()]
    apart = all(here.ended and there.began and here.ended <= there.began for here, there in pairwise(numbered))
    beside = sum(step.nodes for step in numbered) <= nodes
    energies = [step.energy_j for step in numbered]
    together = [sum(energies)] if apart or beside else energies
    return max([*together, *around], default=None) or None
