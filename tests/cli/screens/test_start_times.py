"""When to start, as text."""

from traincarbon.cli.screens.start_times import start_times_text
from traincarbon.explore.start_times import Expectation, StartTime, StartTimes


def found(saving=0.5):
    now = StartTime("2026-12-01T08:00:00Z", 80.0, 8.0, 0.0)
    best = StartTime("2026-12-01T11:00:00Z", 80.0 * (1 - saving), 8.0 * (1 - saving), saving)
    worst = StartTime("2026-12-01T18:00:00Z", 120.0, None, -0.5)
    return StartTimes(Expectation.FORECAST, "electricity-maps", "FR", "lifecycle", 6.0, now, (best,), worst, ("a note",))


def test_the_best_start_comes_first_with_what_it_saves():
    text = start_times_text(found())
    assert "2026-12-01 11:00 UTC: 50% less CO2e of electricity than now" in " ".join(text.split())
    assert "by the forecast of electricity-maps, zone FR, lifecycle" in " ".join(text.split())
    assert "+50%" in text
    assert "a note" in text


def test_a_start_that_saves_nothing_is_now():
    assert "now is as good as any time" in " ".join(start_times_text(found(saving=0.001)).split())


def test_nothing_known_says_why():
    nothing = StartTimes(None, "", "", "lifecycle", 24.0, None, (), None, ("nothing is known of this grid by hour: --live asks a service",))
    assert "--live asks a service" in " ".join(start_times_text(nothing).split())


def test_several_reasons_are_one_sentence_after_another():
    nothing = StartTimes(None, "", "", "lifecycle", 24.0, None, (), None, ("one service is busy", "another one needs a token"))
    assert "not known; one service is busy; another one needs a token" in " ".join(start_times_text(nothing).split())
