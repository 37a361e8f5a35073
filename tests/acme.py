"""A small invented database to estimate with: facts written by the tests, and priors with round numbers."""

import csv
import io

from conftest import ACCELERATOR, SERVER
from traincarbon.database.find import find_hardware
from traincarbon.database.find_place import find_place
from traincarbon.database.records import TABLES
from traincarbon.estimation.facts.question import Question, Subject

EVIDENCE = {"source": "acme-2020-datasheet", "locator": "table 1", "kind": "published"}
SOURCES = '[acme-2020-datasheet]\ntitle = "Acme One"\npublisher = "Acme"\npublished = 2020\nlicence = "single figures cited"\n'


def line(table, *cells, **others):
    """Return a line of *table*: its first *cells* in order, *others* by column, and evidence unless given."""
    columns = TABLES[table]
    row = {**dict.fromkeys(columns, ""), **EVIDENCE, **dict(zip(columns, cells, strict=False)), **others}
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([row[column] for column in columns])
    return text.getvalue()


def row(table, *cells, **others):
    """Return the same line as a row that was read."""
    columns = TABLES[table]
    cells = next(csv.reader([line(table, *cells, **others)]))
    return {**dict(zip(columns, cells, strict=True)), "origin": ""}


def fact(name, value, **others):
    """Return a fact as a TOML file states it."""
    entries = {**EVIDENCE, **others}
    return f"\n[{name}]\nvalue = {value}\n" + "".join(f"{key} = {entry!r}\n" for key, entry in entries.items())


def chip(*facts, without="", **keys):
    """Return the file of the Acme One with more *facts*, other *keys*, or *without* one of its facts."""
    return _edited(ACCELERATOR, facts, without, keys)


def server(*facts, **keys):
    """Return the file of the Acme Box, a server of eight, with more *facts* or other *keys*."""
    return _edited(SERVER, facts, "", keys)


def _edited(text, facts, without, keys):
    blocks = [block for block in text.split("\n\n") if not (without and block.startswith(f"[{without}]"))]
    head = "\n".join(line for line in blocks[0].splitlines() if line.partition(" = ")[0] not in keys)
    return "\n\n".join(["".join(f'{key} = "{value}"\n' for key, value in keys.items()) + head, *blocks[1:]]) + "\n" + "".join(facts)


