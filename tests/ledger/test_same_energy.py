"""Records of the same energy count once."""

import pytest

from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.ledger.same_energy import rank_groups, second_opinions, times_of, with_second_opinions
from traincarbon.ledger.shared_boards import counted_once, described, metered_once_kwh

HOUR_S = 3600.0


def run(run_id, *, source="", began="2026-10-01T08:00:00Z", hours=2.0, kwh=None, how="power", accelerators=8, hw="NVIDIA A100-SXM4-80GB", **stated):
    parts = {"gpu": 4.0} if kwh is None else kwh
    return Run.from_dict(
        {
            "schema": RUN_SCHEMA,
            "run_id": run_id,
            "source": source,
            "state": "finished",
            "started_at": began,
            "duration_s": hours * HOUR_S,
            "accelerators": accelerators,
            "hw": hw,
            "energy_j": {part: value * 3.6e6 for part, value in parts.items()},
            "how": dict.fromkeys(parts, how),
            **stated,
        }
    )


def counted(*records):
    return {run_id: best for run_id, (best, _) in second_opinions(records).items()}


TRACKED = run("slurm-4711", how="counter")


def test_a_job_and_its_tracked_run_are_one_by_the_number_of_the_job():
    job = run("slurm-alps-4711-20261001075500", source="sacct", began="2026-10-01T07:55:00Z", hours=2.2, kwh={"other": 9.0}, hw="a100")
    assert counted(TRACKED, job) == {job.run_id: TRACKED.run_id}
    assert counted(TRACKED, run("slurm-4712-20261001075500", source="sacct", kwh={"other": 5.0}, hw="a100")) == {}
    assert metered_once_kwh([TRACKED, job], counted_once([TRACKED, job])) == 4.0


def test_another_program_beside_the_tracker_is_a_second_opinion_with_the_difference():
    other = run("5b0f", source="codecarbon", began="2026-10-01T08:00:20Z", kwh={"gpu": 4.4, "cpu": 0.5})
    first, second = with_second_opinions([TRACKED, other])
    assert (first.counted_in, second.counted_in) == ("", TRACKED.run_id)
    (opinion,) = first.second_opinions
    assert (opinion.run_id, opinion.source, opinion.energy_j, opinion.difference) == ("5b0f", "codecarbon", pytest.approx(4.4 * 3.6e6), pytest.approx(0.1))
    assert (with_second_opinions([TRACKED], [other])[0], with_second_opinions([other], [TRACKED])[0]) == (first, second)


@pytest.mark.parametrize(
    "changed",
    [
        {"began": "2026-10-01T11:00:00Z"},
        {"accelerators": 4},
        {"hw": "NVIDIA H100"},
        {"kwh": {"gpu": 40.0}},
        {"hours": 0.5},
        {"kwh": {}},
        {"source": ""},
    ],
)
def test_another_time_number_kind_or_energy_is_another_run(changed):
    assert counted(TRACKED, run("x", **{"source": "codecarbon", **changed})) == {}


def test_of_runs_side_by_side_each_has_the_opinion_nearest_in_time():
    tracked = [run(f"t{n}", how="counter", began=f"2026-10-01T08:0{n}:00Z") for n in range(3)]
    others = [run(f"c{n}", source="wandb-metrics", began=f"2026-10-01T08:0{n}:05Z") for n in range(3)]
    assert counted(*tracked, *others) == {"c0": "t0", "c1": "t1", "c2": "t2"}


def test_runs_of_one_source_are_runs_of_their_own():
    assert counted(run("a", source="sacct"), run("b", source="sacct")) == {}
    assert counted(run("a", source="wandb-metrics"), run("b", source="wandb-metrics")) == {}


def ranks(count, *, accelerators=8, spread=0.001):
    return [run(f"rank-{n}", source="codecarbon", accelerators=accelerators, kwh={"gpu": 260.0 * (1 + spread * n)}, hours=100) for n in range(count)]


