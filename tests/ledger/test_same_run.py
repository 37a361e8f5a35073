"""Which records are of one run."""

from traincarbon.ledger.run import Run
from traincarbon.ledger.same_run import counted_in


def run(run_id: str, energy_j: float | None = None, *, better: str = "") -> Run:
    from dataclasses import replace

    found = Run.from_dict({"schema": "traincarbon/run/1", "run_id": run_id, "state": "finished", "duration_s": 60.0, "energy_j": {"gpu": energy_j}})
    return replace(found, counted_in=better)


def test_a_job_without_energy_counts_in_the_record_that_has_it() -> None:
    assert counted_in([run("slurm-7-2026"), run("slurm-7-prometheus", 5.0), run("slurm-8-2026"), run("a")]) == {"slurm-7-2026": "slurm-7-prometheus"}


def test_the_same_energy_counts_where_it_is_measured_better() -> None:
    assert counted_in([run("a", 5.0, better="b"), run("b", 5.0)]) == {"a": "b"}
    assert counted_in([run("a", 5.0, better="gone")]) == {}


def test_two_energies_of_one_job_are_left_to_those_who_compare_them() -> None:
    assert counted_in([run("slurm-7-a", 5.0), run("slurm-7-b", 6.0)]) == {}
