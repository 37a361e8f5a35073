"""Money of a sheet once more in the currency of the report, by formulas at the stated rate."""

from collections.abc import Collection, Sequence

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.exports.workbook import Cell, Formula, cell_name

Row = tuple[Cell, ...]


def in_currency_too(rows: Sequence[Row], currency: Currency, *, heads: Collection[int], columns: Sequence[int]) -> list[Row]:
    """Return *rows* with the dollars of some columns once more in *currency*, behind the last column of their table.

    Args:
        rows: The rows of a sheet.
        currency: The currency; nothing is added where it is the US dollar.
        heads: Which rows are the heads of tables of money; a table ends with an empty row.
        columns: Which columns have the dollars.
    """
    if currency == USD:
        return list(rows)
    found, width = list[Row](), 0
    for at, row in enumerate(rows):
        width = len(row) if at in heads else width if row else 0
        if not width:
            found.append(row)
            continue
        money: list[Cell] = [f"{row[column]}, {currency.code}" if at in heads else _converted(row, at, column, currency) for column in columns]
        found.append((*row, *[None] * (width - len(row)), *money))
    return found


def _converted(row: Row, at: int, column: int, currency: Currency) -> Cell:
    cell = row[column] if column < len(row) else None
    value = cell.value if isinstance(cell, Formula) else cell
    return Formula(f"{cell_name(at, column)} * {currency.per_usd!r}", value * currency.per_usd) if isinstance(value, float) else None
