"""Runs of a ledger that are read a few at a time say what all of them say when they are read at once."""

import random
from collections import Counter

import pytest

from mixed_runs import KnownRuns, mixed_run
from traincarbon.calibration import ledger_runs
from traincarbon.calibration.joined_records import joined
from traincarbon.calibration.ledger_runs import LedgerRuns, for_prices, latest
from traincarbon.calibration.observed import from_records
from traincarbon.calibration.price_errors import prices_tested
from traincarbon.calibration.rents import rents_of
from traincarbon.ledger.same_energy import with_second_opinions
from traincarbon.ledger.shared_boards import with_others

READ = ("run_id", "state", "started_at", "duration_s", "params", "tokens", "plan", "hw", "accelerators", "energy_j", "how", "gaps_s", "versions", "counts")
READ_TOO = ("by_device", "warm_up", "billed", "site", "shared_with", "counted_in", "energy_covers")


def ledger(seed, n=120):
    chance = random.Random(seed)
    records = {record.run_id: record for record in (mixed_run(number, chance) for number in range(n))}
    return sorted(sorted(records.values(), key=lambda run: run.run_id), key=lambda run: run.started_at, reverse=True)


def stated(records):
    return [tuple(getattr(record, name) for name in (*READ, *READ_TOO)) for record in records]


@pytest.mark.parametrize("seed", range(25))
def test_records_are_as_if_all_were_read_at_once(seed, monkeypatch):
    monkeypatch.setattr(ledger_runs, "_AT_A_TIME", 7)
    records = ledger(seed)
    expected = joined(with_second_opinions(with_others(records)))
    found = LedgerRuns(KnownRuns(records))
    assert stated(found) == stated(expected)
    assert stated(found) == stated(expected)
    assert (len(found), found.total, found.remarks) == (len(records), len(records), [])


def test_the_ledgers_of_this_test_have_all_that_runs_can_have_to_do_with_each_other():
    changed = Counter()
    for seed in range(25):
        for before, after in zip(ledger(seed), LedgerRuns(KnownRuns(ledger(seed))), strict=True):
            changed.update(name for name in ("shared_with", "counted_in", "state", "params", "plan", "billed") if getattr(before, name) != getattr(after, name))
    assert min(changed[name] for name in ("shared_with", "counted_in", "state", "params", "plan", "billed")) >= 5, changed


@pytest.mark.parametrize("seed", range(5))
def test_named_runs_know_what_others_of_the_ledger_say_of_them(seed):
    records = ledger(seed)
    named = records[5::9]
    expected = joined(with_second_opinions(with_others(named, records), records))
    assert stated(LedgerRuns(KnownRuns(records), [run.run_id for run in named])) == stated(expected)


@pytest.mark.parametrize("seed", range(5))
def test_a_named_run_that_is_not_among_the_latest_knows_its_neighbours_too(seed, monkeypatch):
    monkeypatch.setattr(ledger_runs, "MOST_RUNS", 40)
    records = ledger(seed)
    n_changed = 0
    for run in records[60:]:
        expected = joined(with_second_opinions(with_others([run], records), records))
        assert stated(LedgerRuns(KnownRuns(records), [run.run_id])) == stated(expected)
        n_changed += stated(expected) != stated([run])
    assert n_changed >= 1
    named = records[50::4]
    expected = joined(with_second_opinions(with_others(named, records), records))
    assert stated(LedgerRuns(KnownRuns(records), [run.run_id for run in named])) == stated(expected)


def test_a_record_from_elsewhere_replaces_that_of_the_ledger_and_keeps_its_place():
    records = ledger(1)
    other = mixed_run(999, random.Random(5))
    found = list(LedgerRuns(KnownRuns(records), [records[3].run_id, other, records[0].run_id]))
    assert [run.run_id for run in found] == [records[3].run_id, other.run_id, records[0].run_id]


def test_columns_and_prices_are_the_same_to_the_last_digit(shipped):
    records = ledger(3, 300)
    expected = joined(with_second_opinions(with_others(records)))
    found = LedgerRuns(KnownRuns(records))
    (one, one_aside), (other, other_aside) = (from_records(each, shipped) for each in (expected, found))
    assert one_aside == other_aside
    assert len(one) == len(other) > 20
    for name in ("hours_h", "tokens", "accelerator_kwh", "server_kwh", "job_of", "site_of", "software_sigma"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    billed = [for_prices(record) for record in found if record.billed is not None]
    assert len(billed) > 5
    assert rents_of(billed, shipped) == rents_of(expected, shipped)
    assert repr(prices_tested(billed, shipped)) == repr(prices_tested(expected, shipped))


def test_of_very_many_runs_the_latest_of_each_hardware_are_fitted_and_that_is_said(monkeypatch):
    monkeypatch.setattr(ledger_runs, "MOST_RUNS", 60)
    records = ledger(2, 200)
    rare = [run for run in records if run.hw == "a100-sxm4-80gb"][:4]
    records = [run for run in records if run.hw != "a100-sxm4-80gb" or run in rare]
    ids, total = latest(KnownRuns(records))
    assert total == len(records)
    assert len(ids) <= 60
    assert {run.run_id for run in rare} <= {*ids}
    others = [run.run_id for run in records if run.hw != "a100-sxm4-80gb"]
    assert [run_id for run_id in ids if run_id in others] == others[:56]
    assert LedgerRuns(KnownRuns(records)).remarks == [f"fitted to 60 of the {total} runs of the ledger: the latest of each hardware"]
