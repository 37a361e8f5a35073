"""Upstreams of facts about products: Epoch's tables of machine learning hardware and of AI models."""

import re
from collections.abc import Iterator

from traincarbon.database.records import Row
from traincarbon.database.refresh.upstream import Edition, Upstream, csv_rows, number_of

_HARDWARE = {
    "Release date": "launch_year",
    "Release price (USD)": "price_usd",
    "Memory (bytes)": "memory_b",
    "Memory bandwidth (byte/s)": "memory_bandwidth_b_per_s",
    "Intranode bandwidth (byte/s)": "link_bandwidth_b_per_s",
    "TDP (W)": "board_power_w",
    "Tensor-FP16/BF16 performance (FLOP/s)": "peak_bf16_flop_per_s",
    "FP8 performance (FLOP/s)": "peak_fp8_flop_per_s",
    "FP4 performance (FLOP/s)": "peak_fp4_flop_per_s",
    "TF32 (TensorFloat-32) performance (FLOP/s)": "peak_tf32_flop_per_s",
    "FP32 (single precision) performance (FLOP/s)": "peak_fp32_flop_per_s",
}
"""Each column and the fact that it may state."""
_NEW = ("launch_year", "price_usd", "memory_b", "memory_bandwidth_b_per_s", "board_power_w")
"""Facts that are added where a product has none: the others are stated in several ways, so that only those that cite Epoch follow it."""
_CITED = re.compile(r'^row "([^"]+)", column "([^"]+)"$')
_PLAIN = re.compile(r"[^a-z0-9.]+")


def _hardware(edition: Edition) -> Iterator[Row]:
    """Yield the facts of those accelerators that cite a row of the table."""
    cited: dict[tuple[str, str], list[tuple[str, str]]] = {}
    rows: dict[str, set[str]] = {}
    stated: dict[str, set[str]] = {}
    for product in edition.database.products("accelerators"):
        stated[product.id] = set(product.facts)
        for name, fact in product.facts.items():
            place = _CITED.match(fact.locator)
            if fact.source.startswith("epoch-") and fact.kind == "published" and place is not None:
                cited.setdefault((place[1], place[2]), []).append((product.id, name))
                rows.setdefault(product.id, set()).add(place[1])
    products: dict[str, set[str]] = {}
    for id, names in rows.items():
        if len(names) == 1:  # of a product that cites several rows nobody can say which one a new fact is of
            products.setdefault(min(names), set()).add(id)
    columns = {"name": "Hardware name", **{fact: column for column, fact in _HARDWARE.items()}}
    for cells in csv_rows(edition, columns):
        for column, usual in _HARDWARE.items():
            wanted = set(cited.get((cells["name"], column), ()))
            wanted |= {(id, usual) for id in products.get(cells["name"], ()) if usual in _NEW and usual not in stated[id]}
            if cells[usual]:
                for id, name in sorted(wanted):
                    yield _row(id, name, cells[usual], edition, f'row "{cells["name"]}", column "{column}"', dated=cells["launch_year"][:7])


def _row(product: str, fact: str, text: str, edition: Edition, locator: str, *, dated: str) -> Row:
    value = number_of(text[:4] if fact == "launch_year" else text, edition, f"{fact} of {product}")
    return {"product": product, "fact": fact, "value": f"{value:.12g}", "locator": locator, "dated": dated if fact == "price_usd" else ""}


def _models(edition: Edition) -> Iterator[Row]:
    """Yield the parameters of those models whose name or alias the table has and whose parameters are not counted elsewhere."""
    ids: dict[str, str] = {}
    for product in edition.database.products("models"):
        known = product.facts.get("params")
        if known is None or known.source.startswith("epoch-"):
            ids |= {_plain(name): product.id for name in (product.name, product.id, *product.aliases) if "/" not in name}
    seen: set[str] = set()
    for cells in csv_rows(edition, {"name": "Model", "params": "Parameters"}):
        id = ids.get(_plain(cells["name"]), "")
        if id and id not in seen and cells["params"]:
            seen.add(id)
            value = number_of(cells["params"], edition, f"the parameters of {cells['name']}")
            yield {"product": id, "fact": "params", "value": f"{value:.12g}", "locator": f'row "{cells["name"]}", column "Parameters"', "dated": ""}


def _plain(name: str) -> str:
    """Return a name without what is written in different ways.

    Example:
        >>> _plain("Llama 3.1-405B"), _plain("llama-3.1-405b")
        ('llama3.1405b', 'llama3.1405b')
    """
    return _PLAIN.sub("", name.lower())


UPSTREAMS = (
    Upstream(
        "epoch-hardware",
        "Machine Learning Hardware (epoch.ai/data/machine-learning-hardware)",
        "Epoch AI",
        "https://epoch.ai/data/ml_hardware.csv",
        "CC BY 4.0",
        "accelerators",
        ("product", "fact"),
        "epoch-{date}-ml-hardware",
        _hardware,
    ),
    Upstream(
        "epoch-models",
        "All ML Systems (epoch.ai/data/ai-models)",
        "Epoch AI",
        "https://epoch.ai/data/all_ai_models.csv",
        "CC BY 4.0",
        "models",
        ("product", "fact"),
        "epoch-{date}-ai-models",
        _models,
    ),
)
