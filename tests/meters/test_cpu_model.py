"""The model of processor and memory: what it charges, for whom, and from which facts."""

import pytest

from acme import line
from traincarbon.extras import install_command
from traincarbon.meters import cpu_model, process_usage
from traincarbon.meters.base import Unavailable
from traincarbon.meters.cgroup import Allotment
from traincarbon.meters.process_usage import Usage

PRIORS = "".join(
    line("priors", name, scope, median, sigma)
    for name, scope, median, sigma in (
        ("cpu_busy_w", "vendor=*", 4, 0.5),
        ("cpu_busy_w", "vendor=AMD", 3, 0.4),
        ("cpu_idle_w", "vendor=*", 1, 0.5),
        ("cpu_idle_w", "vendor=AMD", 0.5, 0.4),
        ("memory_w_per_gb", "*", 0.4, 0.6),
    )
)
SHARED = Allotment(None, None)


class Job:
    def __init__(self):
        self.cpu_s = 50.0
        self.memory_b = 10e9
        self.alive = True

    def usage(self):
        return Usage(self.cpu_s, self.memory_b, alive=self.alive)


@pytest.fixture
def model(clock, make_database, monkeypatch):
    """Return a function that opens the model of a job whose usage is told."""
    monkeypatch.setattr(cpu_model, "_vendor", lambda: "Acme")

    def call(job, *, pid=1, allotted=SHARED, **others):
        return cpu_model.probe(pid=pid, usage=job, allotted=allotted, database=make_database({"priors.csv": PRIORS}), clock=clock, **others)

    return call


def test_processor_time_is_charged_with_busy_watts_and_nothing_else_of_a_shared_host(model, clock):
    job = Job()
    meter = model(job)
    job.cpu_s += 20.0
    clock.now_s += 10.0
    cpu, memory = meter.read()
    assert (cpu.energy_j, cpu.power_w, cpu.sigma_ln) == (pytest.approx(80.0), pytest.approx(8.0), 0.5)
    assert (memory.energy_j, memory.power_w, memory.sigma_ln) == (pytest.approx(40.0), pytest.approx(4.0), 0.6)
    assert {cpu.how, memory.how} == {"modelled"}


def test_threads_that_were_allotted_but_stand_idle_are_charged_with_idle_watts(model, clock):
    job = Job()
    meter = model(job, allotted=Allotment(8.0, None))
    job.cpu_s += 20.0
    clock.now_s += 10.0
    cpu, _ = meter.read()
    assert cpu.energy_j == pytest.approx(20.0 * 4.0 + 60.0 * 1.0)
    assert cpu.utilisation == pytest.approx(0.25)


def test_memory_that_was_allotted_is_charged_whether_it_is_used_or_not(model, clock):
    meter = model(Job(), allotted=Allotment(None, 64e9))
    clock.now_s += 10.0
    assert meter.read()[1].energy_j == pytest.approx(256.0)


def test_a_job_that_has_ended_is_charged_no_more(model, clock):
    job = Job()
    meter = model(job, allotted=Allotment(None, 64e9))
    clock.now_s += 10.0
    meter.read()
    job.alive, job.memory_b = False, 0.0
    meter.read()
    before = [reading.energy_j for reading in meter.read()]
    clock.now_s += 10.0
    assert [reading.energy_j for reading in meter.read()] == pytest.approx(before)


def test_the_whole_machine_is_charged_for_all_its_threads(model, clock, monkeypatch):
    monkeypatch.setattr(cpu_model.os, "cpu_count", lambda: 4)
    job = Job()
    meter = model(job, pid=None)
    job.cpu_s += 10.0
    clock.now_s += 10.0
    assert meter.read()[0].energy_j == pytest.approx(10.0 * 4.0 + 30.0 * 1.0)


def test_only_the_parts_that_nothing_measures_are_modelled(model):
    assert [reading.part for reading in model(Job(), parts=["dram"]).read()] == ["dram"]


def test_a_known_maker_has_watts_of_its_own(model, clock, monkeypatch):
    monkeypatch.setattr(cpu_model, "_vendor", lambda: "AMD")
    job = Job()
    meter = model(job)
    job.cpu_s += 10.0
    clock.now_s += 10.0
    assert (meter.read()[0].energy_j, meter.read()[0].sigma_ln) == (pytest.approx(30.0), 0.4)


@pytest.mark.parametrize(
    ("text", "vendor"), [("vendor_id\t: AuthenticAMD", "AMD"), ("vendor_id\t: GenuineIntel", "Intel"), ("vendor_id\t: Acme", "*"), ("", "*")]
)
def test_the_maker_is_read_from_the_kernel(tmp_path, monkeypatch, text, vendor):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{text}\n")
    monkeypatch.setattr(cpu_model, "_CPUINFO", str(tmp_path / "cpuinfo"))
    assert cpu_model._vendor() == vendor


def test_the_shipped_watts_are_within_what_servers_draw(shipped):
    curve = cpu_model.power_curve(shipped)
    assert 0.5 < curve.idle_w < curve.busy_w < 6.0
    assert 0.3 < curve.memory_w_per_gb < 0.45


def test_a_database_without_watts_says_so(clock, make_database):
    found = cpu_model.probe(pid=1, usage=Job(), allotted=SHARED, database=make_database(), clock=clock)
    assert isinstance(found, Unavailable)
    assert "cpu_busy_w" in found.reason


def test_without_a_source_of_processor_time_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(process_usage, "source", lambda _, **_rest: None)
    found = cpu_model.probe(pid=1)
    assert isinstance(found, Unavailable)
    assert found.hint == install_command(package="psutil")


def test_the_memory_of_a_job_that_ended_before_the_first_reading_is_unknown_and_not_zero(model, clock):
    job = Job()
    job.alive, job.memory_b = False, 0.0
    meter = model(job)
    clock.now_s += 0.3
    assert [reading.part for reading in meter.read()] == ["cpu"]
    job.alive, job.memory_b = True, 1e9
    assert [reading.part for reading in meter.read()] == ["cpu", "dram"]
