"""The types of the database and its schema: which files it has and what each may state."""

from collections.abc import Mapping
from typing import NamedTuple

PURCHASES = ("on_demand", "spot", "reserved_1y", "reserved_3y")
COMMITTED_YEARS = {"reserved_1y": 1.0, "reserved_3y": 3.0}
"""Years for which capacity of each kind of reservation is paid, used or not."""
_RESERVED = {"reserved_1y": "reserved for a year", "reserved_3y": "reserved for three years"}
"""Kinds of price for rented hardware."""
PROVIDER_TYPES = ("specialist", "hyperscaler", "marketplace")
"""Clouds that rent accelerators and little else, clouds that rent everything, and places where others offer their machines."""
BASES = ("lifecycle", "direct")
"""What a carbon intensity counts: the life cycle of fuel and plant, or direct emissions only."""
KINDS: tuple[str, ...] = ("published", "measured", "derived", "assumed", "unverified")
PRECISIONS = ("fp32", "tf32", "fp16", "bf16", "fp8", "fp4")
NARROW_PRECISIONS = ("fp8", "fp4")

FACT_KEYS = frozenset({"value", "as_published", "source", "locator", "kind", "note", "low", "high", "dated"})
CARD_SEGMENTS = ("workstation", "consumer", "laptop")
"""Segments whose GPUs are cards with graphics memory."""
SEGMENTS = ("datacentre", *CARD_SEGMENTS)
"""Who an accelerator is made for. Workstation: professional cards with graphics memory, in workstations or in servers."""
ACCELERATOR_KEYS = frozenset({"name", "vendor", "type", "generation", "segment", "form_factor", "aliases"})
SERVER_KEYS = frozenset({"name", "vendor", "operator", "accelerator", "cpu", "aliases"})

ACCELERATOR_FACTS = frozenset(
    {"launch_year", "memory_b", "memory_bandwidth_b_per_s", "link_bandwidth_b_per_s", "board_power_w", "idle_power_w", "price_usd"}
    | {"die_area_mm2", "process_nm"}
    | {f"peak_{precision}_flop_per_s" for precision in PRECISIONS}
    | {f"peak_{precision}_sparse_flop_per_s" for precision in PRECISIONS}
)
SERVER_FACTS = frozenset(
    {
        "accelerator_count",
        "accelerator_power_w",
        "max_power_w",
        "typical_power_w",
        "idle_power_w",
        "cpu_count",
        "cpu_power_w",
        "memory_b",
        "network_bandwidth_b_per_s",
        "price_usd",
    }
    | {f"gemm_{precision}_flop_per_s" for precision in PRECISIONS}
)
MODEL_KEYS = frozenset({"name", "vendor", "architecture", "flags", "repository", "aliases"})
MODEL_FACTS = frozenset(
    {
        *("layers", "decoder_layers", "hidden", "heads", "kv_heads", "head_dim", "value_dim", "ffn", "vocab", "context", "token_types"),
        *("experts", "experts_per_token", "expert_ffn", "shared_ffn", "dense_layers", "query_rank", "kv_rank", "rope_dim", "index_heads", "index_dim"),
        *("position_buckets", "image_size", "patch_size", "mel_bands", "source_positions", "state_groups", "window", "windowed_layers"),
        *("params", "active_params", "training_tokens"),
    }
)
PRODUCTS = {
    "accelerators": (ACCELERATOR_KEYS, ACCELERATOR_FACTS),
    "servers": (SERVER_KEYS, SERVER_FACTS),
    "models": (MODEL_KEYS, MODEL_FACTS),
}
"""Folder of products to the keys and facts that a file in it may state."""

NO_CLOUDS = ("", "on-prem", "generic", "hpc")
"""Operators that rent nothing out: their servers may stand in any region."""

