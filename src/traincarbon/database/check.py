"""Check the database: sources, keys, possible values and names that clash."""

from collections.abc import Callable, Iterable, Iterator
from os import listdir, path
from typing import NamedTuple

from traincarbon.database.check_sources import RUNS, Fault, check_runs, check_sources
from traincarbon.database.load import READ, Database, builtin_root
from traincarbon.database.models import model_name
from traincarbon.database.names import INDEX, aliases_in, index_text, squeeze
from traincarbon.database.read_files import read_text
from traincarbon.database.records import KINDS, PRECISIONS, PRODUCTS, SEGMENTS, TABLES, Product, Row
from traincarbon.database.row_checks import row_faults
from traincarbon.errors import DatabaseError

_MIB = 2**20
_GEMM_SLACK = 1.1
"""How far a measured rate may exceed the peak: an accelerator may clock higher than its data sheet says."""


class Report(NamedTuple):
    """How much the database holds, and every fault in it."""

    counts: dict[str, int]
    kinds: dict[str, int]
    faults: list[Fault]


def check(database: Database) -> Report:
    """Return how many products, rows and facts of each kind the *database* holds, and every fault in it."""
    faults: list[Fault] = []
    counts: dict[str, int] = {}
    kinds: dict[str, int] = dict.fromkeys(KINDS, 0)
    faults += _unread(database)
    sources = check_sources(database.roots, faults)
    products: dict[str, dict[str, Product]] = {}
    for folder in PRODUCTS:
        products[folder] = _products(database, folder, faults)
        counts[folder] = len(products[folder])
        for product in products[folder].values():
            for fact in product.facts.values():
                kinds[fact.kind] += 1
            unknown = ((name, fact.source) for name, fact in product.facts.items() if fact.source not in sources)
            faults.extend(Fault(f"{folder}/{product.id}.toml", f"[{name}] source {source!r} is not in sources.toml") for name, source in unknown)
    for product in products["accelerators"].values():
        faults += _accelerator_faults(product)
    for product in products["servers"].values():
        faults += _server_faults(product, products["accelerators"])
    faults += _clashes([*products["accelerators"].values(), *products["servers"].values()], squeeze)
    faults += _clashes(products["models"].values(), model_name)
    tables: dict[str, tuple[Row, ...]] = {}
    for table in TABLES:
        try:
            tables[table] = tuple(database.unchecked_rows(table))
        except DatabaseError as error:
            faults.append(Fault(f"{table}.csv", str(error)))
            continue
        counts[table] = len(tables[table])
        for row in tables[table]:
            place = f"{table}.csv, {row[TABLES[table][0]]}"
            faults.extend(Fault(place, fault) for fault in row_faults(table, row))
            if row["source"] and row["source"] not in sources:
                faults.append(Fault(place, f"source {row['source']!r} is not in sources.toml"))
            if row["kind"] in kinds:
                kinds[row["kind"]] += 1
    for table in RUNS:
        runs = check_runs(database.roots, sources, table)
        counts[table] = len(runs.kinds)
        for kind in runs.kinds:
            if kind in kinds:
                kinds[kind] += 1
        faults += runs.faults
    faults += _dangling(tables, products)
    faults += _index_faults(database)
    counts["providers"] = len({row["provider"] for row in tables.get("regions", ())})
    counts["sources"] = len(sources)
    return Report(counts, kinds, faults)


def _unread(database: Database) -> Iterator[Fault]:
    """Yield the files and folders that are not read, perhaps because of a misspelt name; text files beside the facts are allowed."""
    for root in database.roots:
        for name in sorted(listdir(root)):
            is_folder = path.isdir(path.join(root, name))
            if name in READ:
                if is_folder == ("." in name):
                    yield Fault(name, f"in {root} must be a {'file' if is_folder else 'folder'}")
            elif not name.startswith(".") and not name.lower().endswith((".md", ".txt")) and name not in ("LICENSE", "NOTICE"):
                yield Fault(name, f"in {root} is not read: there is no table or folder of that name")


def _products(database: Database, folder: str, faults: list[Fault]) -> dict[str, Product]:
    found = {}
    for root in database.roots:
        where = path.join(root, folder)
        others = [name for name in sorted(listdir(where)) if not name.endswith(".toml")] if path.isdir(where) else []
        faults.extend(Fault(f"{folder}/{name}", "is no TOML file") for name in others)
    for id in database.ids(folder):
        try:
            product = database.product(folder, id)
        except DatabaseError as error:
            faults.append(Fault(f"{folder}/{id}.toml", str(error)))
            continue
        if product is None:
            continue
        found[id] = product
        quick = {alias for _, text in database.raw(folder, id) for alias in aliases_in(text)}
        if quick != set(product.aliases):
            faults.append(Fault(f"{folder}/{id}.toml", "its aliases are not all on one line"))
    return found


