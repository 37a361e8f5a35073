"""Facts of products as text: what changes, and what of a file is touched."""

import pytest

from traincarbon.database.plain_toml import plain_toml
from traincarbon.database.records import Fact
from traincarbon.database.refresh.product_facts import changed_facts, texts_of_products
from traincarbon.database.refresh.upstreams import UPSTREAMS

HARDWARE = UPSTREAMS["epoch-hardware"]
ROW = {
    "product": "h100",
    "fact": "board_power_w",
    "value": "700",
    "locator": 'row "H100", column "TDP (W)"',
    "dated": "",
    "source": "mine",
    "kind": "published",
}


def known(value):
    return {("h100", "board_power_w"): Fact(value, "theirs", "page 1", "published", "")}


@pytest.mark.parametrize(("value", "is_changed"), [(700.0, False), (700.4, False), (650.0, True)])
def test_a_value_that_differs_by_rounding_is_no_change(value, is_changed):
    found = changed_facts([ROW], known(value))
    assert bool(found) is is_changed
    if found:
        assert found[0][1]["value"] == "650"
        assert found[0][1]["source"] == "theirs"


def test_what_nobody_knew_is_new():
    assert changed_facts([ROW], {}) == [(ROW, None)]


def text_after(tmp_path, before, *rows):
    (tmp_path / "accelerators").mkdir()
    if before:
        (tmp_path / "accelerators" / "h100.toml").write_text(before)
    ((_, was, after),) = texts_of_products(HARDWARE, str(tmp_path), [(row, None) for row in rows])
    assert was == before
    return after


def test_only_the_block_of_the_fact_is_replaced(tmp_path):
    before = 'name = "H100"\n\n[board_power_w]\nvalue = 650\nsource = "theirs"\nlocator = "l"\nkind = "published"\n\n# kept\n[memory_b]\nvalue = 80e9\n'
    after = text_after(tmp_path, before, ROW)
    assert after == before.replace(
        'value = 650\nsource = "theirs"\nlocator = "l"\n', 'value = 700\nsource = "mine"\nlocator = \'row "H100", column "TDP (W)"\'\n'
    )


def test_new_facts_of_a_product_go_to_the_end_of_one_file_which_is_read_without_a_parser(tmp_path):
    price = {**ROW, "fact": "price_usd", "value": "33600.5", "dated": "2022-09", "locator": 'it\'s "here"'}
    after = text_after(tmp_path, "", ROW, price)
    found = plain_toml(after)
    assert found["board_power_w"]["value"] == 700
    assert found["price_usd"] == {"value": 33600.5, "dated": "2022-09", "source": "mine", "locator": "it's 'here'", "kind": "published"}
