"""How the ends of several trainings become the end of one run."""

from types import SimpleNamespace

import pytest

from traincarbon.tracking.messages import JobEnded
from traincarbon.tracking.sidecar import members as members_module
from traincarbon.tracking.sidecar.members import Members


def member(end, *, session="s", within="", joins=False):
    return SimpleNamespace(ended=end, gone_s=None, readers={}, settings=SimpleNamespace(session=session, within=within, joins=joins))


def members(*ends):
    found = Members(member(None), door=None)
    found.present = [member(end) for end in ends]
    return found


def test_those_that_have_ended_leave_while_others_go_on():
    found = members(JobEnded(1.0, exit_code=0), None, JobEnded(2.0, exit_code=1))
    assert found.n_working == 1
    assert [member.ended.ended_s for member in found.take_left()] == [1.0, 2.0]
    assert found.take_left() == []
    found.present[0].ended = JobEnded(5.0, exit_code=0)
    assert not found.is_working
    assert found.take_left() == []
    assert found.outcome() == JobEnded(5.0, exit_code=1)


@pytest.mark.parametrize(
    ("ends", "worst"),
    [
        ((JobEnded(3.0, 0, None, 1.0), JobEnded(2.0, 0, None, 2.0)), JobEnded(3.0, 0, None, 3.0)),
        ((JobEnded(3.0, 0, None, 1.0), JobEnded(2.0, None, 9, 2.0), JobEnded(1.0, 4, None, 4.0)), JobEnded(3.0, None, 9, 7.0)),
        ((JobEnded(3.0, 0, None, 1.0), JobEnded(4.0, state="killed")), JobEnded(4.0, state="killed")),
        ((JobEnded(3.0, None, 15), JobEnded(4.0, state="killed")), JobEnded(4.0, state="killed")),
    ],
)
def test_the_run_ends_with_the_last_and_as_the_worst(ends, worst):
    assert members(*ends).outcome() == worst


def test_the_last_training_is_gone_when_all_are():
    found = members(None, JobEnded(2.0))
    assert found.all_gone_s is None
    found.present[0].gone_s = 1.0
    assert found.all_gone_s == 2.0


def test_a_tracker_within_a_tracked_command_does_not_decide_how_the_run_ended():
    found = Members(member(None, session="outer"), door=None)
    found.present = [member(JobEnded(4.0, 0, None, 3.0), session="outer"), member(JobEnded(2.0, 3, None, 1.0), session="inner", within="outer")]
    assert found.outcome() == JobEnded(4.0, 0, None, 3.0)
    found.present[1] = member(JobEnded(2.0, 3, None, 1.0), session="rank", within="of another node")
    assert found.outcome() == JobEnded(4.0, 3, None, 4.0)


@pytest.mark.parametrize("within", ["outer", ""])  # a decorator made before the block around its call does not name it
def test_a_training_within_another_that_fails_and_is_caught_does_not_fail_the_run(within):
    found = Members(member(None, session="outer"), door=None)
    found.present.append(member(JobEnded(2.0, 1, None, None), session="inner", within=within, joins=True))
    assert len(found.take_left()) == 1
    found.present[0].ended = JobEnded(4.0, 0, None, 3.0)
    assert found.outcome() == JobEnded(4.0, 0, None, 3.0)


def test_of_trainings_that_end_at_once_one_shows_what_the_run_came_to():
    found = members(JobEnded(1.0), JobEnded(1.0))
    for each, is_gone in zip(found.present, (True, False), strict=True):
        each.owner = SimpleNamespace(gone=is_gone)
    assert found.speaker is found.present[1]
    found.present[1].owner.gone = True
    assert found.speaker is found.present[0]


def test_a_training_within_another_neither_keeps_the_run_going_nor_ends_it():
    found = members(None)
    found.present.append(member(None, within="s", joins=True))
    assert (found.n_working, found.all_gone_s) == (1, None)
    found.present[0].ended = JobEnded(3.0, exit_code=0)
    assert (found.is_working, found.all_gone_s, found.outcome()) == (False, 3.0, JobEnded(3.0, exit_code=0))


def test_a_short_training_is_looked_at_every_second_and_a_long_one_as_often_as_that_may_cost(monkeypatch):
    clock = SimpleNamespace(now_s=0.0, used_s=0.0)
    monkeypatch.setattr(members_module, "time", SimpleNamespace(monotonic=lambda: clock.now_s, process_time=lambda: clock.used_s))
    looks = []

    def look(_):
        looks.append(clock.now_s)
        clock.used_s += 1e-3

    found = Members(member(None), door=None)
    found.present = [
        type(
            "Seer",
            (),
            {
                "settings": SimpleNamespace(joins=False),
                "look_for_devices": staticmethod(look),
                "devices": SimpleNamespace(of=lambda meter: frozenset(meter.order[:1])),
            },
        )()
    ]
    meter = SimpleNamespace(order=("gpu:0", "gpu:1"))
    for step in range(600):
        clock.now_s = step / 10.0
        assert found.left_out([meter]) == {"gpu:1"}
    assert looks == pytest.approx([*range(12), 12.0, 22.0, 32.0, 42.0, 52.0], abs=0.7)
