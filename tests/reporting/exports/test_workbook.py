"""A workbook is well-formed, its texts are never formulas, and the same sheets give the same bytes."""

import io
import math
import xml.etree.ElementTree as ET
import zipfile

from traincarbon.reporting.exports.workbook import Formula, Sheet, cell_name, workbook

EVIL = '=HYPERLINK("http://x")\x00<b>&"'
SHEETS = [Sheet("A/B", [("head", "n"), (EVIL, 1.5), (None, Formula("B2 * 2", 3.0)), (math.nan, math.inf)]), Sheet('"quoted"' + "x" * 40, [()])]
SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}


def test_every_part_is_well_formed_and_listed():
    found = parts(workbook(SHEETS))
    overrides = {each.attrib["PartName"].lstrip("/") for each in found["[Content_Types].xml"] if "PartName" in each.attrib}
    assert overrides == {name for name in found if name.startswith("xl/") and not name.endswith(".rels")}
    assert [each.attrib["name"] for each in found["xl/workbook.xml"].iter(f"{{{SPACE['m']}}}sheet")] == ["A-B", ('"quoted"' + "x" * 40)[:31]]


def test_text_is_text_whatever_it_begins_with_and_a_formula_has_its_value():
    sheet = parts(workbook(SHEETS))["xl/worksheets/sheet1.xml"]
    cells = {cell.attrib["r"]: cell for cell in sheet.iterfind(".//m:c", SPACE)}
    assert cells["A2"].attrib["t"] == "inlineStr"
    assert cells["A2"].findtext(".//m:t", namespaces=SPACE) == EVIL.replace("\x00", " ")
    assert cells["A2"].find("m:f", SPACE) is None
    assert (cells["B3"].findtext("m:f", namespaces=SPACE), cells["B3"].findtext("m:v", namespaces=SPACE)) == ("B2 * 2", "3.0")


def test_what_is_unknown_or_not_finite_is_an_empty_cell():
    sheet = parts(workbook(SHEETS))["xl/worksheets/sheet1.xml"]
    assert {"A3", "A4", "B4"}.isdisjoint(cell.attrib["r"] for cell in sheet.iterfind(".//m:c", SPACE))


def test_the_same_sheets_give_the_same_bytes():
    assert workbook(SHEETS) == workbook(SHEETS)


def test_cells_are_named_as_in_a_workbook():
    assert [cell_name(0, at) for at in (0, 25, 26, 701, 702)] == ["A1", "Z1", "AA1", "ZZ1", "AAA1"]
