"""Turn a benchmark into facts of your own database: the machine as a server, its chip unless it is known, and their source."""

import io
import json
import math
import os
import re
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from traincarbon.benching.bench import Bench, GemmRate
from traincarbon.benching.mean_power import MeanPower
from traincarbon.database.driver_names import find_accelerator, segment_of
from traincarbon.database.load import Database, forget_databases
from traincarbon.database.overlay import HINT, alone, product_toml, with_source
from traincarbon.database.records import PRECISIONS, PRODUCTS, Fact
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.files import replace_file
from traincarbon.quantities import EnergySource
from traincarbon.reading import open_regular
from traincarbon.uncertain import Uncertain

THIS = "this"
"""The default name of the machine."""
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")
_SOURCE = "bench-"
_LEAST_MEMORY, _MOST_MEMORY = 0.9, 1.15
"""Memory by the driver over memory by the data sheet: GiB for GB, less what the driver reserves."""
_MOST_OF_PEAK = 1.1
_HOW = {
    EnergySource.COUNTER: "counted by the hardware",
    EnergySource.POWER: "from sampled power",
    EnergySource.MODELLED: "modelled from processor time and memory, not measured",
    EnergySource.ASSUMED: "assumed from the hardware database, not measured",
}
"""The most certain first."""


class FactFiles(NamedTuple):
    """Files of a folder of facts, in the order of writing, with notes."""

    files: dict[str, str]
    """The text of each file by its path in the folder."""
    stale: tuple[str, ...]
    """Files of an earlier benchmark to delete."""
    notes: tuple[str, ...]


def check_name(database: Database, name: str) -> None:
    """Refuse a *name* that cannot be the id of a machine, or belongs to something that no benchmark wrote.

    Raises:
        CarbonError: it is one of those.
    """
    if not _NAME.fullmatch(name):
        raise CarbonError(f"{name[:60]!r} cannot be the name of a machine", hint="use lower-case letters, digits, dots and hyphens, as my-dgx")
    for folder in PRODUCTS:
        product = database.product(folder, name)
        if product is not None and not all(fact.source.startswith(_SOURCE) for fact in product.facts.values()):
            raise CarbonError(f"{name!r} is already in the database, and not from a benchmark", hint="choose another --name")


