"""Whether a month has room for a run: spent, too little, enough, or not known."""

import pytest

from traincarbon.budgets.budget import Budget, StartPolicy
from traincarbon.budgets.budget_month import BudgetMonth
from traincarbon.budgets.month import month_named
from traincarbon.budgets.month_use import MonthUse
from traincarbon.budgets.room import Expected, Room, room_for

FEBRUARY = month_named("2026-02")
DAY = 86400.0


def limits(expected, *, spent=0.0, ahead=0.0, policy=StartPolicy.REFUSE, now_s=FEBRUARY.begin_s):
    use = MonthUse(by_day={"usd": [spent, *[0.0] * 27]}, ahead={"usd": ahead})
    return room_for([BudgetMonth(Budget("a", {"usd": 100.0}, policy), "a", ("a",), FEBRUARY, use)], expected, now_s=now_s)


@pytest.mark.parametrize(
    ("usd", "spent", "ahead", "room"),
    [
        (50.0, 50.0, 0.0, Room.ENOUGH),
        (50.1, 50.0, 0.0, Room.TOO_LITTLE),
        (30.0, 50.0, 30.0, Room.TOO_LITTLE),
        (0.0, 100.0, 0.0, Room.SPENT),
        (None, 100.0, 0.0, Room.SPENT),
        (None, 50.0, 0.0, Room.NOT_KNOWN),
        (None, 50.0, 50.0, Room.TOO_LITTLE),
    ],
)
def test_a_limit_says_whether_there_is_room(usd, spent, ahead, room):
    (found,) = limits(Expected({} if usd is None else {"usd": usd}), spent=spent, ahead=ahead)
    assert found.room is room
    assert found.refuses is (room in (Room.SPENT, Room.TOO_LITTLE))
    assert "the budget of a for 2026-02" in found.text
    (warned,) = limits(Expected({} if usd is None else {"usd": usd}), spent=spent, ahead=ahead, policy=StartPolicy.WARN)
    assert (warned.room, warned.refuses) == (room, False)


def test_a_run_over_the_end_of_the_month_takes_its_share_of_it():
    (found,) = limits(Expected({"usd": 200.0}, 4.0 * DAY), now_s=FEBRUARY.end_s - DAY)
    assert (found.run, found.room) == (50.0, Room.ENOUGH)
    (found,) = limits(Expected({"usd": 200.0}, None), now_s=FEBRUARY.end_s - DAY)
    assert (found.run, found.room) == (200.0, Room.TOO_LITTLE)


def test_a_run_that_is_started_again_takes_what_is_left_of_it():
    assert Expected({"usd": 10.0, "kwh": 5.0}, 100.0).less({"usd": 4.0, "kwh": 9.0}, duration_s=40.0) == Expected({"usd": 6.0, "kwh": 0.0}, 60.0)


def test_sentences_state_what_decides():
    (found,) = limits(Expected({"usd": 60.0}), spent=30.0, ahead=20.0)
    assert found.text == (
        "the budget of a for 2026-02 has too little room: $70 of $100 is left, $20 of it for runs that still go on, and this run is expected to take $60 in that month"
    )
    (found,) = limits(Expected(), spent=120.0)
    assert found.text == "the budget of a for 2026-02 is spent: $120 of $100"


def test_json_states_the_room():
    (found,) = limits(Expected({"usd": 60.0}), spent=30.0)
    assert found.to_dict() == {
        "project": "a", "month": "2026-02", "limit": "usd", "unit": "$", "on_budget": "refuse", "amount": 100.0,
        "spent": 30.0, "ahead": 0.0, "run": 60.0, "room": "enough", "refuses": False,
    }  # fmt: skip
