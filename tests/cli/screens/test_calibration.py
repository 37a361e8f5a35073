import re

import pytest
from click import unstyle

from made_runs import fitted, laid_out, record, slower
from traincarbon.cli.screens.calibration import listing, percent, screen


@pytest.fixture(scope="module")
def found(shipped):
    records = slower(shipped, (1.3, 1.35, 1.3, 1.25), plan={"region": "france"})
    return fitted([*records, record("stopped\x1b[2J" + "x" * 200, state="killed")], shipped)


def test_it_fits_the_screen_and_drives_no_terminal(found):
    text = unstyle(screen(found))
    assert max(len(line) for line in text.split("\n")) <= 80
    assert "\x1b[2J" not in text


def test_each_run_is_shown_without_with_and_by_the_others(found):
    (line,) = [line for line in screen(found).split("\n") if line.startswith("run-0 ")]
    assert line.split()[2:4] == ["×", "0.77"]
    assert line.count("×") == 3


def test_what_was_set_aside_is_named_with_the_reason(found):
    assert "aborted: its state is killed" in " ".join(screen(found).split())


def test_many_runs_are_cut_short(shipped):
    records = [record(f"r{at}", hours_h=240.0 + at) for at in range(40)]
    lines = unstyle(screen(fitted(records, shipped))).split("\n")
    assert sum(line.startswith("r") for line in lines) == 12
    assert any("and 28 more runs" in line for line in lines)


def test_a_listing_says_what_each_is_good_for(found):
    head, line = unstyle(listing([found.calibration])).split("\n")
    assert "automatic" in head
    assert line.split()[:4] == ["mine", "2026-11-25", "4", "a100-sxm4-80gb"]
    assert line.endswith("yes")
    assert len(line) <= 80


def test_a_logarithm_is_shown_as_the_excess_of_the_greater():
    assert [percent(log) for log in (0.0, 0.0953, -0.0953, 0.6931)] == ["0 %", "10 %", "10 %", "100 %"]


def test_a_step_of_known_layout_is_shown_beside_the_others(shipped):
    text = screen(fitted(laid_out(shipped, (0.8, 0.82, 0.8, 0.78)), shipped))
    assert re.search(r"Step on its layout +4 +25 % +\d", text)
    assert re.search(r"step +a100-sxm4-80gb, decoder pretrain +4 × 0\.81", text)
