"""Upstreams of prices: of accelerators in clouds, and of electricity."""

import re
from collections.abc import Iterator, Mapping

from traincarbon.database.records import Row
from traincarbon.database.refresh.upstream import Edition, Upstream, csv_rows, json_of, number_of, refuse_page, server_ids
from traincarbon.database.select import prior
from traincarbon.errors import CarbonError

_REGION = re.compile(r'^\t(?:initialOnDemandPrices\[)?"([a-z0-9-]+)"(?:\] = map\[string\]float64\{|: \{)', re.MULTILINE)
"""The head of a region: an entry of one map in the table of AWS, a map of its own in that of Azure."""
_PRICE = re.compile(r'"([A-Za-z0-9_.-]+)":\s*([0-9.eE+-]+)')
_GENERATED = re.compile(r"generated at (\d{4}-\d{2}-\d{2})")


def _karpenter(edition: Edition, provider: str) -> Iterator[Row]:
    """Yield prices of a generated Go file of Karpenter: for each region a map of instances."""
    refuse_page(edition)
    places = list(_REGION.finditer(edition.text))
    if not places:
        raise CarbonError(f"{edition.name} has no map of regions", hint="give a zz_generated.pricing file of Karpenter")
    dated = _GENERATED.search(edition.text)
    date, file = dated[1] if dated else edition.date, edition.name.rpartition("/")[2]
    servers, regions = server_ids(edition.database, provider), regions_of(edition, provider)
    for place, after in zip(places, [*places[1:], None], strict=True):
        region = place[1]
        if region not in regions:
            continue
        for name, price in _PRICE.findall(edition.text, place.end(), after.start() if after else len(edition.text)):
            server = servers.get(instance_id(provider, name))
            if server is not None:
                usd_per_h = number_of(price, edition, f"the price of {name} in {region}")
                yield price_row(server, provider, region, "on_demand", date, usd_per_h, f"{file}, {region}, {name}")


def _aws(edition: Edition) -> Iterator[Row]:
    return _karpenter(edition, "aws")


def _azure_karpenter(edition: Edition) -> Iterator[Row]:
    return _karpenter(edition, "azure")


def _azure(edition: Edition) -> Iterator[Row]:
    """Yield prices of answers of the Azure Retail Prices API: one, or a list of them."""
    answers = json_of(edition)
    pages = answers if isinstance(answers, list) else [answers]
    servers, regions = server_ids(edition.database, "azure"), regions_of(edition, "azure")
    for page in pages:
        items = page.get("Items") if isinstance(page, dict) else None
        if not isinstance(items, list):
            raise CarbonError(f"{edition.name} has no Items", hint="give an answer of https://prices.azure.com/api/retail/prices")
        for item in items:
            if isinstance(item, dict):
                yield from _azure_item(item, edition, servers, regions)


def _azure_item(item: Mapping[str, object], edition: Edition, servers: Mapping[str, tuple[str, str, float]], regions: frozenset[str]) -> Iterator[Row]:
    name, region = str(item.get("armSkuName", "")), str(item.get("armRegionName", ""))
    server = servers.get(instance_id("azure", name))
    words = f"{item.get('skuName', '')} {item.get('meterName', '')} {item.get('productName', '')}"
    if server is None or region not in regions or "Windows" in words or "Low Priority" in words:
        return
    purchase = {"Consumption": "spot" if "Spot" in words else "on_demand", "Reservation": "reserved"}.get(str(item.get("type")), "")
    if purchase == "reserved":
        years = {"1 Year": 1, "3 Years": 3}.get(str(item.get("reservationTerm")))
        if years is None:
            return
        price = number_of(str(item.get("retailPrice", "")), edition, f"the price of {name}") / (years * 8760.0)
        yield price_row(server, "azure", region, f"reserved_{years}y", edition.date, price, f"armSkuName {name}, {region}, {item['reservationTerm']}")
    elif purchase:
        if str(item.get("unitOfMeasure")) != "1 Hour" or str(item.get("currencyCode", "USD")) != "USD":
            hint = "ask for dollars by the hour"
            raise CarbonError(f"{edition.name}: {name} is priced by {item.get('unitOfMeasure')} in {item.get('currencyCode')}", hint=hint)
        price = number_of(str(item.get("retailPrice", "")), edition, f"the price of {name}")
        yield price_row(server, "azure", region, purchase, edition.date, price, f"armSkuName {name}, {region}, {purchase.replace('_', ' ')}")


def _gpuhunt(edition: Edition) -> Iterator[Row]:
    """Yield prices of a catalogue of gpuhunt, one file a provider, named after it."""
    provider = edition.name.rpartition("/")[2].partition(".")[0].lower()
    servers, regions = server_ids(edition.database, provider), regions_of(edition, provider)
    columns = {"name": "instance_name", "region": "location", "price": "price", "gpus": "gpu_count", "spot": "spot"}
    for cells in csv_rows(edition, columns):
        server = servers.get(instance_id(provider, cells["name"]))
        if server is not None and cells["region"] in regions:
            purchase = "spot" if cells["spot"].lower() == "true" else "on_demand"
            price = number_of(cells["price"], edition, f"the price of {cells['name']}")
            yield price_row(server, provider, cells["region"], purchase, edition.date, price, f"{provider}.csv, {cells['name']}, {cells['region']}")


