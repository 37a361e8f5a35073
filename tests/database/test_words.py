"""Names as drivers, schedulers and clouds write them, taken apart into the words that tell products apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.database.words import telling, unwrapped, words_of


@pytest.mark.parametrize(
    ("text", "core", "form", "memory"),
    [
        ("NVIDIA GeForce RTX 4090", "rtx 4090", "", ""),
        ("rtx4070ti super", "rtx 4070 ti super", "", ""),
        ("Tesla V100-SXM2-32GB", "v100", "sxm2", "32gb"),
        ("NVIDIA H100 80GB HBM3", "h100", "", "80gb"),
        ("A100-80G", "a100", "", "80gb"),
        ("a100 81920 MiB", "a100", "", "80gb"),
        ("Apple M2Max", "m2 max", "", ""),
        ("AMD EPYC 7763 64-Core Processor", "epyc 7763", "", ""),
        ("Intel(R) Xeon(R) CPU E5-2680v4 @ 2.40GHz", "xeon e5 2680 v4", "", ""),
        ("Intel Xeon Platinum 8480+", "xeon platinum 8480+", "", ""),
        ("NVIDIA", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_name_is_taken_apart(text, core, form, memory):
    assert words_of(text) == (frozenset(core.split()), frozenset(form.split()), frozenset(memory.split()))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ml.p4d.24xlarge", "p4d.24xlarge"),
        ("gpu:a100", "a100"),
        ("gres/gpu:v100", "v100"),
        ("nvidia.com/gpu.product=Tesla-T4", "tesla-t4"),
        ("NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "nvidia-a100-sxm4-80gb"),
        ("aws:p4d.24xlarge", "p4d.24xlarge"),
        ("RTX 4090", "rtx 4090"),
    ],
)
def test_what_others_write_around_a_name_is_left_off(text, name):
    assert unwrapped(text) == name


@given(st.text(max_size=300))
def test_any_text_is_taken_apart(text):
    words = words_of(text)
    assert words.core | words.form | words.memory == set(telling(text).split())


@pytest.mark.parametrize("text", ["MacBook Pro M4 Pro", "MacBook Pro (Apple M4 Pro)", "Mac mini M4 Pro", "Apple Mac Studio, M4 Pro"])
def test_the_machine_around_a_chip_of_apple_is_left_off(text):
    assert words_of(unwrapped(text)).core == {"m4", "pro"}


def test_the_number_of_cores_is_no_part_of_a_name():
    assert words_of("AMD Ryzen Threadripper PRO 5995WX 64-Cores").core == {"ryzen", "threadripper", "pro", "5995wx"}