_EVIDENCE = ("source", "locator", "kind", "note")
TABLES: dict[str, tuple[str, ...]] = {
    "zones": ("zone", "type", "name", "iso3", "aliases", *_EVIDENCE),
    "zone_names": ("zone", "names", *_EVIDENCE),
    "towns": ("zone", "names", *_EVIDENCE),
    "subdivisions": ("zone", "names", *_EVIDENCE),
    "grid": ("zone", "year", "intensity_gco2e_per_kwh", "basis", "boundary", *_EVIDENCE),
    "market": ("zone", "year", "intensity_gco2e_per_kwh", "mix", *_EVIDENCE),
    "continents": ("zone", "continent", *_EVIDENCE),
    "electricity": ("zone", "year", "price_usd_per_kwh", "sector", *_EVIDENCE),
    "regions": ("region", "provider", "name", "location", "zone", "aliases", "latitude", "longitude", *_EVIDENCE),
    "region_grids": ("region", "grid", *_EVIDENCE),
    "facilities": ("operator", "scope", "year", "pue", "wue_l_per_kwh", *_EVIDENCE),
    "providers": ("provider", "name", "type", "home_region", "vendor", *_EVIDENCE),
    "prices": ("accelerator", "server", "provider", "region", "purchase", "date", "accelerator_count", "usd_per_h", *_EVIDENCE),
    "embodied": ("item", "scope", "kgco2e", "low", "high", "boundary", "method", "year", *_EVIDENCE),
    "equivalents": ("equivalent", "name", "quantity", "value", "unit", *_EVIDENCE),
    "techniques": (
        *("technique", "category", "name", "effect", "quantity", "unit", "low", "typical", "high", "conditions", "year"),
        *_EVIDENCE,
    ),
    "priors": ("prior", "scope", "median", "sigma_ln", "n", *_EVIDENCE),
    "architectures": (
        *("architecture", "name", "layers", "hidden", "heads", "kv_heads", "attention_width", "ffn", "ffn_matrices", "vocab"),
        *("experts", "experts_per_token", "shared_ffn", "attention_params", "window", "windowed"),
        *_EVIDENCE,
    ),
    "convolutions": ("convolution", "name", "params", "image_size", "gmac", "is_separable", *_EVIDENCE),
    "image_networks": ("image_network", "name", "family", "params", "image_size", "gmac", "attention_gmac", "text_gmac", "aliases", *_EVIDENCE),
    "speech_encoders": ("speech_encoder", "name", "params", "gmac_per_s", *_EVIDENCE),
    "hybrids": ("hybrid", "name", "params", "active_params", *_EVIDENCE),
    "diffusion_transformers": (
        *("diffusion_transformer", "name", "family", "params", "active_params", "layers", "hidden", "patch_size", "latent_factor", "text_tokens"),
        *("image_size", "frames", "frames_per_token", "aliases"),
        *_EVIDENCE,
    ),
    "family_runs": ("run", "name", "plan", "accelerator_hours", "measure", *_EVIDENCE),
    "scaling_laws": (
        *("law", "irreducible_loss", "params_scale", "params_exponent", "tokens_scale", "tokens_exponent"),
        *("irreducible_loss_se", "params_exponent_se", "tokens_exponent_se", "least_params", "most_params", "least_tokens", "most_tokens"),
        *_EVIDENCE,
    ),
    "pci_ids": ("pci_id", "hardware", *_EVIDENCE),
    "run_features": ("runs", "feature", "value", *_EVIDENCE),
}
"""Table to its columns; the first is the key by which it is sorted and looked up."""

Row = Mapping[str, str]
"""A row of a table: column to text, and ``origin``, the folder that it came from."""


class Fact(NamedTuple):
    """One value with its evidence."""

    value: float
    source: str
    locator: str
    kind: str
    origin: str
    as_published: str = ""
    note: str = ""
    low: float | None = None
    high: float | None = None
    dated: str = ""
    """When the value held, as YYYY or YYYY-MM: of prices, which change."""


class Product(NamedTuple):
    """An accelerator, a server or a model: its names and the known facts about it."""

    id: str
    folder: str
    keys: Mapping[str, str]
    aliases: tuple[str, ...]
    facts: Mapping[str, Fact]

    @property
    def name(self) -> str:
        """The full name, with the vendor."""
        return self.keys["name"]

    @property
    def is_server(self) -> bool:
        """Whether it is a server, not an accelerator."""
        return self.folder == "servers"

    @property
    def type(self) -> str:
        """Kind of accelerator: gpu, tpu, asic or cpu; empty for a server."""
        return self.keys.get("type", "")

    @property
    def generation(self) -> str:
        """Generation of the accelerator; empty for a server."""
        return self.keys.get("generation", "")

    @property
    def segment(self) -> str:
        """Who the accelerator is made for, one of :data:`SEGMENTS`; empty where that is not stated."""
        return self.keys.get("segment", "")

    @property
    def peak_16_bit_flop_per_s(self) -> float | None:
        """Dense peak at 16 bits, or None if it is unknown."""
        return self.value("peak_bf16_flop_per_s") or self.value("peak_fp16_flop_per_s")

    @property
    def operator(self) -> str:
        """Who runs it; empty for an accelerator."""
        return self.keys.get("operator", "")

    @property
    def is_cloud(self) -> bool:
        """Whether it is rented out by a cloud, in the regions of that cloud only."""
        return self.operator not in NO_CLOUDS

    def value(self, fact: str) -> float | None:
        """Return the value of *fact*, or None if it is unknown."""
        known = self.facts.get(fact)
        return known.value if known is not None else None


def purchase_words(purchase: str) -> str:
    """Return what a way to rent is called within a sentence.

    Example:
        >>> purchase_words("on_demand"), purchase_words("reserved_1y")
        ('on demand', 'reserved for a year')
    """
    return _RESERVED.get(purchase, purchase.replace("_", " "))
