import pytest

import traincarbon
from made_runs import fitted, record, slower
from traincarbon.calibration.observed import from_records
from traincarbon.calibration.software import change_spreads, changes_since, software_of
from traincarbon.calibration.store import save

CHIP = "a100-sxm4-80gb"
OLD, NEW = {"torch": "2.1.0"}, {"torch": "2.6.0"}


def factor(records, shipped):
    return fitted(records, shipped).calibration.effect("mfu", CHIP, "", "decoder pretrain")


def two(shipped, *, old, new, days=(1, 2), slow=2.0):
    """A run that took *slow* times the expected hours with *old* software, and then one as expected with *new*."""
    made = []
    for day, name, times, versions in ((days[0], "old", slow, old), (days[1], "new", 1.0, new)):
        (run,) = slower(shipped, (times,), sizes=(3e9 if name == "old" else 3.1e9,), prefix=name, versions=versions, started_at=f"2026-01-{day:02}T00:00:00Z")
        made.append(run)
    return made


def test_a_run_with_older_software_weighs_less(shipped):
    same, version, framework = (factor(two(shipped, old=old, new=NEW), shipped) for old in (NEW, OLD, {"jax": "0.4.30"}))
    assert same.log_factor < version.log_factor < framework.log_factor < 0.0


def test_runs_that_agree_say_less_if_one_is_of_other_software(shipped):
    same, version, framework = (factor(two(shipped, old=old, new=NEW, slow=1.0), shipped).log_factor_sigma for old in (NEW, OLD, {"jax": "0.4.30"}))
    assert same < version < framework


def test_the_latest_run_has_the_software_of_the_next(shipped):
    later = factor(two(shipped, old=OLD, new=NEW, days=(2, 1)), shipped)
    assert later.log_factor < factor(two(shipped, old=OLD, new=NEW), shipped).log_factor


def test_a_repair_and_unknown_software_count_as_the_same(shipped):
    same = factor(two(shipped, old=NEW, new=NEW), shipped).log_factor
    assert factor(two(shipped, old={"torch": "2.6.1"}, new=NEW), shipped).log_factor == same
    assert factor(two(shipped, old={"python": "3.9"}, new=NEW), shipped).log_factor == same


def test_a_calibration_keeps_the_software_of_its_latest_run(shipped, tmp_path):
    from traincarbon.estimation.calibration import read

    save(fitted(two(shipped, old=OLD, new=NEW), shipped).calibration, str(tmp_path))
    assert read("mine", str(tmp_path)).software == {"torch": "2.6.0", "precision": "bf16"}


def test_another_number_format_widens_and_weakens_what_a_calibration_says(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    save(fitted(slower(shipped, (1.5, 1.5), sizes=(2e9, 4e9), hw="dgx-h100"), shipped).calibration)
    plan = {"params": 3e9, "tokens": 6e10, "hw": "dgx-h100", "servers": 1, "database": shipped}
    effects = {}
    for precision in ("bf16", "fp8"):
        answer = traincarbon.estimate(**plan, precision=precision)
        effects[precision] = answer.calibration["factors"]["mfu"]
    assert effects["bf16"]["median"] < effects["fp8"]["median"] < 1.0
    width = {name: each["high"] / each["low"] for name, each in effects.items()}
    assert width["fp8"] > width["bf16"]


def test_versions_of_other_tools_are_no_software_of_a_training():
    made = record(versions={"python": "3.11.2", "carbon": "0.1.0", "os": "Linux", "torch": "2.4.0", "code": "abc"})
    assert software_of(made, "bf16") == {"torch": "2.4.0", "code": "abc", "precision": "bf16"}


def test_every_change_has_a_spread(shipped):
    spreads = change_spreads(shipped)
    assert all(0.05 < spread < 0.5 for spread in spreads.values())
    assert changes_since([], [], spreads) == []
    assert changes_since([{"code": "a"}, {"code": "b"}], ["2026-01-01", "2026-01-02"], spreads) == [spreads["code"], 0.0]


def test_columns_hold_what_changed(shipped):
    observed, _ = from_records(two(shipped, old=OLD, new=NEW), shipped)
    assert observed.software_sigma.tolist() == [pytest.approx(0.15), 0.0]
