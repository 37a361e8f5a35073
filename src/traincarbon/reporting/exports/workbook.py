"""An Excel workbook (Office Open XML) of numbers, texts and formulas, written with the standard library alone."""

import io
import math
import zipfile
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every part, so that the same sheets give the same bytes."""
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_LONGEST_TEXT = 32_000
_LONGEST_NAME = 31
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", "-"))
_WIDTH = 22
_FONT = '<sz val="11"/><name val="Calibri"/>'
_XF = '<xf numFmtId="0" fontId="{}" fillId="0" borderId="0"{}/>'
_OF_NORMAL = ' xfId="0"'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    f'<cellStyleXfs count="1">{_XF.format(0, "")}</cellStyleXfs>'
    f'<cellXfs count="2">{_XF.format(0, _OF_NORMAL)}{_XF.format(1, _OF_NORMAL)}</cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
"""Style 0 is plain, style 1 is bold, for heads."""


class Formula(NamedTuple):
    """A formula of a cell, without the equals sign, and its value as it was computed here."""

    text: str
    value: float


Cell = str | float | Formula | None


class Sheet(NamedTuple):
    """A sheet: its name, and its rows, the first of which is the head."""

    name: str
    rows: Sequence[Sequence[Cell]]


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell, both counted from 0.

    Example:
        >>> cell_name(0, 0), cell_name(9, 27)
        ('A1', 'AB10')
    """
    letters, left = "", column + 1
    while left:
        left, at = divmod(left - 1, 26)
        letters = chr(ord("A") + at) + letters
    return f"{letters}{row + 1}"


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Return the workbook of *sheets*. Text is never a formula, whatever it begins with; what is not finite is an empty cell."""
    numbers = range(1, len(sheets) + 1)
    names = [f"{each.name.translate(_NOT_IN_NAMES)[:_LONGEST_NAME]}" for each in sheets]
    listed = "".join(f'<sheet name="{_attribute(name)}" sheetId="{at}" r:id="r{at}"/>' for at, name in zip(numbers, names, strict=True))
    targets = "".join(f'<Relationship Id="r{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>' for at in numbers)
    targets += f'<Relationship Id="r0" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    kinds = "".join(_kind(f"/xl/worksheets/sheet{at}.xml", "worksheet") for at in numbers)
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f"{_kind('/xl/workbook.xml', 'sheet.main')}{_kind('/xl/styles.xml', 'styles')}{kinds}</Types>"
        ),
        "_rels/.rels": _relationships(f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(targets),
        "xl/styles.xml": _STYLES,
        **{f"xl/worksheets/sheet{at}.xml": _sheet(each) for at, each in zip(numbers, sheets, strict=True)},
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), _HEAD + content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _sheet(sheet: Sheet) -> str:
    columns = max((len(row) for row in sheet.rows), default=1)
    rows = "".join(
        f'<row r="{at + 1}">{"".join(_cell(cell, cell_name(at, column), is_head=at == 0) for column, cell in enumerate(row))}</row>'
        for at, row in enumerate(sheet.rows)
    )
    widths = f'<cols><col min="1" max="{columns}" width="{_WIDTH}" customWidth="1"/></cols>'
    return f'<worksheet xmlns="{_MAIN}">{widths}<sheetData>{rows}</sheetData></worksheet>'


def _cell(cell: Cell, name: str, *, is_head: bool) -> str:
    style = ' s="1"' if is_head else ""
    if isinstance(cell, Formula):
        return f'<c r="{name}"{style}><f>{escape(cell.text)}</f><v>{cell.value!r}</v></c>' if math.isfinite(cell.value) else ""
    if isinstance(cell, str):
        shown = "".join(letter if letter.isprintable() else " " for letter in cell[:_LONGEST_TEXT])
        return f'<c r="{name}" t="inlineStr"{style}><is><t xml:space="preserve">{escape(shown)}</t></is></c>'
    return f'<c r="{name}"{style}><v>{float(cell)!r}</v></c>' if cell is not None and math.isfinite(cell) else ""


def _kind(part: str, kind: str) -> str:
    return f'<Override PartName="{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'


def _relationships(inner: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _attribute(text: str) -> str:
    return escape("".join(letter if letter.isprintable() else " " for letter in text), {'"': "&quot;"})
