"""Write the table of known models in docs/models.md from the database: ``make models``."""

import re
import sys
from pathlib import Path

from traincarbon.database.load import Database, builtin_root
from traincarbon.database.records import Product
from traincarbon.estimation.model.architectures import ARCHITECTURES
from traincarbon.estimation.model.named import reading_of
from traincarbon.estimation.model.size import size_of

PAGE = Path(__file__).parent / "models.md"
MARKED = re.compile(r"(<!-- models -->\n).*?(<!-- end -->\n)", re.DOTALL)
HEAD = ("model", "parameters", "published", "active", "published", "layers", "width", "heads", "kv", "ffn", "vocabulary", "tokens", "shape from")


def count(value: float | None) -> str:
    """Return a number of parameters or tokens in a few digits."""
    if value is None:
        return ""
    scale, ending = next((each for each in ((1e12, "T"), (1e9, "B")) if value >= each[0]), (1e6, "M"))
    return f"{value / scale:.4g}{ending}"


def rows(database: Database) -> list[list[str]]:
    """Return a row for each known model: what is counted, what is published, and its shape."""
    found = []
    for product in sorted(database.products("models"), key=_order):
        config = reading_of(product).config
        size = size_of(config)
        layers = f"{config.layers} + {config.decoder_layers}" if config.decoder_layers else f"{config.layers}"
        experts = f"{config.experts_per_token} of {config.experts} × {config.expert_ffn}"
        found.append(
            [
                f"`{product.id}`",
                f"{size.params:,}",
                _known(product, "params"),
                "" if size.active_params == size.params else count(size.active_params),
                _known(product, "active_params"),
                layers,
                f"{config.hidden}",
                f"{config.heads}" if config.head_dim * config.heads == config.hidden or config.kv_rank else f"{config.heads} × {config.head_dim}",
                "latent" if config.kv_rank else f"{config.kv_heads}",
                experts if config.experts else f"{config.ffn}",
                f"{config.vocab or ''}",
                _known(product, "training_tokens"),
                _evidence(product, "layers"),
            ]
        )
    return found


def _order(product: Product) -> tuple[str, str, str]:
    return ARCHITECTURES[product.keys["architecture"]].family, product.keys["vendor"], product.id


def _known(product: Product, name: str) -> str:
    fact = product.facts.get(name)
    return "" if fact is None else f"{count(fact.value)} [{fact.source}]{'' if fact.kind != 'unverified' else ' ?'}"


def _evidence(product: Product, name: str) -> str:
    fact = product.facts[name]
    return f"{fact.source}{'' if fact.kind != 'unverified' else ' ?'}"


def table() -> str:
    """Return the table in Markdown."""
    lines = [HEAD, ["---", *["---:"] * (len(HEAD) - 2), "---"], *rows(Database([builtin_root()]))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> int:
    """Write the table into its page."""
    page = PAGE.read_text("utf-8")
    PAGE.write_text(MARKED.sub(lambda found: f"{found[1]}\n{table()}\n{found[2]}", page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
