"""The metering loop over a recorded trace and real processes, with the test as the owner."""

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from tracked import Place, until
from traincarbon.ledger.journal import new_journal
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.messages import Job, JobEnded, LiveState
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sidecar.first_reading import EarlyReadings
from traincarbon.tracking.sidecar.job import ProcessHandle
from traincarbon.tracking.sidecar.loop import Metering
from traincarbon.tracking.value.lookup_process import LookupProcess
from traincarbon.tracking.value.session import Session
from traincarbon.tracking.value.valuation import PlannedRun, Valuation

WATTS = 3600.0


@pytest.fixture
def place(tmp_path, monkeypatch):
    place = Place(tmp_path, watts=WATTS)
    for name in ("CARBON_STORE", "CARBON_REPLAY"):
        monkeypatch.setenv(name, place.env[name])
    return place


@pytest.fixture
def sleeper():
    """Return a function that starts a process that sleeps."""
    begun = []

    def start(seconds=60.0):
        begun.append(subprocess.Popen([sys.executable, "-S", "-c", f"import time; time.sleep({seconds})"]))
        return begun[-1]

    yield start
    for process in begun:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


@pytest.fixture
def session(place):
    """Return a function that meters *job* for *owner* in a thread: the channel to it, what it reports on, and the thread."""
    ends = []

    def begin(job, owner, valuation=None, *, ended_after_s=None, began_before_s=0.0, look_up=None, **options):
        to_it, from_us = os.pipe()
        to_us, from_it = os.pipe()
        reports, reporting = os.pipe()
        output, copying = os.pipe()
        ends.extend((reporting, copying))
        settings = settings_from(argv=["x"], run_id="r", interval_s=0.1, **options)
        ours, began_s = Channel(to_us, from_us), time.monotonic() - began_before_s
        ends.append(ours)
        if ended_after_s is not None:
            ours.send(JobEnded(began_s + ended_after_s, exit_code=0))
        loop = Metering(
            Channel(to_it, from_it), ProcessHandle(owner.pid), settings, Job(job.pid, began_s),
            journal=new_journal(settings.store, "r"), lookup=LookupProcess(look_up=look_up or (lambda _: valuation or Valuation())), early=EarlyReadings({}, ()), reports=(reports, output),
        )  # fmt: skip
        thread = threading.Thread(target=loop.run)
        thread.start()
        assert until(lambda: [line for line in place.lines("r") if line["kind"] == "interval"] if os.path.isdir(f"{place.store}/journals/r") else [])
        return ours, reporting, thread

    yield begin
    for end in ends:
        end.close() if isinstance(end, Channel) else os.close(end)


def end(channel, thread, *, exit_code=0):
    channel.send(JobEnded(time.monotonic(), exit_code=exit_code))
    thread.join(20.0)
    assert not thread.is_alive()


def test_a_session_is_metered_from_the_beginning_of_the_job_to_its_end(session, sleeper, place):
    channel, _, thread = session(sleeper(), sleeper())
    end(channel, thread, exit_code=3)
    record = place.record("r")
    assert (record.state, record.exit_code) == ("failed", 3)
    assert record.energy_j["gpu"] == pytest.approx(WATTS * record.duration_s, rel=1e-6)


def test_after_ten_minutes_records_are_six_times_as_far_apart_and_lose_nothing(session, sleeper, place):
    channel, _, thread = session(sleeper(), sleeper(), began_before_s=700.0)
    time.sleep(2.5)
    end(channel, thread)
    lines = [line for line in place.lines("r") if line["kind"] == "interval"]
    spans_s = [later["to_s"] - earlier["to_s"] for earlier, later in pairwise(lines[:-1])]
    assert all(line["interval_s"] == pytest.approx(0.6) for line in lines)
    assert len(spans_s) >= 2
    assert min(spans_s) >= 0.5
    (use,) = [use for use in place.record("r").by_device if use.part == "gpu"]
    assert use.gaps_s == pytest.approx(700.0, abs=2.0)
    assert use.energy_j == pytest.approx(WATTS * use.metered_s, rel=0.02)
    assert place.record("r").notes[0].startswith(f"{use.device} was metered for 0.")


def test_what_is_drawn_after_the_job_has_ended_is_not_its_own(session, sleeper, place):
    job = sleeper(0.4)
    channel, _, thread = session(job, sleeper())
    job.wait()

    def stands_still():
        times_s = [line["to_s"] for line in place.lines("r") if line["kind"] == "interval"]
        return len(times_s) > 1 and times_s[-1] == times_s[-2]

    assert until(stands_still)
    seen_s = time.monotonic()
    time.sleep(0.5)  # whoever waits for the job is late to say so
    end(channel, thread)
    record = place.record("r")
    began_s = next(line["from_s"] for line in place.lines("r") if line["kind"] == "interval")
    assert record.duration_s <= seen_s - began_s
    assert record.energy_j["gpu"] == pytest.approx(WATTS * record.duration_s, rel=1e-6)


