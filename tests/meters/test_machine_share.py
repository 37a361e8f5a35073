"""The part of a machine's energy that belongs to a job which has some of its processors."""

import pytest

from traincarbon.meters.base import Reading
from traincarbon.meters.machine_share import JobPart, MachineShare, busy_times, job_part, may_be_shared
from traincarbon.quantities import EnergySource, Part

EIGHT = JobPart(8.0, 64.0, 0.25, "control group")
V2 = "0::/system.slice/slurmstepd.scope/job_12/step_0/user/task_0"
JOB = "fs/system.slice/slurmstepd.scope/job_12"


@pytest.fixture
def machine(tmp_path):
    """Return a function that writes the files of a machine and says where they are."""

    def written(membership, files):
        for name, text in {"proc/self/cgroup": membership, "proc/meminfo": "MemTotal: 1000000 kB\n", **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
        return {"root": str(tmp_path / "fs"), "proc": str(tmp_path / "proc")}

    return written


def part(where, **env):
    return job_part(env=env, of_threads=64, **where)


@pytest.mark.parametrize(
    ("membership", "files", "env", "expected"),
    [
        ("0::/", {}, {}, None),
        (V2, {f"{JOB}/cpuset.cpus.effective": "0-3,8-11"}, {}, (8.0, 0.125, "control group")),
        # a step of Slurm, and a task that is pinned to two threads, have less than their job
        (V2, {f"{JOB}/cpuset.cpus.effective": "0-7", f"{JOB}/step_0/cpuset.cpus.effective": "0-1"}, {}, (8.0, 0.125, "control group")),
        (V2, {f"{JOB}/cpuset.cpus.effective": "0-63"}, {}, None),
        (V2, {f"{JOB}/cpuset.cpus.effective": "0-7", f"{JOB}/memory.max": "512000000"}, {}, (8.0, 0.5, "control group")),
        (
            "0::/kubepods/pod7/main",
            {"fs/kubepods/cpuset.cpus.effective": "0-61", "fs/kubepods/pod7/cpu.max": "400000 100000"},
            {},
            (4.0, 0.0625, "control group"),
        ),
        ("4:cpuset:/slurm/uid_0/job_3/step_1", {"fs/cpuset/slurm/uid_0/job_3/cpuset.cpus": "5"}, {}, (1.0, 1 / 64, "control group")),
        ("0::/", {}, {"SLURM_CPUS_ON_NODE": "16"}, (16.0, 0.25, "SLURM_CPUS_ON_NODE")),
        ("0::/", {}, {"SLURM_CPUS_ON_NODE": "64"}, None),
        ("0::/", {}, {"SLURM_CPUS_ON_NODE": "many"}, None),
        ("0::/", {"fs/cpuset.cpus.effective": "0-3,x"}, {}, None),
        ("0::/", {"fs/cpuset.cpus.effective": "7-3"}, {}, None),
    ],
)
def test_control_groups_and_slurm_say_what_a_job_has(machine, membership, files, env, expected):
    found = part(machine(membership, files), **env)
    assert (found and (found.threads, found.memory, found.said_by)) == expected


def test_a_system_without_control_groups_says_nothing(tmp_path):
    assert part({"root": str(tmp_path / "none"), "proc": str(tmp_path / "none")}) is None


def test_nothing_known_is_said_where_others_may_have_jobs():
    assert may_be_shared(env={"PBS_JOBID": "7"})
    assert not may_be_shared(env={})
    assert not may_be_shared(env={"SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": "64"})


def test_processor_time_is_that_of_the_job_and_of_the_whole_machine(machine):
    where = machine(
        V2, {f"{JOB}/cpu.stat": "usage_usec 2500000\nuser_usec 1", f"{JOB}/step_0/cpu.stat": "usage_usec 9", "proc/stat": "cpu  100 0 200 9999 50 0 0 100 0 0"}
    )
    own_s, all_s = busy_times(**where)
    assert own_s == 2.5
    assert all_s == pytest.approx(400 / 100, rel=0.01)
    assert busy_times(root="/none", proc="/none") is None


class Machine:
    """A machine whose job and others work at a given pace."""

    def __init__(self, job_threads, all_threads):
        self.now_s = self.own_s = self.all_s = self.energy_j = 0.0
        self._job, self._all = job_threads, all_threads
        self.share = MachineShare(EIGHT, idle_over_busy=0.25, sigma_ln=0.3, busy=lambda: (self.own_s, self.all_s), clock=lambda: self.now_s)

    def reading(self, *, part=Part.CPU, how=EnergySource.COUNTER, seconds=1.0, watts=100.0):
        self.now_s += seconds
        self.own_s, self.all_s = self.own_s + self._job * seconds, self.all_s + self._all * seconds
        self.energy_j += watts * seconds
        return self.share.of(Reading("x:0", part, self.energy_j, self.now_s, how, watts, counter_j=7.0))


@pytest.mark.parametrize(
    ("job", "everybody", "share"),
    [
        (8.0, 64.0, 0.125),  # all work: by threads
        (0.0, 0.0, 0.125),  # nobody works: as before
        (8.0, 8.0, 8.0 / (8.0 + 0.25 * 56.0)),  # the others idle
        (4.0, 60.0, (4.0 + 0.25 * 4.0) / (60.0 + 0.25 * 4.0)),  # the others work harder
    ],
)
def test_busy_threads_count_by_processor_time_and_idle_ones_by_who_has_them(job, everybody, share):
    machine = Machine(job, everybody)
    first = machine.reading()
    for _ in range(9):
        last = machine.reading()
    assert last.energy_j - first.energy_j == pytest.approx(900.0 * share)
    assert last.power_w == pytest.approx(100.0 * share)
    assert (last.how, last.sigma_ln, last.counter_j, last.is_shared) == (EnergySource.MODELLED, 0.3, None, True)


def test_memory_counts_by_its_limit():
    machine = Machine(8.0, 64.0)
    assert machine.reading(part=Part.DRAM, watts=40.0).power_w == 10.0


@pytest.mark.parametrize(("part", "how"), [(Part.GPU, EnergySource.COUNTER), (Part.SERVER, EnergySource.POWER), (Part.CPU, EnergySource.MODELLED)])
def test_gpus_whole_servers_and_the_model_of_the_job_stay_as_they_are(part, how):
    found = Machine(8.0, 64.0).reading(part=part, how=how)
    assert (found.energy_j, found.how, found.is_shared) == (100.0, how, False)


def test_energy_never_falls_and_the_job_never_has_more_than_all():
    machine, before_j = Machine(80.0, 64.0), 0.0
    for _ in range(5):
        found = machine.reading()
        assert before_j <= found.energy_j <= machine.energy_j
        before_j = found.energy_j


def test_the_note_says_what_the_job_has():
    assert EIGHT.note == (
        "this job has 8 of 64 hardware threads of its machine (control group): of the energy of processors and memory its part counts, by processor time"
    )