def facts_of(bench: Bench, database: Database, *, root: str, name: str = THIS) -> FactFiles:
    """Return the files to write under *root* so that ``--hw NAME`` means the machine of *bench*.

    Args:
        bench: The benchmark.
        database: Where to look for a known chip, and what is replaced.
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
    return FactFiles(files, stale, (*notes, *_changes(bench, database, name)))


def save_facts(bench: Bench, database: Database, *, root: str, name: str = THIS) -> FactFiles:
    """Write the files of :func:`facts_of` under *root* and return them. Benchmarks that end at the same time wait for each other.

    Raises:
        CarbonError: a file cannot be written or added to.
    """
    with alone(root):
        written = facts_of(bench, database, root=root, name=name)
        write_facts(written, root)
    return written


def write_facts(written: FactFiles, root: str) -> None:
    """Write files under *root*, each completely or not at all and the machine last, and reload databases.

    Raises:
        CarbonError: one cannot be written; the earlier facts are still consistent.
    """
    for name, text in written.files.items():
        replace_file(os.path.join(root, name), text, hint=HINT)
    for name in written.stale:
        os.unlink(os.path.join(root, name))
    forget_databases()


def _stamp(bench: Bench, root: str, name: str) -> str:
    """Return the start of *bench* as a unique stamp, numbered if another benchmark of that name has the same second."""
    plain = re.sub(r"[^0-9TZ]", "", bench.started_at.replace("+00:00", "Z"))
    stamps = (plain if at == 1 else f"{plain}-{at}" for at in count(1))
    return next(stamp for stamp in stamps if not os.path.exists(os.path.join(root, "benches", f"{name}-{stamp}.json")))


class _Evidence(NamedTuple):
    """The source of the facts of a benchmark."""

    source: str
    file: str

    def fact(self, value: float, where: str, *, kind: str = "measured", note: str = "", bounds: tuple[float, float] | None = None) -> Fact:
        """Return a fact from *where* in the file of the benchmark, rounded."""
        low, high = (_rounded(bound) for bound in bounds) if bounds else (None, None)
        return Fact(_rounded(value), self.source, f"{self.file}, {where}", kind, "", note=note, low=low, high=high)

    def product(self, precision: str, found: GemmRate, *, note: str = "") -> Fact:
        """Return the rate of matrix products as a fact."""
        rate = found.rate
        varies = f"median of {rate.bursts} bursts, 5 to 95 % of them {rate.low:.3g} to {rate.high:.3g}, matrices of {found.size}²"
        return self.fact(rate.median, f"gemm_flop_per_s, {precision}", note=f"{note}{varies}")

    def power(self, which: str, mean: MeanPower, *, note: str = "") -> Fact:
        """Return a power as a fact, with its bounds if it is modelled."""
        if mean.how.is_measured:
            return self.fact(mean.power_w, which, note=f"{note}{_HOW[mean.how]}")
        bounds = Uncertain(mean.power_w, {"model": mean.sigma_ln}).interval(0.9)
        return self.fact(mean.power_w, which, kind="derived", note=f"{note}{_HOW[mean.how]}", bounds=bounds)


def _server(bench: Bench, evidence: _Evidence, chip_id: str) -> str:
    count = len(bench.accelerators) or 1
    what = f"{count} × {bench.accelerators[0]}" if bench.accelerators else f"{bench.threads} threads of {bench.processor}"
    keys = {"name": f"This machine: {what}", "operator": "on-prem", "accelerator": chip_id, "cpu": bench.processor}
    facts = {"accelerator_count": evidence.fact(count, "accelerators", note="" if bench.accelerators else "the processor is the accelerator")}
    facts |= {f"gemm_{precision}_flop_per_s": evidence.product(precision, found) for precision, found in _with_facts(bench)}
    idle, loaded = total_power(bench.idle), total_power(bench.loaded)
    if _is_whole(bench):
        what, most = "of the processor, including the rest of the machine here; ", "max_power_w"
        idle, loaded = (_chip_power(parts, bench) for parts in (bench.idle, bench.loaded))
    else:
        what, most = "of the metered parts of the machine; ", "typical_power_w"
    if idle is not None and loaded is not None and idle.power_w <= loaded.power_w:
        facts["idle_power_w"] = evidence.power("idle", idle, note=what)
    if loaded is not None:
        facts[most] = evidence.power("loaded", loaded, note=f"under matrix products, {what}")
    return product_toml(keys, [], facts)


def _chip(bench: Bench, evidence: _Evidence) -> str:
    """Return the chip of a machine that is not in the database. Its peak is the measured rate."""
    gpu = bench.accelerators[0] if bench.accelerators else ""
    keys = {"name": f"{gpu or bench.processor} (this machine)", "type": "gpu" if gpu else "cpu", "generation": "unknown" if gpu else "cpu"}
    keys["segment"] = segment_of(gpu)
    facts = {
        "memory_b": evidence.fact(bench.memory_b, "memory_b", note="" if gpu else "available to the processor"),
        "memory_bandwidth_b_per_s": evidence.fact(bench.bandwidth.median, "bandwidth_b_per_s", note="sustained: two arrays added into a third"),
    }
    idle, loaded = (_chip_power(parts, bench) for parts in (bench.idle, bench.loaded))
    if loaded is not None:
        facts["board_power_w"] = evidence.power("loaded", loaded, note="mean power under matrix products, used as the power cap; ")
        if idle is not None and idle.power_w <= loaded.power_w:
            facts["idle_power_w"] = evidence.power("idle", idle)
    for precision, found in _with_facts(bench):
        facts[f"peak_{precision}_flop_per_s"] = evidence.product(precision, found, note="measured rate, used as the peak; ")
    return product_toml(keys, [], facts)


def total_power(parts: Sequence[MeanPower], *, per: int = 1) -> MeanPower | None:
    """Return the sum of *parts*, divided by *per* devices. A meter of the whole machine replaces all others."""
    whole = [part for part in parts if part.part == "server"] or list(parts)
    power_w = sum(part.power_w for part in whole)
    if not whole or not power_w > 0.0:
        return None
    sigma_ln = math.hypot(*(part.power_w / power_w * part.sigma_ln for part in whole))
    how = max((part.how for part in whole), key=list(_HOW).index)
    return MeanPower("all", power_w / max(per, 1), how, sigma_ln, sum(part.devices for part in whole))


def _chip_power(powers: Sequence[MeanPower], bench: Bench) -> MeanPower | None:
    """Return the power of one accelerator: a GPU or the processor, else the whole machine if only that is metered."""
    parts = ("gpu",) if bench.accelerators else ("cpu", "server")
    part = next((part for part in parts if any(each.part == part for each in powers)), "")
    return total_power([each for each in powers if each.part == part], per=len(bench.accelerators))


def _is_whole(bench: Bench) -> bool:
    """Return whether the power of the processor is that of its machine: metered as a whole, or modelled from a thread's share of a server."""
    power = _chip_power(bench.loaded, bench)
    return not bench.accelerators and power is not None and (not power.how.is_measured or all(each.part != "cpu" for each in bench.loaded))


