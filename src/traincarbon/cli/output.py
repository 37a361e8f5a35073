"""What commands print with: the words of :mod:`traincarbon.wording`, and tables and JSON for other programs."""

from collections.abc import Iterable, Sequence
from typing import Any

from traincarbon.wording import (
    WIDTH,
    amount,
    bold,
    clean,
    counted,
    dim,
    filled,
    ladder,
    median_and_interval,
    shortened,
    significant,
    table,
    wrapped,
)

__all__ = [
    "WIDTH",
    "amount",
    "as_json",
    "bold",
    "clean",
    "counted",
    "dim",
    "filled",
    "ladder",
    "markdown_table",
    "median_and_interval",
    "shortened",
    "significant",
    "table",
    "wrapped",
]


def as_json(result: Any) -> str:
    """Return *result* as JSON of two spaces' indent."""
    import json

    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)


def markdown_table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """Return *rows*, the first of them the header, as a Markdown table."""
    to_right = set(right)
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---:" if column in to_right else "---" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
