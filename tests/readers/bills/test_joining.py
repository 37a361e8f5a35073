"""Charges joined to runs, by hand and by the property that nothing is lost or counted twice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.ledger.bills import BY_RESOURCE, BY_TAG, billed_of
from traincarbon.ledger.run import Run
from traincarbon.readers.bills.charge import Charge
from traincarbon.readers.bills.joining import Joined, join

BEGAN = 1_772_359_200.0  # 2026-03-01T10:00:00Z


def run(run_id: str, begin_h: float, hours: float, *, hosts: tuple[str, ...] = (), project: str = "", accelerators: int | None = None) -> Run:
    from traincarbon.ledger.run import timestamp

    stated = {"run_id": run_id, "state": "finished", "started_at": timestamp(BEGAN + 3600.0 * begin_h), "duration_s": 3600.0 * hours}
    return Run.from_dict({"schema": "traincarbon/run/1", **stated, "hosts": list(hosts), "project": project, "accelerators": accelerators})


def charge(usd: float, begin_h: float = 0.0, hours: float = 1.0, *, names: tuple[str, ...] = (), tags: dict[str, str] | None = None, kind: str = "") -> Charge:
    from_s = BEGAN + 3600.0 * begin_h
    return Charge(usd, from_s, from_s + 3600.0 * hours, "1", "EC2", names[0] if names else "", names, tags or {}, kind)


def costs(joined: Joined) -> dict[str, float]:
    return {run_id: billed.usd for run_id, parts in joined.by_run.items() if (billed := billed_of(parts))}


def test_a_tag_with_the_id_of_a_run_gives_it_all_of_a_charge() -> None:
    joined = join(
        [charge(10.0, -5.0, tags={"anything": "a"}), charge(4.0, tags={"job_id": "77"}), charge(3.0, tags={"size": "77"})],
        [run("a", 0, 1), run("slurm-77-1", 0, 1)],
    )
    assert costs(joined) == {"a": 10.0, "slurm-77-1": 4.0}
    assert joined.unmatched_usd == 3.0


def test_a_resource_gives_a_run_the_time_in_which_it_ran() -> None:
    hours = [charge(8.0, number, names=("i-1", "gpu-1.site")) for number in range(4)]
    joined = join(hours, [run("a", 0.5, 2.0, hosts=("gpu-1",))])
    assert costs(joined) == pytest.approx({"a": 16.0})
    assert {part.by for part in joined.by_run["a"]} == {BY_RESOURCE}
    ((service, resource, usd, first, last),) = joined.unmatched
    assert (service, resource, usd, first, last) == ("EC2", "i-1", pytest.approx(16.0), "2026-03-01", "2026-03-01")


def test_hosts_are_known_by_their_name_in_the_ledger_too() -> None:
    joined = join([charge(8.0, names=("gpu-1",))], [run("a", 0.0, 1.0, hosts=("hash of gpu-1",))], name_of=lambda name: f"hash of {name}")
    assert costs(joined) == {"a": 8.0}


def test_runs_at_the_same_time_share_a_resource_by_their_accelerators() -> None:
    runs = [run("a", 0.0, 1.0, hosts=("n",), accelerators=6), run("b", 0.0, 1.0, hosts=("n",), accelerators=2)]
    assert costs(join([charge(8.0, names=("n",))], runs)) == {"a": 6.0, "b": 2.0}


def test_records_of_one_run_are_charged_once_in_the_one_with_its_energy() -> None:
    metered = replace(run("slurm-7-prometheus", 0.0, 1.0), energy_j={"gpu": 3.6e6, "cpu": None, "dram": None, "other": None})
    job, other = run("slurm-7-2026", 0.0, 1.0, hosts=("n",)), replace(run("wandb", 0.0, 1.0, hosts=("n",)), counted_in="slurm-7-prometheus")
    charges = [charge(8.0, names=("n",)), charge(1.0, tags={"run": "wandb"}), charge(2.0, tags={"slurm_job": "7"})]
    assert costs(join(charges, [metered, job, other])) == {"slurm-7-prometheus": 11.0}


def test_a_tag_with_a_project_is_for_the_time_of_its_runs() -> None:
    joined = join([charge(8.0, hours=4.0, tags={"project": "p"})], [run("a", 0.0, 1.0, project="p"), run("b", 3.0, 9.0, project="p")])
    assert costs(joined) == {"a": 2.0, "b": 2.0}
    assert {part.by for parts in joined.by_run.values() for part in parts} == {BY_TAG}
    assert joined.unmatched_usd == 4.0


def test_a_credit_lowers_what_a_run_cost() -> None:
    joined = join([charge(8.0, tags={"r": "a"}, kind="Usage"), charge(-3.0, tags={"r": "a"}, kind="Credit")], [run("a", 0.0, 1.0)])
    assert costs(joined) == {"a": 5.0}
    assert joined.to_dict() == {"usd": 5.0, "joined_usd": 5.0, "unmatched_usd": 0, "runs": [{"run_id": "a", "usd": 5.0}], "unmatched": []}


@given(
    st.lists(st.tuples(st.floats(0, 9), st.floats(0, 5), st.sampled_from("ab"), st.integers(1, 8)), max_size=6),
    st.lists(st.tuples(st.floats(-9, 9), st.floats(0, 9), st.floats(0, 5), st.sampled_from("abc")), max_size=8),
)
def test_all_of_a_bill_is_joined_once_or_not_at_all(runs: list[tuple[float, float, str, int]], charges: list[tuple[float, float, float, str]]) -> None:
    known = [run(f"run-{number}", begin, hours, hosts=(host,), accelerators=n) for number, (begin, hours, host, n) in enumerate(runs)]
    joined = join([charge(usd, begin, hours, names=(host,), kind=str(number)) for number, (usd, begin, hours, host) in enumerate(charges)], known)
    assert sum(costs(joined).values()) + joined.unmatched_usd == pytest.approx(sum(usd for usd, *_ in charges), abs=1e-6)
    assert joined.usd == pytest.approx(sum(usd for usd, *_ in charges), abs=1e-9)
