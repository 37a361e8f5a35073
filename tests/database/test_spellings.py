"""Names of hardware and places as public model cards, configurations and other tools write them, each to what it means."""

import csv
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from traincarbon.database.find import find_hardware
from traincarbon.database.find_place import find_place
from traincarbon.errors import NotFoundError

FILE = Path(__file__).with_name("spellings.csv")
LEAST_RIGHT = 0.98
REFUSED = "?"


class Spelling(NamedTuple):
    """A name from public sources, and the id that it means; after a question mark, the candidates of which one must be named first."""

    spelling: str
    kind: str
    expected: str
    source: str


def spellings():
    with FILE.open(encoding="utf-8", newline="") as stream:
        return [Spelling(*row) for row in list(csv.reader(stream))[1:]]


def found(database, each):
    """Return the id that *each* resolves to, or a question mark with the candidate that the hint names first."""
    find = find_hardware if each.kind == "hardware" else find_place
    try:
        return find(database, each.spelling).id
    except NotFoundError as error:
        first = re.search(r"(?:did you mean|one of) ([^ ,;?]+)", error.hint)
        return REFUSED + (first[1] if first else "")


def is_right(database, each):
    answer = found(database, each)
    if not each.expected.startswith(REFUSED):
        return answer == each.expected
    return answer.startswith(REFUSED) and (each.expected == REFUSED or answer.removeprefix(REFUSED) in each.expected.removeprefix(REFUSED).split("|"))


def test_spellings_resolve_right_or_are_refused_with_the_right_candidate_first(shipped):
    every = spellings()
    wrong = [f"{each.spelling!r} → {found(shipped, each)}, not {each.expected}" for each in every if not is_right(shipped, each)]
    assert len(wrong) <= (1.0 - LEAST_RIGHT) * len(every), "\n".join(wrong)


def test_the_table_holds_200_spellings_each_once_with_its_source():
    every = spellings()
    assert len(every) >= 200
    assert len({(each.spelling, each.kind) for each in every}) == len(every)
    assert all(each.source and each.kind in ("hardware", "place") for each in every)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("GTX 1080", "gtx-1080-ti"),
        ("RTX 2080", "rtx-2080-ti"),
        ("RTX 2080", "rtx-2080-super"),
        ("RTX 5000", "rtx-a5000"),
        ("M2", "apple-m2-ultra"),
        ("m3", "h100-sxm5-80gb"),
        ("RTX 4090", "rtx-4090-laptop"),
        ("RX 7900", "rx-7900-xtx"),
        ("A100 PCIe", "a100-sxm4-80gb"),
    ],
)
def test_a_part_of_a_name_is_never_another_product(text, other, shipped):
    with suppress(NotFoundError):
        assert find_hardware(shipped, text).id != other


@pytest.mark.parametrize("row", ["zones", "zone_names"])
def test_no_name_of_a_country_is_a_company_s_data_centre(row, shipped):
    zones = {each["zone"]: each for each in shipped.all_rows("zones")}
    for each in shipped.all_rows(row):
        if each["zone"] in zones and zones[each["zone"]]["type"] == "country":
            for name in (each.get("names") or each["aliases"]).split(";"):
                try:
                    place = find_place(shipped, name)
                except NotFoundError as error:
                    assert each["zone"] in error.hint, name
                    continue
                assert place.region is None, name
