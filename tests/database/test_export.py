"""Every fact with its source, as JSON and as Parquet."""

import io
import json

import pandas as pd

from traincarbon.database.export import export, facts_of


def test_every_fact_of_products_and_tables_is_there_with_its_source(shipped):
    facts = list(facts_of(shipped))
    power = next(fact for fact in facts if (fact.table, fact.id, fact.name) == ("accelerators", "h100-sxm5-80gb", "board_power_w"))
    assert (power.number, power.value) == (700.0, "700")
    intensity = next(fact for fact in facts if fact.table == "grid" and fact.id == "FR" and fact.name == "intensity_gco2e_per_kwh")
    assert json.loads(intensity.context)["basis"] in ("lifecycle", "direct")
    sources = shipped.sources()
    assert all(fact.source in sources and fact.locator and fact.kind for fact in facts)


def test_json_and_parquet_hold_the_same_facts(shipped):
    document = json.loads(export(shipped, "json"))
    frame = pd.read_parquet(io.BytesIO(export(shipped, "parquet")))
    assert len(frame) == len(document["facts"]) > 10_000
    assert frame["value"].tolist() == [fact["value"] for fact in document["facts"]]
    first = document["facts"][0]
    assert frame["source_title"][0] == document["sources"][first["source"]]["title"]
