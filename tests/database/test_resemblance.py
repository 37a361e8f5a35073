"""Which products a name fits in other words, and which come nearest to one that fits none."""

import pytest

from traincarbon.database.resemblance import matching, nearest_products


def ids(products):
    return [product.id for product in products]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RTX 4090 24GB", ["rtx-4090"]),
        ("RTX 4090 48GB", []),
        ("RTX 4090 PCIe", ["rtx-4090"]),
        ("RTX 4090 SXM4", []),
        ("SXM2 V100 32GB", ["v100-sxm2-32gb"]),
        ("H100 SXM4", []),
        ("TPU v3 32GB", ["tpu-v3"]),
        ("GTX 2080", []),
    ],
)
def test_every_word_that_tells_products_apart_must_fit(text, found, shipped):
    assert ids(matching(shipped, text)) == found


def test_of_a_name_that_is_a_part_of_several_all_are_returned(shipped):
    assert set(ids(matching(shipped, "RX 7900"))) == {"rx-7900-xt", "rx-7900-xtx"}


def test_a_name_that_is_a_part_of_one_is_not_that_one(make_database, accelerator_toml):
    database = make_database({"accelerators/gtx-1080-ti.toml": accelerator_toml})
    assert matching(database, "GTX 1080") == []
    assert ids(nearest_products(database, "GTX 1080")) == ["gtx-1080-ti"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("h100-smx5-80gb", "h100-sxm5-80gb"),
        ("A100 64GB", "a100-sxm4-40gb"),
        ("i9-11900KF", "i9-11900k"),
        ("RTX 4090 Max-Q", "rtx-4090"),
        ("M4 Ultra", "apple-m3-ultra"),
    ],
)
def test_the_right_candidate_comes_first(text, first, shipped):
    assert ids(nearest_products(shipped, text))[0] == first


def test_a_maker_alone_is_like_no_product(shipped):
    assert nearest_products(shipped, "NVIDIA Jetson Nano") == []
