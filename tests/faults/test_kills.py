"""Every process of a tracked run is killed, interrupted or stopped at random instants: at most one interval is lost, and no process is left behind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from killed_runs import LENGTH_S, POWER_W, Round, marked, within_a_minute
from traincarbon.ledger.journal_lines import read_journal
from traincarbon.ledger.store import Ledger

ROUNDS = 200
AT_ONCE = 10
INTERVAL_S = 0.1
SLACK_S = 0.5
"""Between a process's being due and its being run, on a machine that is busy with these runs."""
LATE = 3.0
"""A replacement may take this many times as long as the start of the run, tracker included, took until something was metered."""


@pytest.mark.parametrize("batch", range(ROUNDS // AT_ONCE))
def test_the_record_is_whole_and_no_process_is_left_behind(batch, track, store, tmp_path):
    rounds = [Round(batch * AT_ONCE + place, track, tmp_path) for place in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(Round.hit, rounds))
    with Ledger(store) as ledger:
        for each in rounds:
            within_a_minute(lambda each=each: ledger.run(each.run_id).state != "running")
        records = {each.run_id: ledger.run(each.run_id) for each in rounds}
        faults = ledger.faults()
    assert all("cut off" in fault for fault in faults), faults
    assert len(records) == AT_ONCE
    for each in rounds:
        record = records[each.run_id]
        slack_s = SLACK_S + each.start_took_s  # a meter that is starved of the processor starts and writes as late as this run started
        context = (each.who, each.how, slack_s, record)
        assert each.hit_wall_s is not None, context
        assert record.state in each.expected_states(), context
        if each.expected_states() == {"killed"}:
            lasted_s = each.hit_wall_s - datetime.fromisoformat(record.started_at).timestamp()
            assert record.duration_s >= lasted_s - INTERVAL_S - slack_s, context
        else:
            assert record.duration_s >= LENGTH_S - INTERVAL_S, context
        assert each.unmetered_s(store) <= INTERVAL_S + SLACK_S + LATE * each.first_metered_s(store), context
        killed = (each.who, each.how) == ("sidecar", "SIGKILL")
        assert record.gaps_s <= (INTERVAL_S + SLACK_S + each.unmetered_s(store) if killed else 0.0), context
        metered_s = record.duration_s - record.gaps_s
        assert POWER_W * (metered_s - INTERVAL_S) <= (record.energy_j["gpu"] or 0.0) <= POWER_W * (metered_s + INTERVAL_S), context
    sessions = {line["session"] for file in store.glob("journals/*/*.jsonl") for line in read_journal(file)[0] if "session" in line}
    within_a_minute(lambda: not [pid for session in sessions for pid in marked(session)])
