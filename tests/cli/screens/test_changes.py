from traincarbon.cli.screens import changes
from traincarbon.estimation.plan import Plan
from traincarbon.explore.change_limits import limits_of
from traincarbon.explore.plan_changes import diff
from traincarbon.terminal_text import plain

PLAN = Plan.from_dict({"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", "servers": 16})
OTHER = Plan.from_dict({"params": 7e9, "tokens": 1e12, "hw": "p4d", "servers": 16})


def test_what_the_bounds_do_not_tell_is_within_uncertainty():
    found = diff({"a": PLAN}, {"a": OTHER})
    assert "Within uncertainty: " in plain(changes.screen(found))
    assert "<br>within uncertainty" in changes.markdown(found)


def test_no_change_is_said():
    found = diff({"a": PLAN}, {"a": PLAN}, limits=limits_of("kwh=0"))
    assert "No plan changes." in changes.screen(found)
    assert "kwh=0: kept, energy no change" in changes.markdown(found)
    assert "No plan changes." in changes.screen(diff({}, {}))


def test_a_new_plan_was_nothing_before():
    assert "nothing  →" in changes.screen(diff({}, {"a": PLAN}))


def test_of_a_whole_commit_id_the_beginning_is_shown():
    assert changes._revision("b446350039809c36b570d4964c4070178658bf98") == "b446350039"
    assert [changes._revision(name) for name in ("main", "x" * 40)] == ["main", "x" * 40]
