"""Plain TOML is read as tomllib reads it, or not at all."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.database.load import builtin_root
from traincarbon.database.plain_toml import plain_toml

PIECES = st.sampled_from(
    [
        'name = "',
        "value = ",
        "[memory_b]",
        "[a.b]",
        "[a-b]",
        "[2024]",
        '["a.b"]',
        "a-b = ",
        '["x", "y"]',
        '"',
        "\n",
        "\n",
        "#",
        "1e9",
        "0",
        "7",
        ".",
        "-",
        "+",
        "_",
        "e",
        "inf",
        "\\",
        "\t",
        " ",
        "é",
        "=",
    ]
)


def test_every_product_is_plain_and_read_as_tomllib_reads_it():
    files = [file for folder in ("accelerators", "servers") for file in (Path(builtin_root()) / folder).glob("*.toml")]
    assert len(files) > 400
    for file in files:
        text = file.read_text(encoding="utf-8")
        found = plain_toml(text)
        assert found == tomllib.loads(text), file
        assert repr(found) == repr(tomllib.loads(text)), "an integer stays one"


def test_the_bibliography_is_plain_and_read_as_tomllib_reads_it():
    text = (Path(builtin_root()) / "sources.toml").read_text(encoding="utf-8")
    assert plain_toml(text) == tomllib.loads(text)


@pytest.mark.parametrize("name", ["a", "a-b", "2024-a", '"a.b"', "a.b", '""', '"a\\"b"', '"', "'a.b'", " a", "[a]", "é", '"é"', '"a"b"'])
def test_the_name_of_a_table_is_read_as_tomllib_reads_it_or_not_at_all(name):
    text = f"[{name}]\nvalue = 1"
    found = plain_toml(text)
    if found is not None:
        assert found == tomllib.loads(text)
    assert (found is not None) == (name in {"a", "a-b", "2024-a", '"a.b"', '"é"'})


@given(st.lists(PIECES, max_size=12).map("".join))
def test_text_is_read_as_tomllib_reads_it_or_not_at_all(text):
    found = plain_toml(text)
    if found is not None:
        assert found == tomllib.loads(text)


@pytest.mark.parametrize(
    "number", ["0", "7", "80e9", "1.5", "0.5e-3", "1E9", "1e+9", "007", "1.", ".5", "1_000", "1__0", "1_", "inf", "nan", "-3", "+3", "0x10", "1e", "٣", "1e+-3"]
)
def test_a_number_is_read_as_tomllib_reads_it_or_not_at_all(number):
    text = f"[memory_b]\nvalue = {number}"
    found = plain_toml(text)
    if found is not None:
        expected = tomllib.loads(text)
        assert found == expected
        assert type(found["memory_b"]["value"]) is type(expected["memory_b"]["value"])
    assert (found is not None) == (number in {"0", "7", "80e9", "1.5", "0.5e-3", "1e+9", "1_000"})
