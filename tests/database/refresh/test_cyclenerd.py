"""The price file of a cost calculator for Google's cloud: a recorded edition, shortened."""

from pathlib import Path

import pytest

from acme import WORLD, chip, line, server
from traincarbon.database.load import Database
from traincarbon.database.refresh.cyclenerd import UPSTREAMS
from traincarbon.database.refresh.proposal import propose
from traincarbon.database.refresh.upstream import Edition
from traincarbon.errors import CarbonError

(CYCLENERD,) = UPSTREAMS
RECORDED = """---
about:
  copyright: |2

    Licensed under the Apache License, Version 2.0 (the "License");
  generated: Thu Aug 20 04:22:01 2026
  timestamp: 1787199721
  url: https://github.com/Cyclenerd/google-cloud-pricing-cost-calculator
compute:
  instance:
    a3-highgpu-8g:
      cost:
        africa-south1:
          hour: 115.542415126575
          hour_spot: 10.820885260274
        us-central1:
          hour: 88.4899999025753
          hour_spot: 53.0936245479452
          month: 64597.69992888
          month_1y: 44810.08066464
          month_3y: 28370.99821392
          month_spot: 38758.34592
      cpu: 208
      h100-80gb: 8
      local-ssd: 6000
    c2-standard-16:
      cost:
        us-central1:
          hour: 0.8352
      cpu: 16
  storage:
    hdd:
      cost:
        us-central1:
          month: 0.04
"""


def rows_of(text, database, *, date="2026-11"):
    return list(CYCLENERD.rows(Edition(text, "pricing.yml", date, database)))


def test_a_machine_that_is_known_gets_every_way_of_buying_it_in_the_regions_that_offer_it(shipped):
    rows = rows_of(RECORDED, shipped)
    # a month is 730 hours; nobody offers H100 in Johannesburg although the file has a price there
    assert [(row["purchase"], row["usd_per_h"], row["region"]) for row in rows] == [
        ("on_demand", "88.49", "gcp:us-central1"),
        ("spot", "53.0936", "gcp:us-central1"),
        ("reserved_1y", "61.3837", "gcp:us-central1"),
        ("reserved_3y", "38.8644", "gcp:us-central1"),
    ]
    assert {(row["server"], row["accelerator"], row["accelerator_count"], row["date"]) for row in rows} == {
        ("gcp-a3-highgpu-8g", "h100-sxm5-80gb", "8", "2026-08-20")
    }
    assert rows[2]["locator"] == "pricing.yml, a3-highgpu-8g, us-central1, month_1y"


def test_without_a_time_of_its_own_the_edition_has_the_date_that_was_given(shipped):
    assert rows_of(RECORDED.replace("  timestamp: 1787199721\n", ""), shipped)[0]["date"] == "2026-11"


def test_a_machine_without_any_price_gets_the_regions_that_are_known(make_database):
    regions = line("regions", "gcp:us-central1", "gcp", "us-central1", "Iowa", "US") + line("regions", "gcp:africa-south1", "gcp", "africa-south1", "SA", "FR")
    box = server(operator="gcp", name="A3")
    database = make_database({**WORLD, "regions.csv": regions, "servers/gcp-a3-highgpu-8g.toml": box, "accelerators/acme-one-40gb.toml": chip()})
    assert {row["region"] for row in rows_of(RECORDED, database)} == {"gcp:us-central1", "gcp:africa-south1"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<!DOCTYPE html>\n<html></html>", "is a web page"),
        ("", "is empty"),
        ("about:\n  timestamp: 1\n", "has no machines under compute, instance"),
        (RECORDED.replace("hour: 88.4899999025753", "hour: free"), "is 'free', not a number"),
        (RECORDED.replace("          month_1y", "month_1y"), ""),
        (RECORDED.replace("          hour_spot: 53.0936245479452", "          hour_spot 53.0936"), "which is no part of a price"),
    ],
)
def test_what_is_no_price_file_is_refused(shipped, text, what):
    if not what:  # the rest of a file whose form has changed is not taken for prices of another machine
        assert len(rows_of(text, shipped)) == 2
        return
    with pytest.raises(CarbonError, match=what):
        rows_of(text, shipped)


def test_a_price_of_nothing_and_a_tenth_of_the_rows_are_refused(shipped, tmp_path):
    for text, what in ((RECORDED.replace("hour: 88.4899999025753", "hour: 0"), "usd_per_h"), (RECORDED, "where an earlier edition had")):
        with pytest.raises(CarbonError, match=what):
            propose(CYCLENERD, Edition(text, "pricing.yml", "2026-11", shipped), str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_shows_the_diff_and_writes_nothing(make_root):
    root = Path(
        make_root(
            {
                **WORLD,
                "regions.csv": line("regions", "gcp:us-central1", "gcp", "us-central1", "Iowa", "US"),
                "prices.csv": line("prices", "acme-one-40gb", "gcp-a3-highgpu-8g", "gcp", "gcp:us-central1", "on_demand", "2026-08-20", 8, 80),
                "servers/gcp-a3-highgpu-8g.toml": server(operator="gcp", name="A3"),
                "accelerators/acme-one-40gb.toml": chip(),
            }
        )
    )
    before = (root / "prices.csv").read_text()
    found = propose(CYCLENERD, Edition(RECORDED, "pricing.yml", "2026-11", Database([str(root)])), str(root))
    assert "-acme-one-40gb,gcp-a3-highgpu-8g,gcp,gcp:us-central1,on_demand,2026-08-20,8,80," in found.diff
    assert "+acme-one-40gb,gcp-a3-highgpu-8g,gcp,gcp:us-central1,on_demand,2026-08-20,8,88.49," in found.diff
    assert (len(found.changes), (root / "prices.csv").read_text()) == (4, before)
