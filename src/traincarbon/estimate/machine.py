"""The machine that steps run on: peaks, bandwidths and what is reached of them, from the facts about a chip and its servers."""

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError
from traincarbon.formulas.layout import Machine, Sustained

_ON_PREMISES = ("dgx-", "hgx-", "gcp-tpu-")
"""Servers that stand for a chip where none is named, or where little is known of the one named: the maker's own."""
_NARROW = ("fp8", "fp4")


def machine_of(
    database: Database, chip: Product, *, precision: str, server: Product | None = None, domain: float | None = None, network_b_per_s: float | None = None
) -> tuple[Machine, list[tuple[str, float, str]]]:
    """Return the machine that *chip* and its servers make, and what had to be assumed: name, value and reason of each.

    Args:
        database: Where servers of the chip and priors are looked up.
        chip: The accelerator.
        precision: Number format of the matrix products.
        server: The server it stands in; by default the maker's own.
        domain: Accelerators that the fast links join, where known; by default those of a server, of TPU those of a pod. [1]
        network_b_per_s: One accelerator's share of the scale-out network, where known. [B/s]

    Raises:
        DatabaseError: its peak rate or memory bandwidth is not known.
    """
    peak, memory_b_per_s = chip.value(f"peak_{precision}_flop_per_s"), chip.value("memory_bandwidth_b_per_s")
    if peak is None or memory_b_per_s is None:
        what = f"{precision} rate" if peak is None else "memory bandwidth"
        raise DatabaseError(f"no {what} of {chip.id} is known", hint=f"add it to accelerators/{chip.id}.toml")
    assumed: list[tuple[str, float, str]] = []

    def prior_of(name: str, reason: str) -> float:
        value = constant(database, name, "*")
        assumed.append((name, value, reason))
        return value

    servers = _servers(database, chip, server)
    is_tpu = chip.keys.get("type") == "tpu"
    counts = [count for each in servers if (count := each.value("accelerator_count")) is not None]
    joined = domain if domain is not None else (max(counts) if is_tpu else counts[0]) if counts else 1.0
    links = chip.value("link_bandwidth_b_per_s")
    link_b_per_s = links / 2.0 if links is not None else prior_of("host_link_b_per_s", "no fast links between chips are known: those of the host")
    each_b_per_s = network_b_per_s if network_b_per_s is not None else _network_b_per_s(servers)
    if each_b_per_s is None:
        each_b_per_s = link_b_per_s if is_tpu else prior_of("network_b_per_s", "no network of such servers is known: one card of 100 Gb/s for each accelerator")
    wide = chip.value("peak_bf16_flop_per_s") or chip.value("peak_fp16_flop_per_s") or peak
    return Machine(peak, wide if precision in _NARROW else peak, memory_b_per_s, link_b_per_s, each_b_per_s, joined), assumed


def sustained_of(database: Database, *, generation: str, precision: str, gemm_efficiency: float | None = None) -> Sustained:
    """Return what is reached of a chip's datasheet by ``priors.csv``; *gemm_efficiency* goes before that of the file.

    Raises:
        DatabaseError: a constant is not there.
    """
    gemm = gemm_efficiency if gemm_efficiency is not None else constant(database, "gemm_efficiency", f"generation={generation}", "generation=*")
    factor = prior(database, "gemm_precision_factor", f"{generation}:{precision}")
    rest = [constant(database, name, "*") for name in Sustained._fields[1:]]
    return Sustained(gemm * (factor[1].median if factor is not None else 1.0), *rest)


def constant(database: Database, name: str, *scopes: str) -> float:
    """Return the median of the prior *name* for the first of *scopes* that has one.

    Raises:
        DatabaseError: none has.
    """
    for scope in scopes:
        found = prior(database, name, scope)
        if found is not None:
            return float(found[1].median)
    raise DatabaseError(f"priors.csv has no {name},{scopes[-1]}", hint="carbon db check lists what is missing")


def _servers(database: Database, chip: Product, server: Product | None) -> list[Product]:
    """Return the servers that tell about the chip's surroundings, the one named first, then those with the most known."""
    makers = [each for each in database.products("servers") if each.keys.get("accelerator") == chip.id and each.id.startswith(_ON_PREMISES)]
    makers.sort(key=lambda each: each.value("network_bandwidth_b_per_s") is None)
    return makers if server is None else [server, *makers]


def _network_b_per_s(servers: list[Product]) -> float | None:
    for server in servers:
        network, count = server.value("network_bandwidth_b_per_s"), server.value("accelerator_count")
        if network is not None and count is not None:
            return network / count
    return None
