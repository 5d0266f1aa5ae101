"""Tables from CSV and XLSX: encodings, separators, quotes, cells as the sheet shows them, formulas made harmless."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from project88.errors import UsageError
from project88.exports.formulas import as_meant, neutralised
from project88.imports.tables import Table, read_table

ROWS = [["bib", "last name"], ["1", "Müller"], ["2", "Lund; Jr"], ["3", 'O"Hara, A']]
#: What a cell may hold once it is stripped.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), max_size=12)


def written(rows: list[list[str]], separator: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


def workbook(*rows: list[object], sheets: tuple[str, ...] = (), formats: dict[str, str] | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, number_format in (formats or {}).items():
        sheet[place].number_format = number_format
    for name in sheets:
        book.create_sheet(name).append(["bib"])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def cells(table: Table) -> list[list[str]]:
    return [list(table.columns), *(list(row.cells.values()) for row in table.rows)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_and_separator_of_a_spreadsheet_gives_the_same_table(encoding: str, separator: str):
    assert cells(read_table(written(ROWS, separator).encode(encoding))) == ROWS


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=8), st.sampled_from(",;\t"))
def test_what_a_csv_file_holds_comes_back(rows: list[list[str]], separator: str):
    rows = [["a", "b"], *([neutralised(cell) for cell in row] for row in rows if any(row))]
    table = read_table(written(rows, separator).encode())

    assert cells(table) == [[as_meant(cell) for cell in row] for row in rows]


@given(st.text())
def test_text_that_was_made_harmless_reads_back_and_begins_no_formula_unless_it_is_a_number(text: str):
    harmless = neutralised(text)

    assert as_meant(harmless) == text
    assert harmless[:1] not in set("=@\t\r") if harmless else True
    if harmless[:1] in set("+-"):
        assert float(harmless.replace(",", ".")) is not None


@pytest.mark.parametrize("formula", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1", "'=1", '=HYPERLINK("x")'])
def test_what_a_spreadsheet_would_run_is_text(formula: str):
    assert neutralised(formula) == f"'{formula}"


@pytest.mark.parametrize("number", ["-5", "+3.25", "-1,5", "12", "-0.001"])
def test_a_number_stays_a_number(number: str):
    assert neutralised(number) == number


def test_blank_lines_are_left_out_and_columns_without_a_name_are_numbered():
    table = read_table(b"\n,,\nbib,,time,time,\n\n1,x,2,3,\n")

    assert list(table.columns) == ["bib", "column 2", "time", "time (2)"]
    assert [row.cells["time (2)"] for row in table.rows] == ["3"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no line that names its columns"),
        (b'bib,name\n1,"Ada\n2,Bo\n', "no CSV, as line 3 shows"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as XLSX or CSV"),
        (b"PK\x03\x04rubbish", "cannot be read"),
    ],
)
def test_what_is_no_table_says_so(data: bytes, said: str):
    with pytest.raises(UsageError, match=said):
        read_table(data)


def test_cells_of_a_workbook_are_the_text_that_the_sheet_shows():
    data = workbook(
        ["bib", "chip", "gun", "born", "seconds", "seen"],
        [12, timedelta(hours=30, seconds=1.5), time(0, 40, 5), date(1990, 5, 2), 3723.5, datetime(2026, 5, 2, 9, 30)],  # noqa: DTZ001
        [13.0, 0.5, 0.5, None, True, None],
        formats={"B2": "[h]:mm:ss.0", "B3": "h:mm", "C3": "h:mm:ss"},
    )

    assert [list(row.cells.values()) for row in read_table(data).rows] == [
        ["12", "30:00:01.500", "0:40:05", "1990-05-02", "3723.5", "2026-05-02T09:30:00"],
        ["13", "12:00", "12:00:00", "", "True"],
    ]


@given(st.lists(st.integers(0, 400 * 3_600_000), min_size=1, max_size=5))
def test_a_duration_of_any_length_comes_back_from_a_workbook_to_the_millisecond(milliseconds: list[int]):
    durations = [timedelta(milliseconds=each) for each in milliseconds]
    data = workbook(
        ["time"],
        *([each] for each in durations),
        formats={f"A{number}": "[h]:mm:ss.000" for number in range(2, len(durations) + 2)},
    )
    found = [row.cells["time"].split(":") for row in read_table(data).rows]

    assert durations == [timedelta(hours=int(h), minutes=int(m), seconds=float(s)) for h, m, s in found]


def test_the_first_sheet_is_read_unless_another_is_named():
    data = workbook(["bib"], [1], sheets=("Half", "10K"))

    assert (len(read_table(data).rows), list(read_table(data).other_sheets)) == (1, ["Half", "10K"])
    assert len(read_table(data, "Half").rows) == 0
    with pytest.raises(UsageError, match="no sheet 'Quarter'; it has Sheet, Half, 10K"):
        read_table(data, "Quarter")
    with pytest.raises(UsageError, match="this one is none"):
        read_table(b"bib\n1\n", "Half")


def test_a_workbook_that_unpacks_to_too_much_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", bytes(4096))
        parts.infolist()[0].file_size = 1 << 30

    with pytest.raises(UsageError, match="unpacks to more than"):
        read_table(packed.getvalue())


def test_a_sheet_whose_size_is_written_wrong_loses_no_row():
    data = workbook(["bib"], *([number] for number in range(20)))
    wrong = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(wrong, "w") as copy:
        for part in parts.infolist():
            copy.writestr(part, parts.read(part).replace(b'<dimension ref="A1:A21"', b'<dimension ref="A1:A2"'))
        assert b'<dimension ref="A1:A2"' in copy.read("xl/worksheets/sheet1.xml")

    assert len(read_table(wrong.getvalue()).rows) == 20