def test_an_owner_that_is_gone_ends_the_run_as_killed(session, sleeper, place):
    owner = sleeper()
    job = sleeper()
    _, _, thread = session(job, owner)
    owner.kill()
    owner.wait()
    thread.join(20.0)
    assert job.wait(10) == -signal.SIGTERM
    record = place.record("r")
    assert record.state == "killed"
    assert any("supervisor was killed: the training was ended too" in note for note in record.notes)


def test_a_job_stops_and_continues_with_its_owner(session, sleeper):
    def state(process):
        with open(f"/proc/{process.pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[0]

    owner, job = sleeper(), sleeper()
    channel, _, thread = session(job, owner)
    owner.send_signal(signal.SIGSTOP)
    assert until(lambda: state(job) == b"T")
    owner.send_signal(signal.SIGCONT)
    assert until(lambda: state(job) != b"T")
    end(channel, thread)


def test_progress_is_recorded_as_it_is_reported(session, sleeper, place):
    channel, reporting, thread = session(sleeper(), sleeper())
    for tokens in (1024, 2048, 3072, 4096):
        os.write(reporting, b'{"tokens": %d, "total_tokens": 8192}\n' % tokens)
        time.sleep(0.1)
    assert until(lambda: [line for line in place.lines("r") if line.get("tokens") == 4096])
    end(channel, thread)
    record = place.record("r")
    assert record.tokens == 4096
    assert record.forecast["share_done"] == 0.5


def test_the_owner_is_sent_the_live_state(session, sleeper):
    channel, _, thread = session(sleeper(), sleeper(), state_every_s=0.1)
    states = []

    def look():
        states.extend(message for message in channel.receive() if isinstance(message, LiveState))
        return len(states) > 2

    assert until(look)
    assert [(device.device, device.power_w) for device in states[-1].devices] == [("gpu:0", WATTS)]
    assert 0.0 < states[-1].metered_kwh <= WATTS * states[-1].elapsed_s / 3.6e6 * 1.01
    end(channel, thread)


def test_what_the_database_says_joins_the_facts_of_the_run(session, sleeper, place):
    channel, _, thread = session(sleeper(), sleeper(), valuation=Valuation(hw="dgx-a100", notes=("something to know",)))
    end(channel, thread)
    record = place.record("r")
    assert record.hw == "dgx-a100"
    assert "something to know" in record.notes


def test_a_command_that_ended_at_once_is_recorded_but_not_valued(session, sleeper, place):
    _, _, thread = session(sleeper(), sleeper(), valuation=Valuation(hw="dgx-a100"), ended_after_s=0.01)
    thread.join(20.0)
    record = place.record("r")
    assert (record.state, record.hw) == ("finished", "")
    assert "a run of less than 0.1 s is not valued: no CO2e and no cost" in record.notes


def test_a_training_with_a_plan_that_ended_at_once_is_valued(session, sleeper, place):
    planned = Valuation(hw="dgx-a100", plan=PlannedRun(tokens=4096.0))
    _, _, thread = session(sleeper(), sleeper(), valuation=planned, ended_after_s=0.01, plan={"params": 544.0, "tokens": 4096.0, "hw": "dgx-a100"})
    thread.join(20.0)
    record = place.record("r")
    assert (record.state, record.hw, record.plan["planned_tokens"]) == ("finished", "dgx-a100", 4096.0)
    assert not any("is not valued" in note for note in record.notes)


def test_an_answer_of_the_lookup_after_the_end_prolongs_neither_a_phase_nor_hours(session, sleeper, place, tmp_path, monkeypatch):
    update, seen = Session.update, []

    def noted(self, *words, **options):
        seen.append((options["time_s"], options["elapsed_s"]))
        return update(self, *words, **options)

    monkeypatch.setattr(Session, "update", noted)

    def look_up(_):
        until((tmp_path / "ended").exists, seconds=20.0)
        time.sleep(1.0)  # the metering process waits for it
        return Valuation()

    channel, reporting, thread = session(sleeper(), sleeper(), look_up=look_up)
    os.write(reporting, b'{"phase": "eval"}\n')
    assert until(lambda: any(line.get("phases") for line in place.lines("r")))
    (tmp_path / "ended").touch()
    end(channel, thread)
    lines = [line for line in place.lines("r") if line["kind"] == "interval"]
    assert lines[-1]["phases"]["eval"]["duration_s"] <= lines[-1]["to_s"] - lines[0]["from_s"]
    for time_s, elapsed_s in seen[-2:]:  # of the answer, and of the last record
        assert time_s <= lines[-1]["to_s"] + 1e-3
        assert elapsed_s <= lines[-1]["to_s"] - lines[0]["from_s"] + 1e-3
