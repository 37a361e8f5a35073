"""No half of a letter comes from a record into the ledger, whatever field it stands in."""

import json

import pytest

from traincarbon.errors import NotFoundError
from traincarbon.ledger.half_letters import as_asked, has_halves, without_halves
from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger

HALF = chr(0xD800)
RECORD = {"schema": "traincarbon/run/1", "run_id": "a", "state": "finished", "started_at": "2026-03-01T06:00:00Z", "duration_s": 10.0, "energy_j": {"gpu": 1e3}}
FIELDS = {
    "run_id": f"a{HALF}b",
    "project": chr(0xDFFF),
    "hw": HALF,
    "argv": [HALF],
    "notes": [f"a {HALF}"],
    "plan": {"name": HALF, HALF: 1.0},
    "site": {"name": HALF, "region": HALF},
    "versions": {HALF: HALF},
    "missing": {"gpu": HALF},
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_record_is_added_and_read_back_with_question_marks(field, tmp_path):
    run = Run.from_dict({**RECORD, field: FIELDS[field]})
    json.dumps(run.to_dict(), ensure_ascii=False).encode("utf-8")
    with Ledger(tmp_path) as ledger:
        (added,) = ledger.add([run])
        assert added == run.run_id
        assert ledger.run(added).to_dict() == run.to_dict()


def test_whole_letters_stay_as_they_are():
    stated = {"name": "naïve 東京 😀", "path": "C:\\users", "text": "\\ud800 as text"}
    assert without_halves(stated) == stated
    assert not has_halves({"name": "naïve 東京 😀"})
    assert Run.from_dict({**RECORD, "project": "\\ud800 as text"}).project == "\\ud800 as text"


@pytest.mark.parametrize("id", [chr(0xDCFF), f"a{HALF}", f"{HALF}a"])
def test_no_run_is_found_by_what_has_half_of_a_letter(id, tmp_path):
    with Ledger(tmp_path) as ledger:
        assert ledger.add([Run.from_dict({**RECORD, "run_id": name, "project": name}) for name in ("a", "z?", "é😀")]) == ["a", "z?", "é😀"]
        with pytest.raises(NotFoundError, match="no run that begins with"):
            ledger.run(id)
        with pytest.raises(NotFoundError, match="no run that begins with"):
            ledger.forget("a", id, dry_run=False)
        assert ledger.runs(project=id) == ledger.index.known([id]) == []
        assert ledger.index.record(id) is None
        assert len(ledger.runs()) == 3


@pytest.mark.parametrize("text", ["", "bert", "C:\\udata", "é😀", "nul\0byte"])
def test_any_whole_text_is_asked_for_as_it_is(text):
    assert as_asked(text) == text
