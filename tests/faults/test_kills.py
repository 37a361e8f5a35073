"""Every process of a tracked run killed, interrupted or stopped at random instants: nothing is lost but one interval, and nobody is left behind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from strikes import LENGTH_S, POWER_W, Round, marked, within_a_minute
from traincarbon.ledger.journal import read_journal
from traincarbon.ledger.store import Ledger

ROUNDS = 200
AT_ONCE = 10
INTERVAL_S = 0.1
SLACK_S = 0.5
"""Of a machine that is busy with everything else: between a process's being due and its being run."""


@pytest.mark.parametrize("batch", range(ROUNDS // AT_ONCE))
def test_whoever_is_hit_the_record_is_whole_and_nobody_is_left_behind(batch, track, store):
    rounds = [Round(batch * AT_ONCE + place, track) for place in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(Round.strike, rounds))
    for each in rounds:
        each.tracked.wait()
    with Ledger(store) as ledger:
        for each in rounds:
            within_a_minute(lambda each=each: ledger.run(each.run_id).state != "running")
        records = {each.run_id: ledger.run(each.run_id) for each in rounds}
        faults = ledger.faults()
    assert all("cut off" in fault for fault in faults), faults
    assert len(records) == AT_ONCE
    for each in rounds:
        record = records[each.run_id]
        told = (each.who, each.how, record.state, record.notes)
        assert each.hit_wall_s is not None, told
        assert record.state in each.expected_states(), told
        lasted_s = min(each.hit_wall_s - datetime.fromisoformat(record.started_at).timestamp(), LENGTH_S)
        if each.expected_states() == {"killed"}:
            assert record.duration_s >= lasted_s - INTERVAL_S - SLACK_S, told
        else:
            assert record.duration_s >= LENGTH_S - INTERVAL_S, told
            lost_s = record.gaps_s + (record.restarts + (each.who == "sidecar" and each.how == "SIGKILL")) * (INTERVAL_S + SLACK_S)
            assert (record.energy_j["gpu"] or 0.0) >= POWER_W * (LENGTH_S - INTERVAL_S - lost_s), told
        assert (record.energy_j["gpu"] or 0.0) <= POWER_W * (record.duration_s + SLACK_S), told
    sessions = {line["session"] for file in store.glob("journals/*/*.jsonl") for line in read_journal(file)[0] if "session" in line}
    within_a_minute(lambda: not [pid for session in sessions for pid in marked(session)])
