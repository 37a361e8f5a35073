"""Upstreams of prices: rows of recorded forms, shortened and rewritten."""

import json

import pytest

from traincarbon.database.refresh.prices import UPSTREAMS, instance_id
from traincarbon.database.refresh.upstream import Edition
from traincarbon.errors import CarbonError

BY_NAME = {upstream.name: upstream for upstream in UPSTREAMS}
GO = """// generated at 2026-01-19T13:23:24Z for us-east-1
var InitialOnDemandPrices = map[string]map[string]float64{
\t// us-east-1
\t"us-east-1": {
\t\t// p5 family
\t\t"m5.large": 0.096000, "p5.48xlarge": 55.040000,
\t\t"p5.4xlarge": 6.880000,
\t},
\t"atlantis-1": {
\t\t"p5.48xlarge": 1.000000,
\t},
}
"""


def rows_of(name, text, shipped, *, file="edition.csv"):
    return list(BY_NAME[name].rows(Edition(text, file, "2026-11", shipped)))


def test_karpenter_s_table_gives_the_instances_and_regions_that_are_known(shipped):
    rows = rows_of("aws", GO, shipped, file="zz_generated.pricing_aws.go")
    assert [(row["server"], row["region"], row["usd_per_h"], row["date"], row["accelerator_count"]) for row in rows] == [
        ("aws-p5.48xlarge", "aws:us-east-1", "55.04", "2026-01-19", "8"),
        ("aws-p5.4xlarge", "aws:us-east-1", "6.88", "2026-01-19", "1"),
    ]
    assert rows[0]["locator"] == "zz_generated.pricing_aws.go, us-east-1, p5.48xlarge"


AZURE = """// generated at 2026-06-18T03:43:41Z

var InitialPriceUpdate, _ = time.Parse(time.RFC3339, "2026-06-18T03:43:41Z")
var initialOnDemandPrices = map[string]map[string]float64{}

func init() {
\t// atlantis
\tinitialOnDemandPrices["atlantis"] = map[string]float64{
\t\t"Standard_ND96isr_H100_v5": 1.000000,
\t}
\t// eastus
\tinitialOnDemandPrices["eastus"] = map[string]float64{
\t\t"Standard_A1_v2":           0.043000,
\t\t"Standard_ND96isr_H100_v5": 98.320000,
\t}
}
"""


def test_karpenter_s_table_of_azure_has_a_map_for_each_region(shipped):
    rows = rows_of("azure-karpenter", AZURE, shipped, file="zz_generated.pricing.go")
    assert [(row["server"], row["region"], row["usd_per_h"], row["date"]) for row in rows] == [("azure-nd96isr-h100-v5", "azure:eastus", "98.32", "2026-06-18")]


def item(**changed):
    return {
        "currencyCode": "USD",
        "retailPrice": 98.32,
        "armRegionName": "eastus",
        "armSkuName": "Standard_ND96isr_H100_v5",
        "skuName": "ND96isr H100 v5",
        "productName": "Virtual Machines NDsr H100 v5 Series",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        **changed,
    }


def test_azure_s_answers_give_on_demand_spot_and_reserved_prices_of_linux(shipped):
    items = [
        item(),
        item(skuName="ND96isr H100 v5 Spot", retailPrice=40.0),
        item(skuName="ND96isr H100 v5 Low Priority", retailPrice=20.0),
        item(productName="Virtual Machines NDsr H100 v5 Series Windows", retailPrice=120.0),
        item(type="Reservation", reservationTerm="1 Year", retailPrice=8760.0 * 60.0),
        item(type="Reservation", reservationTerm="3 Years", retailPrice=3.0 * 8760.0 * 45.0),
        item(armRegionName="atlantis"),
        item(armSkuName="Standard_D2_v5"),
    ]
    rows = rows_of("azure", json.dumps([{"Items": items[:4]}, {"Items": items[4:]}]), shipped)
    assert [(row["purchase"], row["usd_per_h"]) for row in rows] == [("on_demand", "98.32"), ("spot", "40"), ("reserved_1y", "60"), ("reserved_3y", "45")]
    assert {row["date"] for row in rows} == {"2026-11"}


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("azure", "{}", "has no Items"),
        ("azure", '{"Items": [', "is not JSON"),
        ("azure", json.dumps({"Items": [item(currencyCode="EUR")]}), "is priced by 1 Hour in EUR"),
        ("azure", json.dumps({"Items": [item(unitOfMeasure="100 Hours")]}), "is priced by 100 Hours"),
        ("azure", json.dumps({"Items": [item(retailPrice="free")]}), "is 'free', not a number"),
        ("aws", "package pricing\n", "has no map of regions"),
        ("aws", "<html>429</html>", "is a web page"),
        ("eurostat", "nrg_cons,tax,currency,unit,geo,TIME_PERIOD,OBS_VALUE\nMWH20000-69999,X_VAT,EUR,MWH,FR,2024-S2,110\nMWH20000-69999,X_VAT,EUR,MWH,DE,2024-S2,110\n", "is by MWH"),
        ("eurostat", "nrg_cons,tax,currency,unit,geo,TIME_PERIOD,OBS_VALUE\nMWH20000-69999,X_VAT,EUR,KWH,FR,1999-S2,0.1\nMWH20000-69999,X_VAT,EUR,KWH,DE,1999-S2,0.1\n", "no exchange rate of 1999"),
    ],
)  # fmt: skip
def test_what_is_no_such_edition_is_refused(name, text, what, shipped):
    with pytest.raises(CarbonError) as caught:
        rows_of(name, text, shipped)
    assert what in str(caught.value)


def test_a_catalogue_of_gpuhunt_gives_the_instances_of_the_provider_that_its_file_is_named_after(shipped):
    text = "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot\np5.48xlarge,us-east-1,55.04,192,2048,8,H100,80,False\n"
    text += "p5.48xlarge,us-east-1,17.1,192,2048,8,H100,80,True\np5.48xlarge,moon-1,1,1,1,8,H100,80,False\n"
    rows = rows_of("gpuhunt", text, shipped, file="catalogs/aws.csv")
    assert [(row["provider"], row["purchase"], row["usd_per_h"]) for row in rows] == [("aws", "on_demand", "55.04"), ("aws", "spot", "17.1")]


def test_eurostat_gives_the_newest_half_of_each_year_in_dollars(shipped):
    head = "nrg_cons,tax,currency,unit,geo,TIME_PERIOD,OBS_VALUE\n"
    lines = ["FR,2024-S1,0.12", "FR,2024-S2,0.10", "EL,2024-S1,0.11", "FR,2023-S2,0.15", "XX,2024-S1,0.1"]
    text = head + "".join(f"MWH20000-69999,X_VAT,EUR,KWH,{each}\n" for each in lines) + "MWH_LT20,X_VAT,EUR,KWH,FR,2024-S2,0.30\n"
    rows = rows_of("eurostat", text, shipped)
    assert [(row["zone"], row["year"], row["price_usd_per_kwh"]) for row in rows] == [
        ("FR", "2024", "0.1082"),
        ("GR", "2024", "0.1191"),
        ("FR", "2023", "0.1622"),
    ]
    assert rows[0]["note"] == "0.1 EUR/kWh x 1.0824 USD/EUR"


def test_instances_are_named_as_in_the_database(shipped):
    for provider, name in (("azure", "Standard_ND96isr_H100_v5"), ("aws", "p4d.24xlarge"), ("azure", "Standard_NC24ads_A100_v4")):
        assert shipped.product("servers", instance_id(provider, name)) is not None
