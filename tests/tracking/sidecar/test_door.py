"""One living process holds the door of a run; what others hand over arrives whole, and a killed holder loses it."""

import os
import subprocess
import sys
import threading

import pytest

from tracked import until
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sidecar.door import HandedOver, hand_over, is_held, open_door

HOLDER = (
    "import sys, time; sys.path[:0] = {path!r}\n"
    "from traincarbon.tracking.sidecar.door import open_door\n"
    "door = open_door({folder!r}, 'k'); print(door is not None, flush=True); time.sleep(60)"
)


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-S", "-c", HOLDER.format(path=sys.path, folder=str(tmp_path))], stdout=-1, text=True)
    yield process
    process.kill()
    process.communicate()


def handed(descriptors, **changes):
    return HandedOver(
        settings_from(argv=["x" * 1000] * 15, run_id="r", store="/nowhere", **changes), descriptors, b'{"kind": "no', ("gpu:a", "gpu:b"), {"A": "1"}
    )


def test_one_process_holds_it_until_it_is_killed(holder, tmp_path):
    assert holder.stdout.readline() == "True\n"
    assert is_held(str(tmp_path), "k")
    assert open_door(str(tmp_path), "k") is None
    holder.kill()
    holder.wait()
    assert not is_held(str(tmp_path), "k")
    door = open_door(str(tmp_path), "k")
    assert door is not None
    door.close()
    door.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("accepted", [True, False])
def test_what_is_handed_over_arrives_whole_and_is_answered(tmp_path, accepted):
    door = open_door(str(tmp_path), "k")
    pipes = [os.pipe(), os.pipe()]
    given = handed((pipes[0][0], pipes[0][1], pipes[1][0], pipes[1][1]))
    answers = []
    asking = threading.Thread(target=lambda: answers.append(hand_over(str(tmp_path), "k", given)))
    asking.start()
    arrived = until(door.receive)
    door.answer(accepted=accepted)
    asking.join()
    door.close()
    assert answers == [accepted]
    assert arrived._replace(descriptors=given.descriptors) == given
    os.write(pipes[0][1], b"through")
    assert os.read(arrived.descriptors[0], 10) == b"through"
    for descriptor in (*given.descriptors, *arrived.descriptors):
        os.close(descriptor)


def test_a_holder_that_ends_before_it_answers_answers_nothing(tmp_path):
    door = open_door(str(tmp_path), "k")
    ends = os.pipe()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(hand_over(str(tmp_path), "k", handed((*ends, *ends)))))
    asking.start()
    arrived = until(door.receive)
    door._asking.close()
    door.close()
    asking.join()
    assert answers == [None]
    assert hand_over(str(tmp_path), "k", handed((*ends, *ends))) is None
    for descriptor in (*ends, *arrived.descriptors):
        os.close(descriptor)


def test_what_is_not_valid_is_refused_and_its_descriptors_are_closed(tmp_path):
    door = open_door(str(tmp_path), "k")
    ends = os.pipe()
    before = len(os.listdir("/proc/self/fd"))
    answers = []
    asking = threading.Thread(target=lambda: answers.append(hand_over(str(tmp_path), "k", handed(ends))))
    asking.start()
    asking.join(0.2)
    assert door.receive() is None
    asking.join()
    assert answers == [None]
    assert len(os.listdir("/proc/self/fd")) == before
    door.close()
    for descriptor in ends:
        os.close(descriptor)


def test_a_session_is_left_for_the_process_that_replaces_a_killed_holder(holder, tmp_path):
    settings = settings_from(argv=["x"], store="/nowhere")
    (tmp_path / "k.session").write_text("earlier 5.0")
    assert holder.stdout.readline() == "True\n"
    holder.kill()
    holder.wait()
    door = open_door(str(tmp_path), "k")
    assert door.take_session(settings._replace(continues=True)) == "earlier"
    assert door.earlier_s == 5.0
    assert door.take_session(settings) == settings.session
    assert door.take_session(settings._replace(continues=True, session="other")) == settings.session
    door.close()