_PRIORS = {
    ("capital_share", "*"): (0.1, ""),
    ("colocation_price", "*"): (100, ""),
    ("disposal_share", "*"): (0.04, ""),
    ("price_retained", "*"): (0.8, 0.1),
    ("price_retained", "generation=acme"): (0.9, 0.05),
    ("purchase_year", "*"): (2026.5, ""),
    ("value_retained", "*"): (0.8, 0.1),
    ("spares_share", "*"): (0.02, ""),
    ("staff_share", "*"): (0.03, ""),
    ("support_share", "*"): (0.05, ""),
    ("carbon_intensity", "scope=world"): (400, 0.9),
    ("carbon_intensity", "scope=zone"): (1, 0.3),
    ("electricity_price", "scope=continent"): (1, 0.5),
    ("electricity_price", "scope=country"): (1, 0.3),
    ("electricity_price", "scope=world"): (0.1, 0.4),
    ("electricity_price", "scope=zone"): (1, 0.2),
    ("grid_water_l_per_kwh", "zone=*"): (3, 0.6),
    ("grid_water_l_per_kwh", "zone=FR"): (4, 0.4),
    ("hardware_kgco2e", "scope=*"): (1, 0.4),
    ("host_kgco2e", "*"): (200, 0.6),
    ("host_ratio", "generation=later"): (0.8, 0.1),
    ("host_ratio", "type=*"): (0.5, 0.3),
    ("host_ratio", "type=tpu"): (0.25, 0.2),
    ("host_share", "*"): (0.5, 0.2),
    ("idle_share", "*"): (0.15, ""),
    ("interconnect_share", "*"): (0.2, 0.4),
    ("mfu", "generation=*"): (0.24, 0.5),
    ("mfu", "generation=acme"): (0.32, 0.3),
    ("mfu_ample_params", "*"): (5e7, ""),
    ("mfu_factor", "family=*"): (0.7, 0.6),
    ("mfu_factor", "family=dense-lm"): (1, ""),
    ("mfu_factor", "family=moe-lm"): (0.5, 0.2),
    ("mfu_factor", "family=seq2seq"): (0.8, 0.4),
    ("mfu_factor", "kind=finetune"): (0.9, 0.4),
    ("mfu_factor", "precision=*"): (0.6, 0.4),
    ("mfu_factor", "precision=fp8"): (0.5, 0.4),
    ("mfu_thin_exponent", "*"): (0.5, ""),
    ("step_mfu", "generation=*"): (0.3, 0.5),
    ("step_mfu", "generation=acme"): (0.4, 0.3),
    ("network_share", "*"): (0.05, 0.5),
    ("power_exponent", "*"): (0.5, ""),
    ("power_reference_mfu", "*"): (0.4, ""),
    ("power_share", "generation=*"): (0.75, 0.2),
    ("power_share", "generation=later"): (0.9, 0.1),
    ("pue", "scope=*"): (1.3, 0.1),
    ("pue", "scope=fleet"): (1, 0.06),
    ("pue", "scope=region"): (1, 0.02),
    ("purchase_price", "scope=listed"): (1, 0.3),
    ("rent_price", "scope=between"): (1, 0.3),
    ("rent_price", "scope=quoted"): (1, 0.4),
    ("server_price_ratio", "*"): (1.5, 0.4),
    ("service_life", "*"): (4, 0.2),
    ("usable_memory_share", "*"): (0.7, ""),
    ("layout_memory_share", "*"): (0.95, ""),
    ("plants_gco2e_per_kwh", "*"): (10, ""),
    ("upstream_factor", "*"): (1.2, 0.4),
    ("utilisation", "*"): (0.8, 0.1),
    ("wue_l_per_kwh", "scope=*"): (0.5, 0.9),
    ("wue_l_per_kwh", "scope=fleet"): (1, 0.5),
    ("wue_l_per_kwh", "scope=region"): (1, 0.2),
}


def priors(**medians):
    """Return the rows of priors.csv, with other *medians* for priors of scope ``*``."""
    changed = {**_PRIORS, **{(name, "*"): (median, "") for name, median in medians.items()}}
    return "".join(line("priors", name, scope, median, sigma) for (name, scope), (median, sigma) in changed.items())


PLACES = {
    "zones.csv": line("zones", "FR", "country", "France", "FRA")
    + line("zones", "US", "country", "United States", "USA")
    + line("zones", "US-VA", "state", "Virginia"),
    "regions.csv": line("regions", "acme:paris-1", "acme", "paris-1", "Paris", "FR") + line("regions", "zeta:norfolk", "zeta", "norfolk", "Norfolk", "US-VA"),
    "grid.csv": line("grid", "FR", 2020, 50, "lifecycle", "production")
    + line("grid", "FR", 2024, 40, "lifecycle", "consumption")
    + line("grid", "US", 2020, 450, "lifecycle", "production")
    + line("grid", "US", 2024, 400, "lifecycle", "production")
    + line("grid", "US", 2023, 320, "direct", "production")
    + line("grid", "US-VA", 2023, 240, "direct", "production"),
}
"""A country, a state of another country for which only the direct intensity is known, and a cloud region in each."""

WORLD = {"priors.csv": priors(), **PLACES, "sources.toml": SOURCES}
"""Everything an estimate needs besides the hardware."""

PLAN = {"params": 1e9, "tokens": 1e11, "hw": "acme-box"}


def subject_of(database, hw="acme-box", region=None, **fields):
    """Return the hardware and region that a plan of these *fields* names, to gather facts for; they need not match."""
    hardware = find_hardware(database, hw)
    accelerator = database.product("accelerators", hardware.keys["accelerator"]) if hardware.is_server else hardware
    count = hardware.value("accelerator_count") if hardware.is_server else 1.0
    place = find_place(database, region) if region is not None else None
    return Subject(Question(hw=hw, region=region, **fields), hardware, accelerator, count, place)
