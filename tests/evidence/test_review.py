"""A reviewer finds whatever was changed in an audit export, and nothing in one that was left alone."""

import hashlib
import io
import json
import random
import struct
import zipfile

import pytest

from traincarbon.errors import CarbonError
from traincarbon.evidence.audit import audit
from traincarbon.evidence.review import review


@pytest.fixture
def exported(sealed_store, shipped, tmp_path):
    """Return a function that writes an audit export with some of its files changed; *sealed* makes the manifest agree with them."""

    def made(sealed=False, **changes):
        with zipfile.ZipFile(io.BytesIO(audit("toy", store=sealed_store, database=shipped))) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        names = {name.rpartition("/")[2].partition(".")[0]: name for name in files}
        for short, change in changes.items():
            name = names[short.replace("_", "-")]
            files[name] = change(files[name])
        if sealed:
            manifest = json.loads(files["manifest.json"])
            manifest["sha256"] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"}
            files["manifest.json"] = json.dumps(manifest).encode()
        path = tmp_path / "audit.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    return made


def failed(found):
    return [check.what for check in found.checks if check.passed is False]


def test_an_export_that_was_left_alone_passes(exported, shipped):
    found = review(exported(), database=shipped)
    assert (failed(found), found.passed, found.run_id, len(found.digest)) == ([], True, "toy", 64)
    assert found.to_dict()["checks"][0] == {"what": "files of the manifest", "passed": True, "details": ["5 files"]}


def test_a_byte_of_a_journal_is_found_and_named(exported, shipped):
    found = review(exported(a1_7_1=lambda content: content.replace(b"1200000.0", b"1300000.0", 1)), database=shipped)
    assert {"files of the manifest", "seals of the journals"} <= set(failed(found))
    details = next(check.details for check in found.checks if check.what == "seals of the journals")
    assert "was changed: it is '3', and was '2'" in details[0]


def test_a_record_that_was_changed_with_the_manifest_is_not_that_of_the_journals(exported, shipped):
    found = review(exported(sealed=True, record=lambda content: content.replace(b'"median": 0.075', b'"median": 0.01', 1)), database=shipped)
    assert failed(found) == ["record made anew from the journals", "derivation"]


def test_a_derivation_that_was_changed_is_found(exported, shipped):
    found = review(exported(sealed=True, derivation=lambda content: content.replace(b'"value": 1.2', b'"value": 1.1', 1)), database=shipped)
    assert failed(found) == ["derivation"]
    assert failed(review(exported(sealed=True, derivation=lambda _: b"[]"), database=shipped)) == ["derivation"]


def test_facts_that_differ_here_are_said(exported, shipped):
    def change(content):
        facts = json.loads(content)
        next(fact for fact in facts["facts"] if fact["name"] == "board_power_w")["value"] = 1.0
        return json.dumps(facts).encode()

    found = review(exported(sealed=True, facts=change), database=shipped)
    check = next(check for check in found.checks if check.what == "facts")
    assert check.passed is None
    assert any(detail.startswith("board_power_w is 1.0, here") for detail in check.details)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_audit_export_is_refused(tmp_path, shipped, content):
    file = tmp_path / "other.zip"
    file.write_bytes(content)
    with pytest.raises(CarbonError):
        review(file, database=shipped)


def test_another_archive_is_refused(tmp_path, shipped):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("../../etc/passwd", "x")
        archive.writestr("manifest.json", '{"schema": "other"}')
    with pytest.raises(CarbonError, match="no audit export"):
        review(tmp_path / "other.zip", database=shipped)
    with pytest.raises(CarbonError):
        review(tmp_path / "none.zip", database=shipped)


def test_a_flipped_bit_of_a_packed_export_is_refused_or_found(sealed_store, shipped, tmp_path):
    packed, chance, answers = audit("toy", store=sealed_store, database=shipped), random.Random(1), set()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        contents = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(300):
        changed = bytearray(packed)
        changed[chance.randrange(len(packed))] ^= 1 << chance.randrange(8)
        file = tmp_path / "changed.zip"
        file.write_bytes(changed)
        try:
            found = review(file, database=shipped)
        except CarbonError as error:
            answers.add(str(error))
            continue
        with zipfile.ZipFile(file) as archive:
            assert not found.passed or {name: archive.read(name) for name in archive.namelist()} == contents
    assert any("decompressing" in answer for answer in answers)


def test_an_entry_that_says_it_begins_past_any_file_is_refused(sealed_store, shipped, tmp_path):
    packed = audit("toy", store=sealed_store, database=shipped)
    at = packed.index(b"PK\x01\x02")
    name_b = struct.unpack_from("<H", packed, at + 28)[0]
    extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    changed = bytearray(packed)
    changed[at + 30 : at + 32] = struct.pack("<H", len(extra))
    changed[at + 42 : at + 46] = b"\xff" * 4
    changed[at + 46 + name_b : at + 46 + name_b] = extra
    end = changed.index(b"PK\x05\x06")
    changed[end + 12 : end + 16] = struct.pack("<I", struct.unpack_from("<I", changed, end + 12)[0] + len(extra))
    (tmp_path / "far.zip").write_bytes(changed)
    with pytest.raises(CarbonError, match="cannot read the audit export"):
        review(tmp_path / "far.zip", database=shipped)


def test_an_hour_with_more_energy_than_a_number_holds_is_a_difference(exported, shipped):
    def change(content):
        record = json.loads(content)
        record["hours"][0]["metered_energy_kwh"] = 10**400
        return json.dumps(record).encode()

    assert "record made anew from the journals" in failed(review(exported(sealed=True, record=change), database=shipped))


def test_a_digest_of_a_journal_that_the_manifest_states_otherwise_is_named(exported, shipped):
    def change(content):
        manifest = json.loads(content)
        manifest["journals"][0]["digest"] = "0" * 32
        return json.dumps(manifest).encode()

    found = review(exported(manifest=change), database=shipped)
    assert failed(found) == ["digest of the journals"]
    check = next(check for check in found.checks if check.what == "digest of the journals")
    assert check.details == (found.digest, "journals/a1-7-1.jsonl: its digest differs from the manifest's")


def test_a_field_that_was_added_to_the_record_is_a_difference(exported, shipped):
    def change(content):
        return json.dumps({**json.loads(content), "certified_by": "nobody"}).encode()

    found = review(exported(sealed=True, record=change), database=shipped)
    assert failed(found) == ["record made anew from the journals"]
    details = next(check.details for check in found.checks if check.what == "record made anew from the journals")
    assert details == ('certified_by is "nobody" in the record, and does not follow from the journals',)
