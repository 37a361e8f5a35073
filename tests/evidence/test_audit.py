"""An audit export holds all that a reviewer needs, and is the same whenever it is made."""

import io
import json
import zipfile

import pytest

from traincarbon.errors import CarbonError
from traincarbon.evidence import audit as module
from traincarbon.evidence.audit import audit
from traincarbon.ledger.journal import Journal, run_folder


def opened(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_record_journals_facts_derivation_and_digests(sealed_store, shipped):
    files = opened(audit("toy", store=sealed_store, database=shipped))
    assert sorted(files) == ["README.md", "derivation.json", "facts.json", "journals/a1-7-1.jsonl", "manifest.json", "record.json"]
    record, manifest, facts = (json.loads(files[name]) for name in ("record.json", "manifest.json", "facts.json"))
    assert (record["run_id"], record["state"], len(record["hours"])) == ("toy", "finished", len(record["hours"]))
    assert manifest["journals"][0]["digest"] == json.loads(files["journals/a1-7-1.jsonl"].splitlines()[-1])["seal"]
    assert set(manifest["sha256"]) == files.keys() - {"manifest.json"}
    sourced = [fact for fact in facts["facts"] if fact["source"]]
    assert sourced
    assert {fact["source"] for fact in sourced} >= facts["sources"].keys()
    assert facts["sources"]
    stated = {fact["name"]: fact["stated"] for fact in facts["facts"]}
    assert (stated["pue"], stated["carbon_intensity"]) == (1.25, 50.0)


def test_it_is_the_same_when_it_is_made_twice(sealed_store, shipped):
    assert audit("toy", store=sealed_store, database=shipped) == audit("last", store=sealed_store, database=shipped)


def test_lines_of_other_runs_in_the_same_file_stay_out_of_it(sealed_store, shipped):
    (file,) = sealed_store.rglob("*.jsonl")
    other = json.dumps({**json.loads(file.read_bytes().splitlines()[0]), "run_id": "secret"}).encode()
    alone = audit("toy", store=sealed_store, database=shipped)
    file.write_bytes(other + b"\n" + file.read_bytes())
    assert b"secret" not in opened(audit("toy", store=sealed_store, database=shipped))["journals/a1-7-1.jsonl"]
    assert audit("toy", store=sealed_store, database=shipped) == alone


def test_a_run_that_is_still_going_has_none(tmp_path, shipped):
    import os

    from traincarbon.ledger.store_folder import life

    journal = Journal(f"{run_folder(str(tmp_path), 'now')}/a1-7-1.jsonl", run_id="now", node="a1", process=os.getpid(), life=life(os.getpid()))
    journal.write("start", {"argv": ["train.py"]})
    with pytest.raises(CarbonError, match="still going"):
        audit("now", store=tmp_path, database=shipped)
    journal.close()


def test_a_journal_that_is_removed_meanwhile_asks_to_try_again(sealed_store, shipped, monkeypatch):
    (file,) = sealed_store.rglob("*.jsonl")
    export = module._export
    monkeypatch.setattr(module, "_export", lambda *given: file.unlink() or export(*given))
    with pytest.raises(CarbonError, match="cannot read the journals of run 'toy'") as caught:
        audit("toy", store=sealed_store, database=shipped)
    assert "try again" in caught.value.hint