def _eurostat(edition: Edition) -> Iterator[Row]:
    """Yield what businesses of the consumption band 20 to 70 GWh a year pay without VAT, the newest half-year of each year, of a download of nrg_pc_205."""
    columns = {"band": "nrg_cons", "tax": "tax", "currency": "currency", "unit": "unit", "country": "geo", "half": "TIME_PERIOD", "price": "OBS_VALUE"}
    zones = {row["zone"] for row in edition.database.all_rows("zones")}
    newest: dict[tuple[str, str], dict[str, str]] = {}
    for cells in csv_rows(edition, columns):
        zone = {"EL": "GR", "UK": "GB", "EU27_2020": "EU27"}.get(cells["country"], cells["country"])
        is_asked = cells["band"] == "MWH20000-69999" and cells["tax"] == "X_VAT" and cells["currency"] == "EUR" and cells["price"]
        if not is_asked or zone not in zones:
            continue
        if cells["unit"] != "KWH":
            raise CarbonError(f"{edition.name} is by {cells['unit']}, not by kWh", hint="download it by KWH")
        key = zone, cells["half"][:4]
        if key not in newest or newest[key]["half"] < cells["half"]:
            newest[key] = cells
    for (zone, year), cells in newest.items():
        rate = prior(edition.database, "usd_per_eur", f"year={year}")
        if rate is None:
            raise CarbonError(f"no exchange rate of {year} is known", hint=f"add usd_per_eur,year={year} to priors.csv with its source")
        eur = number_of(cells["price"], edition, f"the price of {zone}")
        yield {
            "zone": zone,
            "year": year,
            "price_usd_per_kwh": f"{round(eur * rate.value.median, 4):g}",
            "sector": "industrial",
            "locator": f"nrg_pc_205, {cells['country']}, {cells['half']}, MWH20000-69999, X_VAT",
            "note": f"{eur:g} EUR/kWh x {rate.value.median:g} USD/EUR",
        }


def instance_id(provider: str, name: str) -> str:
    """Return the id of the instance that a provider calls *name*.

    Example:
        >>> instance_id("azure", "Standard_ND96isr_H100_v5"), instance_id("aws", "p5.48xlarge")
        ('azure-nd96isr-h100-v5', 'aws-p5.48xlarge')
    """
    return f"{provider}-{name.removeprefix('Standard_').lower().replace('_', '-')}"


def regions_of(edition: Edition, provider: str) -> frozenset[str]:
    """Return the names of the regions of *provider* that the database has."""
    return frozenset(row["name"] for row in edition.database.all_rows("regions") if row["provider"] == provider)


def price_row(server: tuple[str, str, float], provider: str, region: str, purchase: str, date: str, usd_per_h: float, locator: str) -> Row:
    """Return a row of ``prices.csv`` without source and kind, for a *server* by its id, accelerator and count."""
    id, accelerator, count = server
    return {
        "accelerator": accelerator,
        "server": id,
        "provider": provider,
        "region": f"{provider}:{region}",
        "purchase": purchase,
        "date": date,
        "accelerator_count": f"{count:g}",
        "usd_per_h": f"{usd_per_h:.6g}",
        "locator": locator,
        "note": "",
    }


KEY = ("accelerator", "server", "provider", "region", "purchase", "date")
_GO = "https://raw.githubusercontent.com/{}/main/pkg/providers/pricing/zz_generated.pricing{}.go"
UPSTREAMS = (
    Upstream(
        "aws",
        "karpenter-provider-aws, generated AWS price tables",
        "AWS, Karpenter contributors",
        _GO.format("aws/karpenter-provider-aws", "_aws"),
        "Apache-2.0",
        "prices",
        KEY,
        "karpenter-aws-{date}",
        _aws,
    ),
    Upstream(
        "azure",
        "Azure Retail Prices API",
        "Microsoft",
        "https://prices.azure.com/api/retail/prices?$filter=serviceName eq 'Virtual Machines' and contains(armSkuName, 'Standard_N')",
        "public data of an API",
        "prices",
        KEY,
        "azure-retail-prices-{date}",
        _azure,
    ),
    Upstream(
        "azure-karpenter",
        "karpenter-provider-azure, generated Azure price tables",
        "Microsoft, Karpenter contributors",
        _GO.format("Azure/karpenter-provider-azure", ""),
        "Apache-2.0",
        "prices",
        KEY,
        "karpenter-azure-{date}",
        _azure_karpenter,
    ),
    Upstream(
        "gpuhunt",
        "gpuhunt catalogue",
        "dstack",
        "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v1/latest",
        "MPL-2.0",
        "prices",
        KEY,
        "gpuhunt-{date}",
        _gpuhunt,
    ),
    Upstream(
        "eurostat",
        "Electricity prices for non-household consumers, nrg_pc_205",
        "Eurostat",
        "https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1/data/NRG_PC_205?format=SDMX-CSV",
        "CC BY 4.0",
        "electricity",
        ("zone", "year", "sector"),
        "eurostat-{year}-nrg-pc-205",
        _eurostat,
    ),
)
