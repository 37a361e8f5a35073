"""The table of well-known trainings of other families."""

from traincarbon.cli.screens.family_runs import family_table
from traincarbon.uncertain import Interval
from traincarbon.validation.family_runs import FamilyRun


def made(name, published_h, *, is_rate=False):
    hours = Interval(50.0, 100.0, 200.0)
    return FamilyRun(name=name, family="vision", flop=1e20, is_rate=is_rate, published_h=published_h, hours=hours, source="acme", note="a reason")


def test_the_table_shows_each_training_and_says_why_one_is_outside():
    text = family_table([made("near", 120.0), made("far", 900.0, is_rate=True)])
    assert "| near | vision | 1.00e+20 | 120 GPU-hours | 100 GPU-hours | 50 – 200 | yes |" in text
    assert "| far | vision | 1.00e+20 | 900 GPU-hours* | 100 GPU-hours | 50 – 200 | **no** |" in text
    # ln 1.2 and ln 9
    assert "1 of 2 published values lie inside their 90 % interval; the median error is 1.19 (ln)." in text
    assert "- far: a reason" in text
    assert "- near" not in text
