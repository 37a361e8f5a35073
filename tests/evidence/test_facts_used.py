"""The facts that a run rests on, each with its source."""

from traincarbon.evidence.facts_used import facts_used
from traincarbon.ledger.run import Run

RECORD = {"schema": "traincarbon/run/1", "run_id": "r", "state": "finished", "started_at": "2026-03-01T06:00:00Z", "duration_s": 60.0, "hw": "dgx-a100",
          "site": {"region": "aws:eu-west-3", "zone": "FR", "pue": 1.3, "carbon_intensity": 50.0}}  # fmt: skip


def test_hardware_and_place_bring_their_facts(shipped):
    found = facts_used(Run.from_dict(RECORD), shipped)
    named = {fact["name"]: fact for fact in found["facts"]}
    assert {"pue", "carbon_intensity", "peak_flop_per_s", "board_power_w"} <= named.keys()
    assert named["carbon_intensity"]["stated"] == 50.0
    assert named["peak_flop_per_s"]["value"] == 312e12
    assert named["peak_flop_per_s"]["source"] in found["sources"]
    assert all(set(source) >= {"title", "url"} for source in found["sources"].values() if "url" in source)


def test_unknown_hardware_has_the_facts_of_its_place_alone(shipped):
    found = facts_used(Run.from_dict({**RECORD, "hw": "abacus", "site": {"region": "nowhere", "zone": "XX"}}), shipped)
    names = {fact["name"] for fact in found["facts"]}
    assert "pue" in names
    assert "peak_flop_per_s" not in names
