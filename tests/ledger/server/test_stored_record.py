"""Records as a server holds them: every field comes back, and those of other versions are read."""

import json
from dataclasses import replace

import pytest

from journals import lines_of
from made_runs import record
from traincarbon.errors import CarbonError
from traincarbon.ledger.record import merge
from traincarbon.ledger.server.stored_record import record_from, record_text


def test_a_record_comes_back_as_it_was():
    found = merge(lines_of(), now_s=0.0)
    whole = replace(found, restarts=2, signal=9, counts={"tokens": 5.0, "steps": 3.0}, tokens=5.0, cost_basis="rent", unread_gpu=False)
    read = record_from(record_text(whole))
    assert read.to_dict() == whole.to_dict()
    assert (read.restarts, read.signal, read.counts, read.cost_basis) == (2, 9, {"tokens": 5.0, "steps": 3.0}, "rent")
    assert read.by_device == whole.by_device


def test_it_is_the_published_record_for_those_who_ask_in_sql():
    assert json.loads(record_text(record("a", gpu_kwh=1.0)))["schema"] == "traincarbon/run/1"


def test_a_record_with_keys_of_a_later_version_is_read():
    stated = {**json.loads(record_text(record("a", gpu_kwh=1.0))), "new_key": 1}
    stated["unpublished"]["another"] = [1]
    assert record_from(json.dumps(stated)).run_id == "a"


@pytest.mark.parametrize("stored", ["{}", "[]", "null", '{"schema": "traincarbon/run/2"}'])
def test_what_is_no_record_is_refused(stored):
    with pytest.raises(CarbonError):
        record_from(stored)
