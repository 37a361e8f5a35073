"""Adding what files hold to a ledger."""

from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.ledger.store import Ledger
from traincarbon.readers import adding
from traincarbon.readers.adding import add_found
from traincarbon.readers.found import Found


def runs(number):
    stated = {"schema": RUN_SCHEMA, "state": "finished", "duration_s": 60.0}
    return tuple(Run.from_dict({**stated, "run_id": f"r-{n}"}) for n in range(number))


def test_runs_are_added_in_parts_each_once_and_the_progress_is_told_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(adding, "_AT_ONCE", 2)
    monkeypatch.setattr(adding, "_TELL_S", -1.0)
    told = []
    result = add_found(Found(runs(5), (), ()), tmp_path, dry_run=False, progress=told.append)
    assert (result.added, told) == (("r-0", "r-1", "r-2", "r-3", "r-4"), ["0 of 5 runs", "2 of 5 runs", "4 of 5 runs"])
    assert add_found(Found(runs(5), (), ()), tmp_path, dry_run=False, progress=None).added == ()
    with Ledger(tmp_path) as ledger:
        assert len(ledger.runs()) == 5


def test_a_dry_run_writes_nothing(tmp_path):
    assert add_found(Found(runs(2), (), ()), tmp_path / "s", dry_run=True, progress=None).added == ("r-0", "r-1")
    assert not (tmp_path / "s").exists()
