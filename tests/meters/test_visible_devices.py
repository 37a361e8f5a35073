"""CUDA_VISIBLE_DEVICES as CUDA reads it."""

import pytest

from traincarbon.meters.visible_devices import Choice, Instance, Listed, visible

BOARDS = [
    Listed("GPU-5f3c0000-aaaa"),
    Listed("GPU-5f3c1111-bbbb", (Instance("MIG-a1000000-cccc", 1, 0), Instance("MIG-a1110000-dddd", 2, 0))),
    Listed("GPU-77770000-eeee"),
]


def chosen(text: str | None) -> list[tuple[int, int | None]]:
    return [tuple(choice) for choice in visible(text, BOARDS)[0]]


def test_a_variable_that_is_not_set_makes_everything_visible():
    assert chosen(None) == [(0, None), (1, None), (2, None)]


@pytest.mark.parametrize("text", ["", "-1", " -1 ", "NoDevFiles", "-1,0", ",0"])
def test_nothing_is_visible_without_a_valid_first_entry(text):
    assert visible(text, BOARDS) == ([], "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", [(0, None)]),
        ("2,0", [(2, None), (0, None)]),
        (" 1 , 2 ", [(1, None), (2, None)]),
        ("1gpu2,2ampere", [(1, None), (2, None)]),
        ("+1,00", [(1, None), (0, None)]),
        ("-0", [(0, None)]),
        ("0 1", [(0, None)]),
        ("GPU-5f3c1111-bbbb", [(1, None)]),
        ("GPU-7", [(2, None)]),
        ("GPU-7,0", [(2, None), (0, None)]),
        ("MIG-a1110000-dddd", [(1, 1)]),
        ("MIG-a100", [(1, 0)]),
        ("MIG-a100,MIG-a111", [(1, 0), (1, 1)]),
        ("MIG-GPU-5f3c1111-bbbb/2/0", [(1, 1)]),
    ],
)
def test_an_entry_is_an_index_a_uuid_or_an_unmistakable_beginning(text, expected):
    assert chosen(text) == expected


@pytest.mark.parametrize("wrong", ["3", "x", "9" * 5000, "GPU-9", "GPU-5f3c", "MIG-", "MIG-a1", "MIG-GPU-5f3c1111-bbbb/9/0", "gpu-7777"])
def test_an_invalid_entry_ends_the_list_and_is_said(wrong):
    assert visible(f"2,{wrong},0", BOARDS) == ([Choice(2)], f"no device {wrong[:60]}, so the list ends there")


@pytest.mark.parametrize("text", ["1,1,0", "1,0,01", "GPU-7,GPU-77770000-eeee", "2,MIG-a100,MIG-a1000000"])
def test_a_device_named_twice_makes_nothing_visible(text):
    found, said = visible(text, BOARDS)
    assert found == []
    assert "is there twice" in said


def test_what_stands_after_the_end_is_not_looked_at():
    assert visible("1,-1,1", BOARDS) == ([Choice(1)], "")


def test_minus_one_ends_the_list_without_a_word():
    assert visible("1,-1,0", BOARDS) == ([Choice(1)], "")
