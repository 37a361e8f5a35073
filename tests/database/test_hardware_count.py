"""Counts that people write with the name of hardware, and slices of TPUs as each version counts them."""

import pytest

from traincarbon.database.hardware_count import split_count


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("8xH100", "H100", 8),
        ("8x H100", "H100", 8),
        ("8 x H100", "H100", 8),
        ("8×H100", "H100", 8),
        ("8*H100", "H100", 8),
        ("8X A100", "A100", 8),
        ("8 x NVIDIA A40", "NVIDIA A40", 8),
        ("1,024 x H800", "H800", 1024),
        ("16 A100", "A100", 16),
        ("16 A100s", "A100", 16),
        ("8 H100 GPUs", "H100", 8),
        ("64 DGX A100 nodes", "DGX A100", 64),
        ("4xdgx-h100", "dgx-h100", 4),
        ("4x4090", "4090", 4),
        ("2x RTX 4090", "RTX 4090", 2),
        ("A100 80GB x 64", "A100 80GB", 64),
        ("A100-80GB x64", "A100-80GB", 64),
        ("H100x8", "H100", 8),
        ("A100 80GBx8", "A100 80GB", 8),
        ("A100:8", "A100", 8),
        ("gpu:a100:8", "a100", 8),
        ("H100 (x8)", "H100", 8),
        ("V100 (32)", "V100", 32),
        ("16 x 8 A100", "A100", 128),
        ("16x8xA100", "A100", 128),
        ("2 x 80GB A100", "80GB A100", 2),
        ("p4d.24xlarge", "p4d.24xlarge", None),
        ("ml.p4d.24xlarge", "p4d.24xlarge", None),
        ("4 x ml.p4d.24xlarge", "p4d.24xlarge", 4),
        ("dgx-a100", "dgx-a100", None),
        ("MI300X", "MI300X", None),
        ("TITAN X", "TITAN X", None),
        ("80GB A100", "80GB A100", None),
        ("80 GB A100", "80 GB A100", None),
        ("4090", "4090", None),
        ("gh200", "gh200", None),
    ],
)
def test_a_count_is_parted_from_the_name(text, name, number):
    found = split_count(text)
    assert (found.name, found.number) == (name, number)


@pytest.mark.parametrize(
    ("text", "name", "chips"),
    [
        # v2, v3, v4 and v5p name a slice by its cores, two a chip; v5e and v6e by its chips.
        ("v2-8", "tpu v2", 4),
        ("TPU v3-256", "tpu v3", 128),
        ("v3-8", "tpu v3", 4),
        ("v4-128", "tpu v4", 64),
        ("TPUv4-4096", "tpu v4", 2048),
        ("v5p-256", "tpu v5p", 128),
        ("v5litepod-256", "tpu v5e", 256),
        ("v5e-256", "tpu v5e", 256),
        ("tpu v5e-256", "tpu v5e", 256),
        ("tpu-v6e-8", "tpu v6e", 8),
        ("Cloud TPU v3-32", "tpu v3", 16),
        ("2 x v3-8", "tpu v3", 8),
    ],
)
def test_a_slice_counts_cores_or_chips_as_its_version_does(text, name, chips):
    assert split_count(text) == (name, chips, True)


@pytest.mark.parametrize("name", ["RTX 3090", "GTX 750", "A100 80GB", "p4d.24xlarge"])
def test_a_name_without_a_count_stays_as_it_is(name):
    assert split_count(name) == (name, None, False)


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("BM.GPU.H100.8", "H100", 8),
        ("BM.GPU.A100-v2.8", "A100 80gb", 8),
        ("VM.GPU.A10.1", "A10", 1),
        ("gpu_8x_a100_80gb_sxm4", "a100 80gb sxm4", 8),
        ("gpu_1x_h100_pcie", "h100 pcie", 1),
    ],
)
def test_names_of_instances_that_hold_a_count_are_parted(text, name, number):
    assert split_count(text) == (name, number, True)
