"""The price book has the prices of estimates."""

import pytest

from traincarbon.errors import NotFoundError
from traincarbon.estimation.chain import estimate
from traincarbon.explore.price_book import price_book


@pytest.mark.parametrize("hw", ["h100", "a100-sxm4-80gb", "tpu-v5e", "aws-p5.48xlarge", "dgx-h100"])
@pytest.mark.parametrize("purchase", ["on_demand", "spot"])
def test_a_market_has_the_rent_of_an_estimate(shipped, hw, purchase):
    (market,) = price_book(shipped, hw, rent=purchase).markets
    answer = estimate(database=shipped, hw=hw, accelerator_hours=1000.0, rent=purchase)
    assert answer.median("rent_usd") == pytest.approx(1000.0 * market.usd_per_h.median)
    assert market.quotes == answer.quotes


def test_every_way_of_buying_that_has_a_price_is_a_market(shipped):
    book = price_book(shipped, "h100")
    assert [market.purchase for market in book.markets] == ["on_demand", "spot", "reserved_1y", "reserved_3y"]
    assert book.markets[0].usd_per_h.median > book.markets[2].usd_per_h.median > book.markets[3].usd_per_h.median
    assert set(book.markets[0].by_kind) == {"specialist", "hyperscaler", "marketplace"}
    assert set(book.markets[2].by_kind) == {"hyperscaler"}


def test_a_count_is_how_many_are_rented_together(shipped):
    (few,), (many,) = (price_book(shipped, hw, rent="on_demand").markets for hw in ("1xH100", "64xH100"))
    assert "coreweave" not in {quote.provider for quote in few.quotes}
    assert "coreweave" in {quote.provider for quote in many.quotes}
    assert price_book(shipped, "H100", rent="on_demand", accelerators=1).markets == (few,)


def test_a_region_leaves_its_provider_alone(shipped):
    (market,) = price_book(shipped, "h100", rent="on_demand", region="aws:us-east-1").markets
    assert [(quote.provider, quote.usd_per_h) for quote in market.quotes] == [("aws", 6.88)]


def test_hardware_without_a_price_has_no_market(shipped):
    assert price_book(shipped, "rtx-4070").markets == ()
    with pytest.raises(NotFoundError):
        price_book(shipped, "h999")
