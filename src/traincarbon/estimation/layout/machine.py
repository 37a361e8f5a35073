"""The machine that steps run on: its peaks and bandwidths, and how much of them is reached."""

from collections.abc import Mapping

from traincarbon.database.load import Database
from traincarbon.database.records import NARROW_PRECISIONS, Product
from traincarbon.database.select import need_prior, prior
from traincarbon.errors import DatabaseError
from traincarbon.formulas.layout import Machine, Sustained

_ON_PREMISES = ("dgx-", "hgx-", "hls-", "gcp-tpu-")
"""The vendors' own servers, used if no server is named or if facts about the named one are missing."""


def machine_of(
    database: Database, chip: Product, *, precision: str, accelerators: float, server: Product | None = None, known: Mapping[str, float] | None = None
) -> tuple[Machine, list[tuple[str, float, str]]]:
    """Return the machine of *chip* and its servers, and what is assumed for it: name, value and reason of each.

    Args:
        database: Where servers of the chip and priors are looked up.
        chip: The accelerator.
        precision: Number format of the matrix products.
        accelerators: How many work together; nothing that they do not use is assumed. [1]
        server: The server that contains it; by default the vendor's own.
        known: Known fields of the machine: ``domain`` (by default a server, of a TPU a pod), ``network_bandwidth_b_per_s`` and ``tensor_share``.

    Raises:
        DatabaseError: its peak rate or memory bandwidth is unknown.
    """
    peak, memory_b_per_s = chip.value(f"peak_{precision}_flop_per_s"), chip.value("memory_bandwidth_b_per_s")
    if peak is None or memory_b_per_s is None:
        what = f"{precision} rate" if peak is None else "memory bandwidth"
        raise DatabaseError(f"no {what} of {chip.id} is known", hint=f"add it to accelerators/{chip.id}.toml")
    known = known or {}
    servers, whose = _servers(database, chip, server)
    counts = [count for each in servers if (count := each.value("accelerator_count")) is not None]
    joined = known.get("domain", (max(counts) if chip.type == "tpu" else counts[0]) if counts else 1.0)
    assumed = [("domain", joined, whose)] if whose and "domain" not in known and accelerators > 1.0 else []

    def prior_of(name: str, *, is_needed: bool, reason: str) -> float:
        value = constant(database, name, "*")
        if is_needed:
            assumed.append((name, value, reason))
        return value

    links = chip.value("link_bandwidth_b_per_s")
    link_b_per_s = links / 2.0 if links is not None else None
    if link_b_per_s is None:
        link_b_per_s = prior_of(
            "host_link_b_per_s", is_needed=accelerators > 1.0, reason="no fast links between these accelerators are known: those of the host"
        )
    each_b_per_s = known.get("network_bandwidth_b_per_s", _network_b_per_s(servers))
    if each_b_per_s is None:
        reason = "no network between such servers is known: a card of 100 Gb/s for each accelerator"
        each_b_per_s = prior_of("network_b_per_s", is_needed=accelerators > joined, reason=reason)
    wide = chip.peak_16_bit_flop_per_s or peak
    gain = 1.0 / _factor(database, "gemm_precision_factor", f"{chip.generation}:{precision}")
    scores = wide if precision in NARROW_PRECISIONS else peak
    return Machine(peak, scores, memory_b_per_s, link_b_per_s, each_b_per_s, joined, known.get("tensor_share", 1.0), gain), assumed


def sustained_of(database: Database, *, accelerator: str, generation: str, precision: str, gemm_efficiency: float | None = None) -> Sustained:
    """Return how much of its datasheet an accelerator reaches, from ``priors.csv``.

    Args:
        database: Where the constants are looked up.
        accelerator: Its id.
        generation: Its generation.
        precision: Number format of the matrix products.
        gemm_efficiency: That of 16-bit matrix products, in place of the one in the file. [1]

    Raises:
        DatabaseError: a constant is missing.
    """
    alike = f"generation={generation.partition('-')[0]}-*"
    scopes = (f"accelerator={accelerator}", f"generation={generation}", alike, "generation=*")
    gemm = gemm_efficiency if gemm_efficiency is not None else constant(database, "gemm_efficiency", *scopes)
    gemm *= _factor(database, "gemm_precision_factor", f"{generation}:{precision}") * _factor(database, "gemm_chip_factor", f"accelerator={accelerator}")
    scopes = (f"{generation}:{precision}", f"generation={generation}", f"precision={precision}", "*")
    return Sustained(gemm, *(constant(database, name, *scopes) for name in Sustained._fields[1:]))


def constant(database: Database, name: str, *scopes: str) -> float:
    """Return the median of the prior *name* for the first of *scopes* that has one.

    Raises:
        DatabaseError: none has.
    """
    return database.remember(_constant, (name, *scopes))


def _constant(database: Database, key: tuple[str, ...]) -> float:
    return float(need_prior(database, *key).value.median)


def _factor(database: Database, name: str, scope: str) -> float:
    """Return the median of the prior *name* for *scope*, 1 if there is none."""
    found = prior(database, name, scope)
    return float(found[1].median) if found is not None else 1.0


def _servers(database: Database, chip: Product, server: Product | None) -> tuple[list[Product], str]:
    """Return servers with that accelerator, the named one first, then the vendor's own, those of known network first; where there is none, what is assumed."""
    makers = database.kept(_makers, chip.id, lambda: _makers(database, chip))
    if server is not None or makers:
        return [*makers] if server is None else [server, *makers], ""
    if not _has_fast_links(chip):
        return [], "no fast links between all cards of a server are known: each exchange is taken as one between servers"
    alike = database.kept(_servers_alike, chip.id, lambda: _servers_alike(database, chip))
    as_in = f"servers as {alike[0].name}, whose accelerators have the same links" if alike else "one accelerator a server"
    return [*alike], f"no server with this accelerator is known: {as_in}"


def _servers_alike(database: Database, chip: Product) -> tuple[Product, ...]:
    """Return the vendors' servers of chips of the same generation, form and bandwidth of links as *chip*, those of known network first."""
    found = []
    for each in database.products("servers"):
        other = database.product("accelerators", each.keys.get("accelerator", "")) if each.id.startswith(_ON_PREMISES) else None
        if other is not None and _links_of(other) == _links_of(chip):
            found.append(each)
    return tuple(sorted(found, key=lambda each: each.value("network_bandwidth_b_per_s") is None))


def _links_of(chip: Product) -> tuple[str, str | None, float | None]:
    """Return what chips share that the same servers can join."""
    return chip.generation, chip.keys.get("form_factor"), chip.value("link_bandwidth_b_per_s")


def _makers(database: Database, chip: Product) -> tuple[Product, ...]:
    holding = [each for each in database.products("servers") if each.keys.get("accelerator") == chip.id]
    own = [each for each in holding if each.id.startswith(_ON_PREMISES)]
    if own or not _has_fast_links(chip):
        return tuple(sorted(own, key=lambda each: each.value("network_bandwidth_b_per_s") is None))
    return tuple(sorted(holding, key=lambda each: (-(each.value("accelerator_count") or 0.0), each.id)))


def _has_fast_links(chip: Product) -> bool:
    """Return whether fast links join all boards of a server; a bridge of PCIe cards joins two."""
    return chip.value("link_bandwidth_b_per_s") is not None and not chip.keys.get("form_factor", "").startswith("PCIe")


def _network_b_per_s(servers: list[Product]) -> float | None:
    for server in servers:
        network, count = server.value("network_bandwidth_b_per_s"), server.value("accelerator_count")
        if network is not None and count is not None:
            return network / count
    return None
