"""Print results: the functions of :mod:`traincarbon.formatting`, and tables and JSON for other programs."""

from collections.abc import Callable, Iterable, Sequence

from traincarbon.formatting import amount, clean, counted, in_brackets, json_text, listed, median_and_interval, scale_of, shortened, signed_amount, significant
from traincarbon.terminal_text import PIPED_COLUMNS, assumed, better, bold, caution, dim, filled, table, visible_length, width, worse, wrapped

__all__ = [
    "PIPED_COLUMNS",
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
    "fitted",
    "fitting_table",
    "in_brackets",
    "listed",
    "markdown_table",
    "median_and_interval",
    "rows_of_lines",
    "scale_of",
    "shortened",
    "signed_amount",
    "significant",
    "table",
    "tell",
    "teller",
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


def fitting_table(
    rows: Sequence[Sequence[str]], *, right: Iterable[int] = (), drop: Sequence[int] = (), cut: Sequence[int] = (), gap: str = "  ", columns: int | None = None
) -> str:
    r"""Return *rows* as a table that fits the screen: columns are cut, and others left out, as far as there is need.

    Args:
        rows: Rows of cells; the first is the header, which is dimmed.
        right: Columns that are aligned to the right.
        drop: Columns that may be left out, the first one first.
        cut: Columns whose text may be cut, the first one first.
        gap: What separates two columns.
        columns: Width of the table; by default that of the screen.

    Example:
        >>> fitting_table([("id", "note"), ("7", "one two three")], cut=(1,), columns=12).split("\n")[1]
        '7   one two…'
    """
    room = width() if columns is None else columns
    widths = [max(visible_length(row[at]) for row in rows) for at in range(len(rows[0]))]
    kept = list(range(len(widths)))

    def over() -> int:
        return sum(widths[at] for at in kept) + len(gap) * (len(kept) - 1) - room

    spare = sum(max(0, widths[at] - _NARROWEST) for at in cut)
    for at in drop:
        if over() <= spare:
            break
        kept.remove(at)
        spare -= max(0, widths[at] - _NARROWEST) if at in cut else 0
    for at in cut:
        if at in kept and over() > 0:
            widths[at] = max(min(widths[at], _NARROWEST), widths[at] - over())
    lines = [[row[at] if visible_length(row[at]) <= widths[at] else f"{row[at][: widths[at] - 1]}…" for at in kept] for row in rows]
    to_right = [kept.index(at) for at in right if at in kept]
    head, *body = table(lines, right=to_right, gap=gap).split("\n")
    return "\n".join([dim(head), *body])


def rows_of_lines(rows: Sequence[Sequence[str]], *, name: int = 0, right: Iterable[int] = (), gap: str = "  ") -> list[list[str]]:
    r"""Return the lines of each of *rows* on the screen: a line of a table, or where that is too wide a name with what its columns hold below it.

    Args:
        rows: Rows of cells; the first is the header, which may have empty cells.
        name: The column that names a row.
        right: Columns of the table that are aligned to the right.
        gap: What separates two columns.

    Example:
        >>> rows_of_lines([("", "cost"), ("a server of some length", "$5")], gap=" " * 60)[1]
        ['a server of some length', '    cost $5']
    """
    lines = table(rows, right=right, gap=gap).split("\n") if rows else []
    if max(map(visible_length, lines), default=0) <= width():
        return [[line] for line in lines]
    head, *others = rows
    found = [[filled(f"{head[name]}" if head[name] else "", indent=0)] if head[name] else []]
    for row in others:
        before = " ".join(cell for cell in row[:name] if cell)
        cells = [f"{title} {cell}".strip() for at, (title, cell) in enumerate(zip(head, row, strict=True)) if at != name and at >= name and cell]
        cells += [f"{title} {cell}" for title, cell in zip(head[:name], row[:name], strict=True) if title and cell]
        titled = " ".join(part for part in (before if not any(head[:name]) else "", row[name]) if part)
        found.append([*filled(titled, indent=2).split("\n"), *filled(", ".join(cells), first=4, indent=4).split("\n")])
    return found


_NARROWEST = 8
"""Least width of a column that is cut."""


def as_json(result: object) -> str:
    """Return *result* as indented JSON."""
    return json_text(result, indent=2)


def markdown_table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """Return *rows* as a Markdown table; the first is the header."""
    to_right = set(right)
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---:" if column in to_right else "---" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))


def teller(*, quiet: bool) -> Callable[[str], None] | None:
    """Return what tells the user on stderr how far a step has come that takes longer than a second, None where nothing is to be told."""
    return None if quiet else tell


def tell(text: str) -> None:
    """Show a line on stderr, broken where the screen is narrower than usual."""
    import click

    shown = clean(text)
    click.echo(filled(shown, columns=columns) if (columns := width(2)) < PIPED_COLUMNS else shown, err=True)
