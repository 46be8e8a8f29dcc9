"""CSV as schools have it, and as they should not have it."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.exchange.report import Report
from signalling.exchange.table import CsvTable, FileFault, Limits

SMALL = Limits(bytes=2 << 20, rows=6, columns=4, line=100, cell=20)
CASES: dict[str, bytes] = {
    "empty_file": b"",
    "bad_encoding": b"\xff\x80a,b\n",
    "line_too_long": b"a,b\n" + b"x" * 101,
    "too_many_rows": b"a,b\n" + b"1,2\n" * 7,
    "too_many_columns": b"a,b,c,d,e\n",
    "header_twice": b"a,b, a\n",
    "column_missing": b"a,c\n",
    "too_large": b"a,b\n" + b"\n" * (2 << 20),
    "cut_short": b"a,b\n1,2\n3",
    "unclosed_quote": b'a,b\n1,2\n"3,4\n5,6\n',
    "bad_quote": b'a,b\n"1"x,2\n',
    "column_count": b"a,b\n1,2,3\n",
    "nul_byte": b"a,b\n1,\x002\n",
    "cell_too_long": b"a,b\n1," + b"x" * 21 + b"\n",
}


def read(data: bytes, limits: Limits = SMALL) -> tuple[list[tuple[int, dict[str, str]]], Report]:
    report = Report()
    try:
        table = CsvTable("t.csv", lambda: io.BytesIO(data), report, limits)
        table.require("a", "b")
        return list(table), report
    except FileFault:
        return [], report


@pytest.mark.parametrize("code", CASES)
def test_a_fault_is_a_line_in_the_report(code: str) -> None:
    _, report = read(CASES[code])
    assert [line.code for line in report.refusals] == [code]
    assert report.refusals[0].sentence[-1] == "."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_separators_and_line_endings(encoding: str, ending: str, separator: str) -> None:
    lines = [" a ", "b"], ["语文", "教师甲"], [], ["", ""], ['"第一行\n第二行"', " 乙 "]
    data = ending.join(separator.join(line) for line in lines).encode(encoding)
    rows, report = read(data)
    assert report.refusals == []
    assert rows == [(2, {"a": "语文", "b": "教师甲"}), (5, {"a": "第一行\n第二行", "b": "乙"})]


def test_rows_around_a_fault_are_read() -> None:
    rows, report = read(b'a,b\n1,2\n"3"x,4\n5,6,,\n7')
    assert [cells["a"] for _, cells in rows] == ["1", "5"]
    assert [(line.code, line.row) for line in report.refusals] == [("bad_quote", 3), ("cut_short", 5)]


def test_nothing_after_an_unclosed_quote_is_read() -> None:
    rows, report = read(CASES["unclosed_quote"])
    assert [cells["a"] for _, cells in rows] == ["1"]
    assert report.refusals[0].row == 3


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_file_cut_inside_a_character(encoding: str) -> None:
    rows, report = read("a,b\n1,2\n3,教".encode(encoding)[:-1])
    assert [cells["a"] for _, cells in rows] == ["1"]
    assert [line.code for line in report.refusals] == ["cut_short"]


def test_the_digest_is_that_of_the_bytes() -> None:
    table = CsvTable("t.csv", lambda: io.BytesIO(b"a\n"), Report())
    assert table.digest == hashlib.sha256(b"a\n").hexdigest()


class Failing(io.BytesIO):
    def read(self, *_: Any) -> bytes:
        raise OSError("away")


def test_a_file_that_cannot_be_read() -> None:
    report = Report()
    with pytest.raises(FileFault):
        CsvTable("t.csv", Failing, report)
    assert [line.code for line in report.refusals] == ["not_readable"]


CSV_BYTES = st.one_of(
    st.binary(max_size=400),
    st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a", b"\0", b"\xe6", b"\x95\x99", b";"]), max_size=60).map(
        lambda parts: b"a,b\n" + b"".join(parts)
    ),
)


@given(CSV_BYTES)
def test_any_bytes_give_rows_or_a_report(data: bytes) -> None:
    rows, report = read(data)
    assert len(rows) <= SMALL.rows
    for _, cells in rows:
        assert len(cells) <= SMALL.columns
        assert all(len(cell) <= SMALL.cell and "\0" not in cell for cell in cells.values())
    for line in report.refusals:
        assert line.sentence
