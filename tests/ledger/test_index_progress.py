"""Reading that takes longer than a second is told, not more often than every two seconds."""

from traincarbon.ledger import index_progress
from traincarbon.ledger.index_progress import Progress


def test_progress_is_told_after_a_second_and_then_every_two(monkeypatch):
    now_s = [100.0]
    monkeypatch.setattr(index_progress.time, "monotonic", lambda: now_s[0])
    told = []
    progress = Progress(told.append, whole_b=1_500_000_000)
    for _ in range(16):
        now_s[0] += 0.25
        progress.add(25_000_000)
    assert told == ["reading journals: 100 of 1,500 MB", "reading journals: 300 of 1,500 MB"]


def test_nobody_has_to_listen(monkeypatch):
    monkeypatch.setattr(index_progress, "_FIRST_S", -1.0)
    Progress(None, whole_b=1).add(1)
