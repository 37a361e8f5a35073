"""Print results: the functions of :mod:`traincarbon.formatting`, and tables and JSON for other programs."""

from collections.abc import Iterable, Sequence

from traincarbon.formatting import (
    amount,
    assumed,
    better,
    bold,
    caution,
    clean,
    counted,
    dim,
    filled,
    listed,
    median_and_interval,
    scale_of,
    shortened,
    significant,
    table,
    visible_length,
    width,
    worse,
    wrapped,
)

__all__ = [
    "amount",
    "as_json",
    "assumed",
    "better",
    "bold",
    "caution",
    "clean",
    "counted",
    "dim",
    "filled",
    "listed",
    "markdown_table",
    "median_and_interval",
    "scale_of",
    "shortened",
    "significant",
    "table",
    "visible_length",
    "width",
    "worse",
    "wrapped",
]


def fitted(rows: Sequence[Sequence[str]], column: int, *, gap: str = "  ") -> list[tuple[str, ...]]:
    """Return *rows* with the cells of one *column* shortened so that the table fits the screen.

    Example:
        >>> fitted([("name", "1"), ("n" * 100, "2")], 0)[1][0][-3:], len(fitted([("n" * 100, "2")], 0)[0][0])
        ('nn…', 77)
    """
    others = sum(max(len(row[at]) for row in rows) + len(gap) for at in range(len(rows[0])) if at != column) if rows else 0
    room = max(8, width() - others)
    return [tuple(f"{cell[: room - 1]}…" if at == column and len(cell) > room else cell for at, cell in enumerate(row)) for row in rows]


def as_json(result: object) -> str:
    """Return *result* as indented JSON."""
    import json

    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)


def markdown_table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """Return *rows* as a Markdown table; the first is the header."""
    to_right = set(right)
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---:" if column in to_right else "---" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