@pytest.mark.parametrize(
    ("run_id", "began", "once"),
    [
        ("slurm-4711-1790841600", "2026-10-01T08:00:00Z", True),
        ("slurm-4711-202610010800000200", "2026-10-01T06:00:00Z", True),
        ("slurm-4711-20261001180000", "2026-10-01T18:00:00Z", True),
        ("slurm-4711-20261001081103", "2026-10-01T08:11:03Z", False),
        ("slurm-4711-20261003080000", "2026-10-03T08:00:00Z", False),
        ("slurm-4711_1-20261001080000", "2026-10-01T08:00:00Z", False),
        ("slurm-west-4711-20261001080000", "2026-10-01T08:00:00Z", False),
    ],
)
def test_a_job_that_was_listed_with_times_in_another_form_counts_once(run_id, began, once):
    first = run("slurm-4711-20261001080000", source="sacct", kwh={"other": 9.0})
    assert len(counted(first, run(run_id, source="sacct", kwh={"other": 9.0}, began=began))) == int(once)
    assert counted(first, run(run_id, source="sacct", kwh={"other": 9.1}, began=began)) == {}


def test_ranks_that_each_metered_the_whole_machine_are_one_run():
    records = ranks(8)
    assert set(counted(*records).values()) == {"rank-0"}
    assert metered_once_kwh(records, counted_once(records)) == pytest.approx(260.0)
    assert [len(group) for group in rank_groups(records)] == [8]


def test_a_machine_has_no_more_ranks_than_accelerators():
    records = ranks(16)
    assert len(counted(*records)) == 14
    assert metered_once_kwh(records, counted_once(records)) == pytest.approx(520.0, rel=0.02)


def test_machines_with_one_accelerator_or_other_energies_are_several():
    assert counted(*ranks(4, accelerators=1)) == {}
    assert counted(*ranks(2, spread=0.2)) == {}


def test_the_better_measured_record_counts():
    counter, power = run("slurm-1", how="counter"), run("slurm-1-2026", source="sacct", kwh={"other": 6.0})
    assert counted(counter, power) == {"slurm-1-2026": "slurm-1"}
    modelled = run("slurm-1", how="modelled")
    assert counted(modelled, power) == {"slurm-1": "slurm-1-2026"}


def test_what_counts_elsewhere_is_described():
    job = run("slurm-4711-2026", source="sacct", kwh={"other": 9.0})
    assert described(counted_once([TRACKED, job])) == "Records of the same energy count once, in the better measured one: slurm-4711-2026 in slurm-4711."


def test_a_run_without_a_time_or_energy_has_none_around_it():
    assert times_of([run("a", began="")]) is None
    assert times_of([run("a", kwh={})]) is None
    assert times_of([run("a")]) == ("2026-10-01T08:00:00.000000Z", "2026-10-01T10:00:00.000000Z")


def test_what_a_scheduler_listed_may_be_listed_in_another_time_zone_too():
    assert times_of([run("a"), run("slurm-1-2026", source="sacct")]) == ("2026-09-30T06:00:00.000000Z", "2026-10-02T12:00:00.000000Z")


BOARDS = [f"gpu:GPU-{n}cbc1b01-5f5c-9f0c-7f0b-8b1d1f1c0f00" for n in range(4)]


def answer(run_id, *, boards=BOARDS[:2], host="", **stated):
    devices = [{"id": board, "node": 1, "part": "gpu", "how": "counter", "energy_j": 7.2e6, "host": host} for board in boards]
    return run(run_id, source="prometheus", kwh={"gpu": 2.0 * len(boards)}, how="counter", accelerators=len(boards), devices=devices, **stated)


BY_HOSTS = "prometheus-20261001T080000-0badcafe"


def test_a_server_that_is_asked_twice_for_the_same_boards_answers_once():
    assert counted(answer("slurm-7-prometheus"), answer(BY_HOSTS, began="2026-10-01T07:58:00Z")) == {"slurm-7-prometheus": BY_HOSTS}
    assert counted(answer("slurm-7-prometheus"), answer(BY_HOSTS, boards=BOARDS[2:])) == {}
    assert counted(answer("slurm-7-prometheus"), answer(BY_HOSTS, began="2026-10-01T09:30:00Z")) == {}


def test_two_jobs_that_a_server_names_are_two_even_on_one_board():
    jobs = [answer("prometheus-train-0"), answer("prometheus-train-1")]
    assert counted(*jobs) == {}
    assert metered_once_kwh(jobs, counted_once(jobs)) == 4.0


