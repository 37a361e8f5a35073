"""From a bench to facts of the user's own: the machine as a server to estimate on, its chip where it is not a known one, and their source."""

import json
import math
import os
import re
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from traincarbon.benching.bench import Bench, Product
from traincarbon.benching.mean_power import Draw
from traincarbon.database.driver_names import find_board
from traincarbon.database.load import Database, forget_databases
from traincarbon.database.overlay import HINT, alone, product_toml, with_source
from traincarbon.database.records import PRECISIONS, PRODUCTS, Fact
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.files import replace_file
from traincarbon.uncertain import Uncertain

THIS = "this"
"""What a bench calls the machine unless told otherwise."""
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")
_SOURCE = "bench-"
_LEAST_MEMORY, _MOST_MEMORY = 0.9, 1.15
"""What a driver shows over what a data sheet says: GiB counted as GB, less what it keeps."""
_MOST_OF_PEAK = 1.1
_HOW = {"counter": "counted by the hardware", "power": "by sampled power", "modelled": "modelled by processor time and memory, not measured"}
"""From the surest to the least sure."""


class Written(NamedTuple):
    """Files of a folder of facts, in the order in which they are written, and what to say about them."""

    files: dict[str, str]
    """Name under the folder to the whole text."""
    stale: tuple[str, ...]
    """Files of an earlier bench that no longer say anything."""
    notes: tuple[str, ...]


def check_name(database: Database, name: str) -> None:
    """Refuse a *name* that cannot be the id of a machine, or is that of something that no bench wrote.

    Raises:
        CarbonError: it is one of those.
    """
    if not _NAME.fullmatch(name):
        raise CarbonError(f"no machine can be called {name[:60]!r}", hint="use lower-case letters, digits, dots and hyphens, as my-dgx")
    for folder in PRODUCTS:
        product = database.product(folder, name)
        if product is not None and not all(fact.source.startswith(_SOURCE) for fact in product.facts.values()):
            raise CarbonError(f"{name!r} is known already, and not from a bench", hint="give another --name")


def facts_of(bench: Bench, database: Database, *, root: str, name: str = THIS) -> Written:
    """Return what to write under *root* so that ``--hw NAME`` means the machine that *bench* measured.

    Args:
        bench: What was measured.
        database: Where a known chip is looked for, and what is replaced.
        root: The folder that will hold the facts.
        name: The id.

    Raises:
        DatabaseError: the folder's ``sources.toml`` cannot be added to.
    """
    stamp = _stamp(bench, root, name)
    key = f"{_SOURCE}{name}-{stamp.lower()}"
    evidence = _Evidence(key, f"benches/{name}-{stamp}.json")
    known, notes = _known_chip(bench, database)
    chip_id = known or f"{name}-chip"
    files = {evidence.file: json.dumps(bench.to_dict(), indent=2, ensure_ascii=False) + "\n"}
    files["sources.toml"] = with_source(_read(os.path.join(root, "sources.toml")), key, _source_entry(bench))
    stale: tuple[str, ...] = ()
    if known is None:
        files[f"accelerators/{chip_id}.toml"] = _chip(bench, evidence)
    elif os.path.exists(os.path.join(root, "accelerators", f"{name}-chip.toml")):
        stale = (f"accelerators/{name}-chip.toml",)
    files[f"servers/{name}.toml"] = _server(bench, evidence, chip_id)
    return Written(files, stale, (*notes, *_changes(bench, database, name)))


def keep(bench: Bench, database: Database, *, root: str, name: str = THIS) -> Written:
    """Write what :func:`facts_of` says under *root* and return it; benches that end at the same time wait for one another.

    Raises:
        CarbonError: a file cannot be written or added to.
    """
    with alone(root):
        written = facts_of(bench, database, root=root, name=name)
        write_facts(written, root)
    return written


def write_facts(written: Written, root: str) -> None:
    """Write the files of a bench under *root*, each whole or not at all, the machine last; then databases are read anew.

    Raises:
        CarbonError: one cannot be written; what stood there before still holds together.
    """
    for name, text in written.files.items():
        replace_file(os.path.join(root, name), text, hint=HINT)
    for name in written.stale:
        os.unlink(os.path.join(root, name))
    forget_databases()


