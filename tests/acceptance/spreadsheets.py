"""Spreadsheets without a library for them: written as a bank would send them, read to look at what robots wrote."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

Cell = str | float | date | None

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DAY_ZERO = date(1899, 12, 30)

_FIXED = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>'
    '<sheet name="Statement" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
    # The second style shows a number as a date.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def spreadsheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    """An .xlsx file with one sheet."""
    written = "".join(
        f'<row r="{number}">'
        + "".join(_cell(f"{'ABCDEFGH'[place]}{number}", value) for place, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for path, text in {**_FIXED, "xl/worksheets/sheet1.xml": sheet}.items():
            file.writestr(path, _HEAD + text)
    return packed.getvalue()


def sheet_of(content: bytes, number: int) -> list[list[str]]:
    """The cells of a sheet of an .xlsx file as they are stored, row by row; sheets count from 1."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        strings: list[str] = []
        if "xl/sharedStrings.xml" in file.namelist():
            strings = ["".join(each.itertext()) for each in ET.fromstring(file.read("xl/sharedStrings.xml"))]  # noqa: S314 - ours
        sheet = ET.fromstring(file.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314 - as above
    names = {"m": _MAIN}
    return [[_value(cell, strings) for cell in row.findall("m:c", names)] for row in sheet.findall(".//m:row", names)]


def _cell(place: str, value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - _DAY_ZERO).days}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def _value(cell: ET.Element, strings: Sequence[str]) -> str:
    text = "".join(cell.itertext())
    return strings[int(text)] if cell.get("t") == "s" else re.sub(r"(\.\d*?)0+$", r"\1", text).removesuffix(".")