def _with_facts(bench: Bench) -> list[tuple[str, GemmRate]]:
    """Return the rates at the precisions that the database knows."""
    return [(precision, found) for precision, found in bench.gemm.items() if precision in PRECISIONS]


def _known_chip(bench: Bench, database: Database) -> tuple[str | None, list[str]]:
    """Return the id of the known chip that matches the GPUs by name, memory and rate, or None and why."""
    if not bench.accelerators:
        return None, []
    name = bench.accelerators[0]
    chip = find_accelerator(database, name)
    if chip is None or chip.id.endswith("-chip"):
        return None, [f"{name} is not in the database: its measured rates are used as its peaks"]
    memory_b, peak, reached = chip.value("memory_b"), chip.value(f"peak_{bench.main}_flop_per_s"), bench.gemm[bench.main].rate.median
    if memory_b is not None and not _LEAST_MEMORY <= bench.memory_b / memory_b <= _MOST_MEMORY:
        return None, [f"{name} has {bench.memory_b / 1e9:.3g} GB, {chip.id} has {memory_b / 1e9:.3g}: treated as a different chip"]
    if peak is not None and reached > _MOST_OF_PEAK * peak:
        return None, [f"{name} reaches {reached:.3g} FLOP/s, the peak of {chip.id} is {peak:.3g}: treated as a different chip"]
    return chip.id, []


def _changes(bench: Bench, database: Database, name: str) -> list[str]:
    """Return a note on how the result differs from the earlier benchmark of that name, if there is one."""
    earlier = database.product("servers", name)
    if earlier is None or not earlier.facts:
        return []
    source = next(iter(earlier.facts.values()))
    before = {precision: value for precision in PRECISIONS if (value := earlier.value(f"gemm_{precision}_flop_per_s")) is not None}
    changes = [f"{precision} {found.rate.median / before[precision] - 1:+.0%}" for precision, found in bench.gemm.items() if precision in before]
    when = database.sources().get(source.source, {}).get("published", "before")
    return [f"replaces the benchmark of {when}, still in {source.locator.partition(',')[0]}" + (f": {', '.join(changes)}" if changes else "")]


def _source_entry(bench: Bench) -> dict[str, str]:
    power = total_power(bench.loaded)
    method = (
        f"medians of matrix products and of sums of long arrays by {bench.library}, in bursts of 50 ms or more after a warm-up; "
        f"power {_HOW[power.how] if power is not None else 'not metered'}"
    )
    versions = ", ".join(f"{name} {version}" for name, version in bench.versions.items())
    entry = {"title": f"Benchmark of {bench.processor}" + (f" with {bench.accelerators[0]}" if bench.accelerators else ""), "publisher": "carbon bench"}
    return entry | {"published": bench.started_at[:10], "method": method, "versions": versions, "licence": "own work"}


def _read(file: str) -> str:
    try:
        with io.TextIOWrapper(open_regular(file), encoding="utf-8-sig") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise DatabaseError(f"cannot read {file}: {error}", hint="it must be a readable file in UTF-8") from error


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