def test_boards_with_numbers_alone_are_told_apart_by_their_hosts():
    one, same, other = (answer(id, boards=["gpu:0"], host=host) for id, host in (("prometheus-p", "a1"), (BY_HOSTS, "a1"), (BY_HOSTS, "b2")))
    assert counted(one, same) == {"prometheus-p": BY_HOSTS}
    assert counted(one, other) == {}


def test_without_boards_hosts_and_energy_tell():
    def node(run_id, *, hosts, kwh=3.0):
        return run(run_id, source="prometheus", accelerators=None, kwh={"cpu": kwh}, hosts=hosts)

    assert counted(node("prometheus-p", hosts=["a1"]), node(BY_HOSTS, hosts=["a1"])) == {"prometheus-p": BY_HOSTS}
    assert counted(node("prometheus-p", hosts=["a1"]), node(BY_HOSTS, hosts=["b2"])) == {}
    assert counted(node("prometheus-p", hosts=["a1"]), node(BY_HOSTS, hosts=["a1"], kwh=4.0)) == {}


def test_boards_tell_a_tracked_run_from_another_at_the_same_time():
    devices = [{"id": board, "node": 1, "part": "gpu", "how": "counter", "energy_j": 7.2e6} for board in BOARDS[:2]]
    tracked = run("mine", how="counter", accelerators=2, hosts=["c3"], devices=devices)
    assert counted(tracked, answer("prometheus-p", hosts=["a1"])) == {"prometheus-p": "mine"}
    assert counted(tracked, answer("prometheus-p", boards=BOARDS[2:])) == {}


SERIALS, UUIDS = ["gpu:692251001124", "gpu:692251001125"], ["gpu:a1ff7551-0000-1000-80e9-ddefa2d60f55", "gpu:b2ff7551-0000-1000-80e9-ddefa2d60f55"]


def tracked_on(host, boards, **stated):
    devices = [{"id": board, "node": 1, "part": "gpu", "how": "counter", "energy_j": 7.2e6, "host": host} for board in boards]
    return run("mine", how="counter", kwh={"gpu": 4.0}, accelerators=2, hosts=[host], devices=devices, **stated)


@pytest.mark.parametrize("boards", [SERIALS, ["gpu:0", "gpu:1"], ["gpu:0000:c1:00.0", "gpu:0000:c6:00.0"], UUIDS])
def test_gpus_that_programs_name_in_different_ways_are_those_of_their_machine(boards):
    mine = tracked_on("a1", UUIDS)
    assert counted(mine, answer("prometheus-p", boards=boards, host="a1", hosts=["a1"], began="2026-10-01T07:40:00Z")) == {"prometheus-p": "mine"}


@pytest.mark.parametrize(("began", "once"), [("2026-10-01T07:59:00Z", True), ("2026-10-01T07:40:00Z", False)])
def test_a_container_has_another_name_than_its_machine_but_the_same_times_and_energy(began, once):
    other = answer("prometheus-p", boards=SERIALS, host="b2", hosts=["b2"], began=began)
    assert counted(tracked_on("a1", UUIDS), other) == ({"prometheus-p": "mine"} if once else {})


def test_a_run_on_a_machine_of_the_same_name_comes_before_a_twin_on_another():
    mine = tracked_on("a1", UUIDS)
    twin = answer("prometheus-twin", boards=SERIALS, host="b2", hosts=["b2"])
    same = answer("prometheus-same", boards=["gpu:692251001126", "gpu:692251001127"], host="a1", hosts=["a1"], began="2026-10-01T08:01:00Z")
    assert counted(mine, twin, same) == {"prometheus-same": "mine"}


@pytest.mark.parametrize("boards", [["gpu:2", "gpu:3"], ["gpu:0000:d1:00.0", "gpu:0000:d6:00.0"]])
def test_other_gpus_of_a_machine_are_those_of_another_run(boards):
    mine = tracked_on("a1", ["gpu:0", "gpu:1"] if "gpu:2" in boards else ["gpu:0000:c1:00.0", "gpu:0000:c6:00.0"])
    assert counted(mine, answer("prometheus-p", boards=boards, host="a1", hosts=["a1"])) == {}
