"""Records that are made when they are asked for."""

from dataclasses import replace
from functools import partial

import pytest

from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.quantities import Part
from traincarbon.readers.alike import Alike
from traincarbon.readers.on_demand import OnDemand, entries_of, fixed, made, of_names, runs_of
from traincarbon.readers.plausible import Basis

BASIS = Basis(unit="J")


def first():
    stated = {"run_id": "a", "state": "finished", "duration_s": 60.0, "energy_j": {Part.OTHER: 6e4}, "started_at": "2026-10-01T08:00:00.000000Z"}
    return Run.from_dict({"schema": RUN_SCHEMA, **stated})


def like(name, energy_j=3e4):
    return Alike(first(), BASIS).run(run_id=name, project="p", started_at="2026-10-02T08:00:00.000000Z", duration_s=60.0, energy_j=energy_j)


def test_records_are_the_same_whether_they_are_made_at_once_or_on_demand():
    entries = [first(), like("b"), like("c", 4e4)]
    records = OnDemand(entries)
    assert list(records) == [records[0], records[1], records[2]] == [made(entry) for entry in entries]
    assert (len(records), records[-1].energy_j[Part.OTHER], [each.run_id for each in records[1:]]) == (3, 4e4, ["b", "c"])
    assert [each.run_id for each in reversed(records)] == ["c", "b", "a"]


def test_few_are_a_list_and_many_are_made_on_demand():
    many = [like("b")] * 10_001
    assert runs_of(many[:2]) == [made(like("b"))] * 2
    assert isinstance(runs_of(many), OnDemand)
    assert entries_of(runs_of(many)) is many


@pytest.mark.parametrize("records", [OnDemand([first(), like("b")]), [made(first()), made(like("b"))]])
def test_what_the_user_states_is_in_each_record(records):
    changed = fixed(fixed(records, partial(replace, hw="a100")), partial(replace, project="mine"))
    assert [(each.run_id, each.hw, each.project) for each in changed] == [("a", "a100", "mine"), ("b", "a100", "mine")]
    assert [each.hw for each in of_names(changed, {"b", "z"})] == ["a100"]
    assert list(fixed(records)) == list(records)