def _accelerator_faults(product: Product) -> Iterator[Fault]:
    place = f"accelerators/{product.id}.toml"
    for precision in PRECISIONS:
        dense, sparse = product.value(f"peak_{precision}_flop_per_s"), product.value(f"peak_{precision}_sparse_flop_per_s")
        if dense is not None and sparse is not None and dense > sparse:
            yield Fault(place, f"the dense {precision} peak {dense:g} is above the sparse one {sparse:g}")
    idle, cap = product.value("idle_power_w"), product.value("board_power_w")
    if idle is not None and cap is not None and idle > cap:
        yield Fault(place, f"the idle power {idle:g} W is above the power cap {cap:g} W")
    for key in ("generation", "type"):
        if not product.keys.get(key):
            yield Fault(place, f"has no {key}")
    if product.segment and product.segment not in SEGMENTS:
        yield Fault(place, f"segment {product.segment!r} is none of {', '.join(SEGMENTS)}")


def _server_faults(product: Product, accelerators: dict[str, Product]) -> Iterator[Fault]:
    place = f"servers/{product.id}.toml"
    chip = accelerators.get(product.keys.get("accelerator", ""))
    if chip is None:
        yield Fault(place, f"its accelerator {product.keys.get('accelerator', '')!r} is unknown")
    count, most = product.value("accelerator_count"), product.value("max_power_w")
    if count is None:
        yield Fault(place, "has no accelerator_count")
    for name in ("idle_power_w", "typical_power_w"):
        draw = product.value(name)
        if draw is not None and most is not None and draw > most:
            yield Fault(place, f"{name} {draw:g} is above max_power_w {most:g}")
    own = chip.value("board_power_w") if chip is not None else None
    cap = product.value("accelerator_power_w") or own
    if cap is not None and own is not None and cap > own:
        yield Fault(place, f"its accelerators are capped at {cap:g} W, above their own {own:g} W")
    if cap is not None and count is not None and most is not None and cap * count > most:
        yield Fault(place, f"{count:g} accelerators of {cap:g} W exceed the nameplate of {most:g} W; accelerator_power_w states a lower cap in this server")
    memory = product.value("memory_b")
    if memory is not None and memory % _MIB:
        yield Fault(place, f"memory_b {memory:g} is no whole number of MiB: what is sold as 1 GB of host memory is 2^30 bytes")
    for precision in PRECISIONS:
        reached, peak = product.value(f"gemm_{precision}_flop_per_s"), chip.value(f"peak_{precision}_flop_per_s") if chip is not None else None
        if reached is not None and peak is not None and reached > _GEMM_SLACK * peak:
            yield Fault(place, f"matrix products at {reached:g} FLOP/s exceed the {precision} peak of {peak:g}")


def _clashes(products: Iterable[Product], written: Callable[[str], str]) -> Iterator[Fault]:
    """Yield the names that two *products* share, once they are *written* as names are compared."""
    bearers: dict[str, tuple[str, str]] = {}
    for product in products:
        mine = (product.folder, product.id)
        for name in dict.fromkeys(written(name) for name in (product.id, *product.aliases)):
            other = bearers.setdefault(name, mine)
            if other != mine:
                yield Fault(f"{product.folder}/{product.id}.toml", f"its name {name!r} is also one of {other[1]}")


def _index_faults(database: Database) -> Iterator[Fault]:
    """Yield a fault if the index of names is not that of the built-in products."""
    root = builtin_root()
    if root in database.roots:
        file = path.join(root, INDEX)
        if not path.exists(file) or read_text(file) != index_text(Database([root])):
            yield Fault(INDEX, "is out of date: make names writes it")


def _dangling(tables: dict[str, tuple[Row, ...]], products: dict[str, dict[str, Product]]) -> Iterator[Fault]:
    zones = {row["zone"] for row in tables.get("zones", ())}
    regions = {row["region"] for row in tables.get("regions", ())}
    with_intensity = {row["zone"] for row in tables.get("grid", ())}
    for row in tables.get("grid", ()):
        if row["zone"] not in zones and row["zone"] not in regions:
            yield Fault(f"grid.csv, {row['zone']}", "the zone is neither in zones.csv nor a region")
    for row in tables.get("market", ()):
        if row["zone"] not in zones and row["zone"] not in regions:
            yield Fault(f"market.csv, {row['zone']}", "the zone is neither in zones.csv nor a region")
    for row in tables.get("electricity", ()):
        if row["zone"] not in zones:
            yield Fault(f"electricity.csv, {row['zone']}", "the zone is not in zones.csv")
    for row in tables.get("regions", ()):
        if row["zone"] not in with_intensity:
            yield Fault(f"regions.csv, {row['region']}", f"its zone {row['zone']!r} has no row in grid.csv")
    for row in tables.get("region_grids", ()):
        if row["region"] not in regions and row["region"] not in zones:
            yield Fault(f"region_grids.csv, {row['region']}", "it is neither in regions.csv nor in zones.csv")
        if row["grid"] not in with_intensity:
            yield Fault(f"region_grids.csv, {row['region']}", f"its grid {row['grid']!r} has no row in grid.csv")
    for row in tables.get("prices", ()):
        if row["accelerator"] not in products["accelerators"]:
            yield Fault(f"prices.csv, {row['accelerator']}", "the accelerator is unknown")
