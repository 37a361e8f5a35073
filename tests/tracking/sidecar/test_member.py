"""A member: its owner's messages, its training's reports, and what happens to the training when the owner is killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from traincarbon.tracking.channel import Channel
from traincarbon.tracking.messages import Job, JobEnded, Note
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sidecar.job import ProcessHandle
from traincarbon.tracking.sidecar.member import Member


@pytest.fixture
def sleepers():
    processes = [subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"]) for _ in range(2)]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def member(sleepers, tmp_path):
    """A member, the owner's end of its channel, and where its training reports."""
    owner, job = sleepers
    to_it, from_us = os.pipe()
    to_us, from_it = os.pipe()
    reports, reporting = os.pipe()
    output, copying = os.pipe()
    ours = Channel(to_us, from_us)
    made = Member(
        Channel(to_it, from_it), ProcessHandle(owner.pid), settings_from(argv=["x"], store=tmp_path), Job(job.pid, time.monotonic()), reports=(reports, output)
    )
    yield made, ours, reporting
    made.close()
    made.channel.close()
    ours.close()
    os.close(copying)


def test_it_takes_notes_and_the_end_from_its_owner(member):
    made, ours, reporting = member
    ours.send(Note("hello"))
    ours.send(JobEnded(5.0, exit_code=3))
    made.receive()
    assert (made.notes, made.ended) == (["hello"], JobEnded(5.0, exit_code=3))
    os.close(reporting)


def test_reports_are_read_until_the_training_closes_the_pipe(member):
    made, _, reporting = member
    (descriptor,) = made.readers
    os.write(reporting, b'{"steps": 3}\n{"steps"')
    assert [report.steps for report in made.read(descriptor)] == [3.0]
    os.write(reporting, b": 4}\n")
    os.close(reporting)
    assert [report.steps for report in made.read_last()] == [4.0]
    assert made.readers == {}


def test_a_training_whose_owner_was_killed_is_ended(member, sleepers):
    made, _, reporting = member
    made.check(1.0)
    assert made.ended is None
    owner, job = sleepers
    owner.kill()
    owner.wait()
    made.check(2.0)
    assert made.ended is not None
    assert made.ended.state == "killed"
    assert job.wait(timeout=10) == -signal.SIGTERM
    os.close(reporting)