def _stamp(bench: Bench, root: str, name: str) -> str:
    """Return when *bench* began, as no other of that name has it: of those of the same second it is numbered."""
    plain = re.sub(r"[^0-9TZ]", "", bench.started_at.replace("+00:00", "Z"))
    stamps = (plain if at == 1 else f"{plain}-{at}" for at in count(1))
    return next(stamp for stamp in stamps if not os.path.exists(os.path.join(root, "benches", f"{name}-{stamp}.json")))


class _Evidence(NamedTuple):
    """Where the facts of a bench can be looked up."""

    source: str
    file: str

    def fact(self, value: float, where: str, *, kind: str = "measured", note: str = "", bounds: tuple[float, float] | None = None) -> Fact:
        """Return a fact found at *where* in the bench's own file, rounded to what is known."""
        low, high = (_rounded(bound) for bound in bounds) if bounds else (None, None)
        return Fact(_rounded(value), self.source, f"{self.file}, {where}", kind, "", note=note, low=low, high=high)

    def product(self, precision: str, found: Product, *, note: str = "") -> Fact:
        """Return the rate of matrix products as a fact."""
        rate = found.rate
        varies = f"median of {rate.bursts} bursts, 5 to 95 % of them {rate.low:.3g} to {rate.high:.3g}, matrices of {found.size}²"
        return self.fact(rate.median, f"gemm_flop_per_s, {precision}", note=f"{note}{varies}")

    def power(self, which: str, draw: Draw, *, note: str = "") -> Fact:
        """Return a power as a fact, with its bounds where it is modelled."""
        if draw.how != "modelled":
            return self.fact(draw.power_w, which, note=f"{note}{_HOW[draw.how]}")
        bounds = Uncertain(draw.power_w, {"model": draw.sigma_ln}).interval(0.9)
        return self.fact(draw.power_w, which, kind="derived", note=f"{note}{_HOW[draw.how]}", bounds=bounds)


def _server(bench: Bench, evidence: _Evidence, chip_id: str) -> str:
    count = len(bench.accelerators) or 1
    what = f"{count} × {bench.accelerators[0]}" if bench.accelerators else f"{bench.threads} threads of {bench.processor}"
    keys = {"name": f"This machine: {what}", "operator": "on-prem", "accelerator": chip_id, "cpu": bench.processor}
    facts = {"accelerator_count": evidence.fact(count, "accelerators", note="" if bench.accelerators else "the processor is the accelerator")}
    facts |= {f"gemm_{precision}_flop_per_s": evidence.product(precision, found) for precision, found in _with_facts(bench)}
    idle, loaded = total(bench.idle), total(bench.loaded)
    if _is_whole(bench):
        what, most = "of the processor, which holds the rest of the machine here; ", "max_power_w"
        idle, loaded = (_of_chip(draws, bench) for draws in (bench.idle, bench.loaded))
    else:
        what, most = "what the meters see of the machine; ", "typical_power_w"
    if idle is not None and loaded is not None and idle.power_w <= loaded.power_w:
        facts["idle_power_w"] = evidence.power("idle", idle, note=what)
    if loaded is not None:
        facts[most] = evidence.power("loaded", loaded, note=f"under matrix products, {what}")
    return product_toml(keys, [], facts)


def _chip(bench: Bench, evidence: _Evidence) -> str:
    """Return the chip of a machine that the database does not know: its peak is what was reached."""
    gpu = bench.accelerators[0] if bench.accelerators else ""
    keys = {"name": f"{gpu or bench.processor} (this machine)", "type": "gpu" if gpu else "cpu", "generation": "unknown" if gpu else "cpu"}
    facts = {
        "memory_b": evidence.fact(bench.memory_b, "memory_b", note="" if gpu else "what the processor has to itself"),
        "memory_bandwidth_b_per_s": evidence.fact(bench.bandwidth.median, "bandwidth_b_per_s", note="sustained: two arrays added into a third"),
    }
    idle, loaded = (_of_chip(draws, bench) for draws in (bench.idle, bench.loaded))
    if loaded is not None:
        facts["board_power_w"] = evidence.power("loaded", loaded, note="drawn under matrix products, in place of a power cap; ")
        if idle is not None and idle.power_w <= loaded.power_w:
            facts["idle_power_w"] = evidence.power("idle", idle)
    for precision, found in _with_facts(bench):
        facts[f"peak_{precision}_flop_per_s"] = evidence.product(precision, found, note="matrix products in place of a data sheet's peak; ")
    return product_toml(keys, [], facts)


