"""The shipped facts: every one has its evidence, and together they can be."""

import csv
import math
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from traincarbon.database.load import builtin_root
from traincarbon.database.names import squeeze
from traincarbon.database.records import KINDS, PRECISIONS, TABLES

ROOT = Path(builtin_root())
FILES = sorted(ROOT.glob("*/*.toml"))
RUN_COLUMNS = (
    "id,kind,evidence,unverified_fields,model,organisation,year,family,total_params,active_params,layers,hidden,heads,seq_len,vocab,batch_tokens,"
    "tokens,epochs,training_flops,teacher_params,samples,gmac_per_sample,images_per_sample,"
    "hardware,accelerators,precision,tp,pp,dp,micro_batch,interleave,recompute,accelerator_hours,wallclock_days,iter_time_s,"
    "tokens_per_s_per_accelerator,achieved_tflops_per_accelerator,mfu,hfu,energy_kwh,energy_scope,mean_power_w_per_accelerator,pue,"
    "carbon_intensity_g_per_kwh,co2e_t,co2e_scope,embodied_t,cost_usd,cost_basis,provider,region,source,locator,note,confidence,unusable"
)
"""The input columns of carbon validate, as its manual lists them."""


@pytest.fixture(scope="module")
def bibliography():
    return tomllib.loads((ROOT / "sources.toml").read_text("utf-8"))


