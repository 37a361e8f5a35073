"""Hardware is found by a name with or without a count."""

import pytest

from traincarbon.database.find import find_hardware
from traincarbon.database.find_counted import find_counted
from traincarbon.database.load import open_database
from traincarbon.errors import NotFoundError


@pytest.mark.parametrize("text", ["8xH100", "A100 80GB x 64", "TPU v3-256", "v5litepod-256", "v4-128", "ml.p4d.24xlarge", "8 x NVIDIA A40", "2xdgx-a100"])
def test_what_is_left_of_the_text_names_one_product(text):
    product, _ = find_counted(open_database(), text)
    assert product.id


def test_a_name_that_looks_like_a_count_stays_a_name():
    for folder in ("accelerators", "servers"):
        for id in open_database().ids(folder):
            product, counted = find_counted(open_database(), id)
            assert (product.id, counted.number) == (id, None)


def test_an_unknown_name_is_refused_without_its_count():
    with pytest.raises(NotFoundError, match="no hardware 'Q9999'"):
        find_counted(open_database(), "8xQ9999")


@pytest.mark.parametrize("text", ["8 x NVIDIA A40", "A40:8", "8xA40", "A40 (8 GPUs)"])
def test_where_no_count_is_asked_for_the_name_without_it_is_suggested(text):
    with pytest.raises(NotFoundError) as caught:
        find_hardware(open_database(), text)
    assert caught.value.hint.startswith("did you mean a40")
