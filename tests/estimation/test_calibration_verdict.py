"""Which effects of a calibration apply by themselves."""

from traincarbon.estimation.calibration import Effect
from traincarbon.estimation.calibration_verdict import Verdict, automatic_effects, refused

EFFECTS = [Effect(quantity, "", "", "", 2, 0.1, 0.1, 0.0, 0.0, 0.0, 0.1, 1.0, 1.0, 1.0) for quantity in ("mfu", "power", "host", "step")]


def names(*verdicts: Verdict) -> list[str]:
    return [effect.quantity for effect in automatic_effects(EFFECTS, verdicts)]


def test_a_refused_quantity_loses_its_effect_alone() -> None:
    assert names(Verdict("hours", False, ""), Verdict("energy", True, "")) == ["power", "host", "step"]
    assert names(Verdict("hours", True, ""), Verdict("energy", False, "")) == ["mfu", "host", "step"]


def test_a_calibration_of_an_older_version_has_no_verdicts_and_keeps_all() -> None:
    assert names() == ["mfu", "power", "host", "step"]
    assert refused([]) == set()
