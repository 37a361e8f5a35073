"""Which byte of a line was changed."""

import random

from traincarbon.ledger.changed_byte import changed_byte, changed_end
from traincarbon.ledger.journal_lines import with_checksum, with_seal

TEXT = b'{"kind":"interval","energy_j":123.5}'


def sealed(text=TEXT, after=""):
    line, seal = with_seal(text, after=after)
    return with_checksum(line), seal


def test_any_byte_of_a_line_is_found_and_what_it_was():
    line, seal = sealed()
    rng = random.Random(7)
    for at_b in range(len(line)):
        changed = bytearray(line)
        changed[at_b] = rng.choice([byte for byte in range(256) if byte != line[at_b]])
        found = changed_byte(bytes(changed), after="")
        assert (found.at_b, found.original, found.seal) == (at_b, repr(chr(line[at_b])), seal)


def test_two_changed_bytes_are_not_named():
    line = bytearray(sealed()[0])
    line[3] ^= 1
    line[9] ^= 1
    assert changed_byte(bytes(line), after="") is None
    assert changed_byte(b"short", after="") is None


def test_an_end_that_became_a_byte_parts_two_lines():
    first, seal = sealed()
    second, last = sealed(after=seal)
    found = changed_end(first + b"x" + second, b"", after="")
    assert (found.at_b, found.found, found.original, found.seal, found.is_within) == (len(first), "'x'", "0x0a", last, True)


def test_a_byte_that_became_an_end_joins_two_pieces():
    line, seal = sealed()
    found = changed_end(line[:10], line[11:], after="")
    assert (found.at_b, found.found, found.original, found.seal, found.is_within) == (10, "0x0a", repr(chr(line[10])), seal, False)


def test_pieces_of_nothing_are_no_line():
    assert changed_end(b"abc", b"def", after="") is None
    assert changed_end(b"a" * 40_000, b"", after="") is None
