"""The account of a session: energy valued, progress counted, budgets watched, and nothing that is not known."""

import json

import pytest

from traincarbon.tracking.options import prepared
from traincarbon.tracking.progress import Report
from traincarbon.tracking.value.run_results import Part
from traincarbon.tracking.value.session import Account

DEVICES = {"gpu:0": "NVIDIA H100 80GB HBM3"}


@pytest.fixture
def make_account(tmp_path, monkeypatch):
    """Return a function that opens an account, for options as those of ``carbon track``; appraised by the shipped database if *appraised*."""
    monkeypatch.setenv("CARBON_STORE", str(tmp_path))

    def make(*, appraised=True, before=None, **options):
        from traincarbon.tracking.value.rates import appraise

        account = Account(prepared(argv=["train.py"], **options))
        account.metered(names=DEVICES, accelerators=1)
        if appraised:
            account.appraised({**appraise(account.request(journal="own")), "before": before or {}})
        return account

    return make


def drawn(account, *, energy_j, elapsed_s):
    account.update({"gpu": Part(energy_j, "counter", 0.0)}, elapsed_s=elapsed_s, time_s=1000.0 + elapsed_s)


def state(account, *, elapsed_s=10.0):
    return account.state(devices=[], missing={"dram": "no sensor"}, elapsed_s=elapsed_s)


def test_before_anything_is_known_nothing_is_stated(make_account):
    account = make_account(appraised=False)
    assert account.fields() == {"mfu": None}
    told = state(account)
    assert (told["figures"], told["budgets"], told["forecast"], told["plan"], told["energy_j"]) == ({}, [], None, None, {})
    assert account.counts() == {}


def test_energy_is_valued_by_place_and_hardware(make_account):
    account = make_account(region="FR", pue="1.25", carbon_intensity="100", hw="h100-sxm5-80gb")
    drawn(account, energy_j=3.6e6, elapsed_s=3600.0)
    fields = account.fields()
    energy, emitted = fields["facility_energy_kwh"], fields["operational_kgco2e"]
    assert energy["low"] <= energy["median"] <= energy["high"]
    assert energy["median"] >= 1.25
    assert emitted["median"] == pytest.approx(energy["median"] * 0.1, rel=1e-3)
    assert sum(fields["sources_kwh"].values()) == pytest.approx(energy["median"] / 1.25, rel=0.01)
    json.dumps(fields, allow_nan=False)


def test_tokens_are_counted_by_steps_of_known_size_where_only_steps_are_reported(make_account):
    account = make_account(plan={"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1, "batch_tokens": 5e5})
    for step in (1.0, 4.0):
        account.report([Report(1000.0 + step, steps=step)])
    drawn(account, energy_j=4e3, elapsed_s=10.0)
    progress = state(account)["progress"]
    assert progress["j_per_token"] == pytest.approx(4e3 / 2e6)
    assert progress["mfu"] == account.fields()["mfu"] > 0.0
    assert account.counts() == {"steps": 4.0}


def test_utilisation_is_work_done_over_what_the_boards_could_do(make_account):
    """A forward and a backward pass of 1e9 parameters are 6e9 FLOP a token; an H100 does 989.4e12 a second."""
    account = make_account(params="1e9", hw="h100-sxm5-80gb")
    account.report([Report(1001.0, tokens=1e5), Report(1009.0, tokens=1e6)])
    drawn(account, energy_j=7e3, elapsed_s=10.0)
    assert account.fields()["mfu"] == pytest.approx(6e9 * 1e6 / (10.0 * 989.4e12), rel=0.02)


def test_a_budget_is_watched_from_what_earlier_sessions_took_and_says_each_thing_once(make_account):
    before = {"figures": {"facility_energy_kwh": {"low": 0.9, "median": 0.9, "high": 0.9}}, "counts": {}, "notes": ["earlier"]}
    account = make_account(max_kwh=1.0, on_budget="signal", before=before)
    drawn(account, energy_j=3.6e6, elapsed_s=10.0)
    (news,) = [text for text in account.news() if "spent" in text]
    assert "in earlier sessions" in news
    assert account.demands() == ["signal"]
    drawn(account, energy_j=7.2e6, elapsed_s=20.0)
    assert (account.news(), account.demands()) == ([], [])
    (budget,) = account.budgets()
    assert (budget["name"], budget["unit"], budget["limit"]) == ("kwh", "kWh", 1.0)
    assert budget["spent"] > 2.9


def test_notes_for_who_looks_on_are_kept_once_and_not_for_ever(make_account):
    account = make_account(appraised=False)
    for number in range(1000):
        account.note(f"note {number % 500}")
    notes = state(account)["notes"]
    assert len(notes) < 30
    assert notes[-1] == "note 499"
    assert len(set(notes)) == len(notes)


def test_the_facts_are_those_of_plan_boards_and_database(make_account):
    plan = {"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1}
    facts = make_account(plan=plan).facts()
    assert (facts["hw"], facts["accelerators"], facts["params"]) == ("h100-sxm5-80gb", 1, 1e9)
    assert facts["plan"]["params"] == 1e9
    assert facts["plan"]["facility_energy_kwh"]["median"] > 0.0
    assert make_account(appraised=False).facts()["plan"] is None


def test_the_question_to_the_database_crosses_to_another_process(make_account):
    request = make_account(appraised=False, region="FR").request(journal="own")
    assert json.loads(json.dumps(request)) == request
    assert (request["devices"], request["region"], request["journal"]) == (DEVICES, "FR", "own")
