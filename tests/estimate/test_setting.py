"""What the database says, each quantity with its evidence."""

import pytest

from traincarbon.database.records import Fact, Product
from traincarbon.errors import DatabaseError
from traincarbon.estimate.setting import Setting

CHIP = Product("one", "accelerators", {"name": "Acme One"}, (), {})
FACT = Fact(value=400.0, source="a", locator="b", kind="measured", origin="here")
PRIORS = "host_share,*,0.55,0.2,,fit,x,derived,n\nidle_share,*,0.15,,,fit,y,derived,n\n"


def evidence(given):
    return given.source, given.locator, given.kind


def test_a_quantity_keeps_the_evidence_of_its_fact_or_row():
    setting = Setting(CHIP, CHIP, 1.0, None)
    setting.add("board_power_w", 400.0, "W", "power cap", FACT)
    setting.add("pue", 1.1, "", "fleet", {"source": "c", "locator": "d", "kind": "published"}, assumed=True)
    setting.add("kind", "pretrain", "", "not said", assumed=True)
    assert evidence(setting.given["board_power_w"]) == ("a", "b", "measured")
    assert evidence(setting.given["pue"]) == ("c", "d", "published")
    assert evidence(setting.given["kind"]) == ("", "", "")
    assert [given.assumed for given in setting.given.values()] == [False, True, True]


def test_a_prior_is_an_assumption_with_its_spread(make_database):
    setting = Setting(CHIP, CHIP, 1.0, None)
    setting.add_prior(make_database({"priors.csv": PRIORS}), "host_share", "*", "", "mean draw", spread="host")
    given = setting.given["host_share"]
    assert (given.value.median, given.value.spreads) == (0.55, {"host": pytest.approx(0.2)})
    assert given.assumed
    assert evidence(given) == ("fit", "x", "derived")


def test_a_prior_without_spread_is_a_plain_number(make_database):
    setting = Setting(CHIP, CHIP, 1.0, None)
    setting.add_prior(make_database({"priors.csv": PRIORS}), "idle_share", "*", "", "idle", spread="idle")
    assert setting.given["idle_share"].value == 0.15


def test_a_prior_that_is_not_there_is_a_fault_of_the_database(make_database):
    with pytest.raises(DatabaseError, match=r"priors\.csv has no pue,scope=\*"):
        Setting(CHIP, CHIP, 1.0, None).add_prior(make_database(), "pue", "scope=*", "", "")