def table(name):
    with (ROOT / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_is_decoded_and_each_fact_has_its_evidence(file, shipped, bibliography):
    product = shipped.product(file.parent.name, file.stem)
    assert product.facts
    for name, fact in product.facts.items():
        assert fact.source in bibliography, name
        assert fact.locator.strip(), name
        assert fact.kind in KINDS, name


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_its_evidence(name, shipped, bibliography):
    rows = shipped.all_rows(name)
    assert rows
    for row in rows:
        assert row["source"] in bibliography, row
        assert row["locator"].strip(), row
        assert row["kind"] in KINDS, row


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_sorted_by_its_key_and_ends_each_row_in_a_line_feed(name):
    text = (ROOT / f"{name}.csv").read_bytes().decode()
    keys = [row[TABLES[name][0]] for row in table(name)]
    assert keys == sorted(keys)
    assert text.endswith("\n")
    assert "\r" not in text
    assert len(text.splitlines()) == len(keys) + 1


def test_every_source_says_what_it_is_and_who_published_it(bibliography):
    for key, source in bibliography.items():
        assert source["title"], key
        assert source["publisher"], key
        assert source["published"], key
        assert source["licence"].strip(), key


def test_the_database_is_as_large_as_we_say(shipped):
    assert len(shipped.ids("accelerators")) >= 95
    assert len(shipped.ids("servers")) >= 80
    assert len(shipped.all_rows("regions")) >= 185
    assert len({row["provider"] for row in shipped.all_rows("regions")}) >= 4
    assert len(shipped.all_rows("prices")) >= 800


def test_every_server_holds_known_accelerators(shipped):
    chips = set(shipped.ids("accelerators"))
    for server in shipped.products("servers"):
        assert server.keys["accelerator"] in chips, server.id
        count = server.value("accelerator_count")
        assert count == int(count) or (server.is_cloud and 0.1 < count < 1), server.id  # a slice of an accelerator, or half of one with two chips


def test_a_dense_peak_is_no_higher_than_a_sparse_one_and_a_narrower_format_no_slower(shipped):
    for chip in shipped.products("accelerators"):
        peaks = {name: chip.value(f"peak_{name}_flop_per_s") for name in PRECISIONS}
        for name, dense in peaks.items():
            sparse = chip.value(f"peak_{name}_sparse_flop_per_s")
            assert dense is None or sparse is None or dense <= sparse, (chip.id, name)
        for wide, narrow in (("fp32", "tf32"), ("tf32", "fp16"), ("fp16", "fp8"), ("fp8", "fp4")):
            assert peaks[wide] is None or peaks[narrow] is None or peaks[wide] <= peaks[narrow] * 1.01, (chip.id, wide, narrow)


def test_what_a_product_draws_idle_is_below_what_it_draws_at_most(shipped):
    for chip in shipped.products("accelerators"):
        idle, cap = chip.value("idle_power_w"), chip.value("board_power_w")
        assert idle is None or cap is None or idle < cap, chip.id
    for server in shipped.products("servers"):
        idle, typical, most = (server.value(f"{name}_power_w") for name in ("idle", "typical", "max"))
        known = [power for power in (idle, typical, most) if power is not None]
        assert known == sorted(set(known)), server.id


def test_a_name_with_a_memory_size_is_of_that_size(shipped):
    of_the_host = {"gh200-480gb", "nvidia-gh200-480gb", "nvidia-gh200-120gb"}  # the driver names a GH200 by the memory of its processor
    for chip in shipped.products("accelerators"):
        for name in {chip.id, *chip.aliases} - of_the_host:
            size = re.search(r"-(\d+)gb$", name)
            if size and "memory_b" in chip.facts:
                assert float(size[1]) * 0.93 <= chip.value("memory_b") / 1e9 <= float(size[1]) * 1.08, (chip.id, name)  # usable of raw, or GiB


def test_the_peaks_of_a_graphics_card_are_of_one_clock(shipped):
    for chip in shipped.products("accelerators"):
        fp32, fp16 = chip.value("peak_fp32_flop_per_s"), chip.value("peak_fp16_flop_per_s")
        if chip.keys["vendor"] == "NVIDIA" and chip.keys["generation"] in ("turing", "ampere", "ada") and fp32 and fp16:
            assert fp16 / fp32 == pytest.approx(2 ** round(math.log2(fp16 / fp32)), rel=0.02), chip.id


def test_a_server_costs_more_than_its_accelerators(shipped):
    for server in shipped.products("servers"):
        chip = shipped.product("accelerators", server.keys["accelerator"])
        price, each = server.value("price_usd"), chip.value("price_usd")
        assert price is None or each is None or price > each * server.value("accelerator_count"), server.id


def test_a_quantity_is_in_the_unit_that_its_name_says(shipped):
    plausible = {
        "launch_year": (2005, 2030),
        "memory_b": (0.5e9, 1e14),
        "memory_bandwidth_b_per_s": (1e10, 1e17),
        "link_bandwidth_b_per_s": (1e9, 1e16),
        "board_power_w": (30, 30_000),
        "price_usd": (100, 1e7),
        "accelerator_count": (0.1, 20_000),
        "max_power_w": (100, 1e7),
        "cpu_power_w": (30, 1_000),
        "network_bandwidth_b_per_s": (1e8, 1e14),
        **{f"peak_{name}{kind}_flop_per_s": (1e12, 2e18) for name in PRECISIONS for kind in ("", "_sparse")},
    }
    for folder in ("accelerators", "servers"):
        for product in shipped.products(folder):
            for name, fact in product.facts.items():
                low, high = plausible.get(name, (0.0, float("inf")))
                low /= 10.0 if product.type == "cpu" else 1.0
                assert low <= fact.value <= high, (product.id, name, fact.value)


def test_no_two_products_share_a_name(shipped):
    bearers = {}
    for folder in ("accelerators", "servers"):
        for product in shipped.products(folder):
            for name in {squeeze(name) for name in (product.id, *product.aliases)}:
                assert bearers.setdefault(name, product.id) == product.id, name


def test_no_two_places_share_an_id(shipped):
    ids = [row["region"] for row in shipped.all_rows("regions")] + [row["zone"] for row in shipped.all_rows("zones")]
    assert [id for id, times in Counter(map(squeeze, ids)).items() if times > 1] == []


def test_a_region_s_id_is_its_provider_and_name_and_its_zone_is_known(shipped):
    zones = {row["zone"] for row in shipped.all_rows("zones")}
    for row in shipped.all_rows("regions"):
        assert row["region"] == f"{row['provider']}:{row['name']}"
        assert row["zone"] in zones, row["region"]


def test_no_facility_uses_less_than_its_servers_and_no_grid_is_dirtier_than_can_be(shipped):
    assert all(1.0 <= float(row["pue"]) < 5.0 for row in shipped.all_rows("facilities") if row["pue"])
    assert all(0.0 <= float(row["intensity_gco2e_per_kwh"]) <= 1500.0 for row in shipped.all_rows("grid"))
    assert {row["basis"] for row in shipped.all_rows("grid")} <= {"lifecycle", "direct"}
    assert {row["boundary"] for row in shipped.all_rows("grid")} <= {"production", "consumption", "provider"}


def test_a_lifecycle_intensity_is_no_lower_than_the_direct_one_by_the_same_source_and_boundary(shipped):
    by_place = {}
    for row in shipped.all_rows("grid"):
        by_place.setdefault((row["zone"], row["year"], row["source"], row["boundary"]), {})[row["basis"]] = float(row["intensity_gco2e_per_kwh"])
    for place, bases in by_place.items():
        assert len(bases) < 2 or bases["direct"] <= bases["lifecycle"], place


def test_every_price_is_of_a_known_accelerator_region_and_way_of_buying(shipped):
    chips, regions = set(shipped.ids("accelerators")), {row["region"] for row in shipped.all_rows("regions")}
    for row in shipped.all_rows("prices"):
        assert row["accelerator"] in chips, row
        assert row["region"] in (*regions, "", f"{row['provider']}:*"), row
        assert row["purchase"] in ("on_demand", "spot", "reserved_1y", "reserved_3y"), row
        assert 0.005 < float(row["usd_per_h"]) / float(row["accelerator_count"]) < 200.0, row


def test_the_published_runs_have_the_columns_of_the_manual_and_ids_of_their_own():
    header = (ROOT / "published_runs.csv").read_text("utf-8").partition("\n")[0]
    assert header == RUN_COLUMNS
    rows = table("published_runs")
    assert len({row["id"] for row in rows}) == len(rows) >= 200
    assert all(None not in row and None not in row.values() for row in rows)


def test_every_published_run_says_where_it_was_read_and_how_well(bibliography):
    for row in table("published_runs"):
        assert set(row["source"].split(";")) <= bibliography.keys(), row["id"]
        assert row["locator"].strip(), row["id"]
        assert row["evidence"] in ("published", "unverified"), row["id"]


def test_a_published_run_states_only_what_can_be():
    for row in table("published_runs"):
        for column, (low, high) in {"mfu": (0.0, 1.0), "hfu": (0.0, 1.0), "pue": (1.0, 3.0), "carbon_intensity_g_per_kwh": (0.0, 1500.0)}.items():
            assert not row[column] or low <= float(row[column]) <= high, (row["id"], column)
        for column in ("total_params", "active_params", "tokens", "accelerators", "accelerator_hours", "energy_kwh", "cost_usd"):
            assert not row[column] or float(row[column]) > 0.0, (row["id"], column)
        assert not (row["active_params"] and row["total_params"]) or float(row["active_params"]) <= float(row["total_params"]), row["id"]
