"""What a compaction states of itself."""

from traincarbon.ledger.packs.compacted import Compacted, Joined, Made, Month
from traincarbon.ledger.packs.resting import Left, Stays


def test_it_adds_up_its_packs_and_months():
    made = Made("month=2026-09/a.jsonl", (), 7)
    found = Compacted(
        "/s", False, (Month("2026-09", 1, 2, 30), Month("2026-10", 1, 1, 12)), (made, made), 3, 42, (Left("r/a.jsonl", Stays.RUNNING),), Joined(5, 1, 9), 0.5
    )
    assert (found.resting_b, found.packed_b) == (42, 14)
    stated = found.to_dict()
    assert stated["left"] == [{"journal": "r/a.jsonl", "reason": "running", "detail": ""}]
    assert stated["joined"] == {"journals": 5, "files": 1, "size_b": 9}
    assert stated["packs"] == [{"file": "month=2026-09/a.jsonl", "journals": 0, "size_b": 7}] * 2
