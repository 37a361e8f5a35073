"""The parts of a sealed line."""

from traincarbon.ledger.journal_lines import parse_line, with_checksum, with_seal
from traincarbon.ledger.sealed_line import MARKS_B, framed, parted_line


def test_a_sealed_line_has_its_text_its_seal_and_its_checksum():
    sealed, seal = with_seal(b'{"a":1}', after="")
    found = parted_line(with_checksum(sealed))
    assert (found.text, found.seal, found.whole, found.is_sound) == (b'{"a":1}', seal, sealed, True)
    assert found.is_after("")
    assert not found.is_after(seal)
    assert len(with_checksum(sealed)) == len(b'{"a":1}') - 1 + MARKS_B
    assert with_checksum(sealed).endswith(framed(seal.encode(), with_checksum(sealed)[-10:-2]))


def test_seals_depend_on_the_line_before():
    _, first = with_seal(b'{"a":1}', after="")
    _, second = with_seal(b'{"a":1}', after=first)
    assert first != second


def test_a_line_without_a_seal_has_no_parts():
    assert parted_line(with_checksum(b'{"a":1}' + b" " * 100)) is None
    assert parted_line(b"") is None
    sealed, _ = with_seal(b'{"a":1}', after="")
    assert parted_line(with_checksum(sealed).replace(b"seal", b"sail")) is None


def test_a_reader_takes_the_seal_as_one_more_key():
    line = b'{"schema":"traincarbon/journal/1","run_id":"r","node":"n","writer":"w","kind":"note","process":1,"seq":0,"wall_s":1.0,"mono_s":1.0}'
    sealed, seal = with_seal(line, after="")
    found, fault = parse_line(with_checksum(sealed) + b"\n")
    assert (found["seal"], fault) == (seal, "")