def total(draws: Sequence[Draw], *, per: int = 1) -> Draw | None:
    """Return all *draws* as one, for each of *per* devices; a meter of the whole machine stands for all, and of nothing there is none."""
    whole = [draw for draw in draws if draw.part == "server"] or list(draws)
    power_w = sum(draw.power_w for draw in whole)
    if not whole or not power_w > 0.0:
        return None
    sigma_ln = math.hypot(*(draw.power_w / power_w * draw.sigma_ln for draw in whole))
    how = max((draw.how for draw in whole), key=list(_HOW).index)
    return Draw("all", power_w / max(per, 1), how, sigma_ln, sum(draw.devices for draw in whole))


def _of_chip(draws: Sequence[Draw], bench: Bench) -> Draw | None:
    """Return what one accelerator draws: a GPU, or the processor; where only the whole machine is metered, that."""
    parts = ("gpu",) if bench.accelerators else ("cpu", "server")
    part = next((part for part in parts if any(draw.part == part for draw in draws)), "")
    return total([draw for draw in draws if draw.part == part], per=len(bench.accelerators))


def _is_whole(bench: Bench) -> bool:
    """Say whether the processor's power is its machine's: metered as a whole, or modelled by watts that hold a thread's share of a server, memory included."""
    drawn = _of_chip(bench.loaded, bench)
    return not bench.accelerators and drawn is not None and (drawn.how == "modelled" or all(draw.part != "cpu" for draw in bench.loaded))


def _with_facts(bench: Bench) -> list[tuple[str, Product]]:
    """Return the products of those precisions that chips have facts of."""
    return [(precision, found) for precision, found in bench.gemm.items() if precision in PRECISIONS]


def _known_chip(bench: Bench, database: Database) -> tuple[str | None, list[str]]:
    """Return the id of the chip that the GPUs are by name, memory and rate, None where none is, and what speaks against it."""
    if not bench.accelerators:
        return None, []
    name = bench.accelerators[0]
    chip = find_board(database, name)
    if chip is None or chip.id.endswith("-chip"):
        return None, [f"{name} is not in the database: its measured rates stand in for its peaks"]
    memory_b, peak, reached = chip.value("memory_b"), chip.value(f"peak_{bench.main}_flop_per_s"), bench.gemm[bench.main].rate.median
    if memory_b is not None and not _LEAST_MEMORY <= bench.memory_b / memory_b <= _MOST_MEMORY:
        return None, [f"{name} has {bench.memory_b / 1e9:.3g} GB and {chip.id} {memory_b / 1e9:.3g}: taken for a chip of its own"]
    if peak is not None and reached > _MOST_OF_PEAK * peak:
        return None, [f"{name} reaches {reached:.3g} FLOP/s and {chip.id} {peak:.3g}: taken for a chip of its own"]
    return chip.id, []


def _changes(bench: Bench, database: Database, name: str) -> list[str]:
    """Say what an earlier bench of that name had found, where there was one."""
    earlier = database.product("servers", name)
    if earlier is None or not earlier.facts:
        return []
    source = next(iter(earlier.facts.values()))
    before = {precision: value for precision in PRECISIONS if (value := earlier.value(f"gemm_{precision}_flop_per_s")) is not None}
    changes = [f"{precision} {found.rate.median / before[precision] - 1:+.0%}" for precision, found in bench.gemm.items() if precision in before]
    when = database.sources().get(source.source, {}).get("published", "before")
    return [f"takes the place of the bench of {when}, kept as {source.locator.partition(',')[0]}" + (f": {', '.join(changes)}" if changes else "")]


def _source_entry(bench: Bench) -> dict[str, str]:
    power = total(bench.loaded)
    method = (
        f"matrix products and sums of long arrays by {bench.library}, repeated in bursts of 50 ms or more after a warm-up, medians; "
        f"power {_HOW[power.how] if power is not None else 'not metered'}"
    )
    versions = ", ".join(f"{name} {version}" for name, version in bench.versions.items())
    entry = {"title": f"A bench of {bench.processor}" + (f" with {bench.accelerators[0]}" if bench.accelerators else ""), "publisher": "carbon bench"}
    return entry | {"published": bench.started_at[:10], "method": method, "versions": versions}


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise DatabaseError(f"cannot read {file}: {error}", hint="it must be a readable file in UTF-8") from error


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
