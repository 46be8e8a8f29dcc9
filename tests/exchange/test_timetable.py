"""Timetables as schools write them, and every cell that cannot be read."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.places import School
from signalling.exchange import timetable_csv, timetable_words
from signalling.exchange.report import Report
from signalling.exchange.seed import seed
from signalling.exchange.timetable_csv import Directory, Teacher, TimetableLine
from signalling.exchange.timetable_export import export_week
from signalling.exchange.timetable_words import Slot, Taught

DIRECTORY = Directory(
    teachers=[
        Teacher("p1", "教师甲", "teacher01"),
        Teacher("p2", "教师乙", "teacher02"),
        Teacher("p3", "教师丙", "teacher03"),
        Teacher("p4", "教师丙", "teacher04"),
        Teacher("p5", "Anna Svensson", "anna"),
    ],
    classes={"三年级1班": "c1", "四年级1班": "c2"},
    classrooms={"录播教室1": "r1", "录播教室2": "r2"},
    periods=frozenset(range(1, 9)),
)


def read(text: str, directory: Directory = DIRECTORY) -> tuple[list[TimetableLine], Report]:
    report = Report()
    lines = timetable_csv.read("timetable.csv", lambda: io.BytesIO(text.encode()), directory, report)
    return lines, report


def test_a_grid() -> None:
    lines, report = read(
        "班级,教室,周一第1节,星期二第2节(单周),Wed 3,周五第八节\n"
        '三年级1班,录播教室1,语文 教师甲,数学/教师乙,"英语\nAnna Svensson",\n'
        "四年级1班,,音乐（教师乙）,,单周:美术 教师甲；双周:科学 教师乙,双语 teacher04\n"
    )
    assert report.refusals == []
    assert lines == [
        TimetableLine("语文", "p1", "c1", "r1", 0, 1),
        TimetableLine("数学", "p2", "c1", "r1", 1, 2, "odd"),
        TimetableLine("英语", "p5", "c1", "r1", 2, 3),
        TimetableLine("音乐", "p2", "c2", None, 0, 1),
        TimetableLine("美术", "p1", "c2", None, 2, 3, "odd"),
        TimetableLine("科学", "p2", "c2", None, 2, 3, "even"),
        TimetableLine("双语", "p4", "c2", None, 4, 8),
    ]
    assert (lines[1].row, lines[1].column) == (2, "星期二第2节(单周)")


def test_a_list() -> None:
    lines, report = read(
        "班级;教室;星期;节次;科目;教师;周次\n"
        "三年级1班;;周一;1;语文;教师甲;\n"
        ";录播教室2;5;第二节;数学;教师丙(teacher04);双周\n"
    )
    assert report.refusals == []
    assert lines == [
        TimetableLine("语文", "p1", "c1", None, 0, 1),
        TimetableLine("数学", "p4", None, "r2", 4, 2, "even"),
    ]


LONG = "class,classroom,weekday,period,subject,teacher,weeks\n"
CASES: dict[str, str] = {
    "unknown_column": "班级,周一第1节,备注\n三年级1班,语文 教师甲,x\n",
    "unknown_period": "班级,周一第9节\n三年级1班,语文 教师甲\n",
    "unknown_class": "班级,周一第1节\n九年级1班,语文 教师甲\n",
    "unknown_classroom": "教室,周一第1节\n录播教室9,语文 教师甲\n",
    "no_place": "班级,教室,周一第1节\n,,语文 教师甲\n",
    "unreadable_cell": "班级,周一第1节\n三年级1班,语文\n",
    "unknown_teacher": "班级,周一第1节\n三年级1班,语文 教师丁\n",
    "ambiguous_teacher": "班级,周一第1节\n三年级1班,语文 教师丙\n",
    "slot_taken": "班级,周一第1节\n三年级1班,语文 教师甲\n四年级1班,数学 教师甲\n",
    "unknown_weekday": LONG + "三年级1班,,周八,1,语文,教师甲,\n",
    "unknown_weeks": LONG + "三年级1班,,周一,1,语文,教师甲,三周\n",
    "empty": LONG + "三年级1班,,周一,1,,教师甲,\n",
    "bad_length": LONG + f"三年级1班,,周一,1,{'语' * 41},教师甲,\n",
}


@pytest.mark.parametrize("code", CASES)
def test_a_cell_that_cannot_be_read(code: str) -> None:
    _, report = read(CASES[code])
    assert [line.code for line in report.refusals] == [code]
    assert report.refusals[0].sentence.endswith(".")


def test_the_logins_of_two_teachers_of_one_name_are_named() -> None:
    _, report = read(CASES["ambiguous_teacher"])
    assert "teacher03、teacher04" in report.refusals[0].sentence


def test_odd_and_even_weeks_share_a_slot() -> None:
    lines, report = read(
        "班级,周一第1节(单周),周一第1节(双周),周一第1节\n三年级1班,语文 教师甲,数学 教师乙,英语 anna\n"
    )
    assert [line.weeks for line in lines] == ["odd", "even"]
    assert [(line.code, line.column) for line in report.refusals] == [("slot_taken", "周一第1节")]


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("周日第十节", Slot(6, 10)),
        ("礼拜天 12", Slot(6, 12)),
        ("Monday period 3 (odd weeks)", Slot(0, 3, "odd")),
        ("周一第1节双周", Slot(0, 1, "even")),
        ("周一", None),
        ("周八第1节", None),
        ("周一第零节", None),
        ("", None),
    ],
)
def test_columns(text: str, slot: Slot | None) -> None:
    assert timetable_words.slot(text) == slot


@pytest.mark.parametrize(
    ("text", "taught"),
    [
        ("语文 教师甲", [Taught("语文", "教师甲")]),
        ("双语 教师甲", [Taught("双语", "教师甲")]),
        ("(单)语文 教师甲 | 双周 数学 教师乙", [Taught("语文", "教师甲", "odd"), Taught("数学", "教师乙", "even")]),
        ("语文 教师甲(单周)", [Taught("语文", "教师甲", "odd")]),
        ("语文 教师甲(teacher01)", [Taught("语文", "教师甲(teacher01)")]),
        ("语文（教师甲）", [Taught("语文", "教师甲")]),
        ("语文", [None]),
        (" ", []),
    ],
)
def test_cells(text: str, taught: list[Taught | None]) -> None:
    assert list(timetable_words.cell(text)) == taught


def test_numbers() -> None:
    words = ["一", "九", "十", "十一", "二十", "九十九", "7", "第3节", "", "零", "一百", "123", "十十"]
    assert [timetable_words.number(word) for word in words] == [
        *(1, 9, 10, 11, 20, 99, 7, 3),
        *(None, None, None, None, None),
    ]


def test_a_spreadsheet_calculates_nothing() -> None:
    """Whoever asks for a lesson writes its subject; whoever exports the week opens it."""
    line = TimetableLine('=HYPERLINK("http://192.0.2.1")', "p1", "c1", "r1", 0, 1, "all")
    row = list(csv.reader(io.StringIO(timetable_csv.write([line], DIRECTORY))))[1]
    assert row[2].startswith("'=HYPERLINK") and not any(cell[:1] in "=+-@" for cell in row if cell)


LINES = st.lists(
    st.builds(
        TimetableLine,
        st.sampled_from(["语文", "双语", "English"]),
        st.sampled_from(["p1", "p2", "p3", "p4", "p5"]),
        st.sampled_from(["c1", "c2"]),
        st.sampled_from([None, "r1", "r2"]),
        st.integers(0, 6),
        st.integers(1, 8),
        st.sampled_from(["all", "odd", "even"]),
    ),
    max_size=12,
)


@given(LINES)
def test_what_is_written_reads_as_the_same(lines: list[TimetableLine]) -> None:
    held: set[tuple[object, ...]] = set()
    kept = []
    for line in lines:
        weeks = ("odd", "even") if line.weeks == "all" else (line.weeks,)
        keys = {
            (who, line.weekday, line.period, week)
            for who in (line.teacher, line.pupil_class, line.classroom)
            for week in weeks
            if who
        }
        if not keys & held:
            held |= keys
            kept.append(line)
    again, report = read(timetable_csv.write(kept, DIRECTORY))
    assert report.refusals == []
    assert sorted(again, key=_order) == sorted(kept, key=_order)


def _order(line: TimetableLine) -> tuple[object, ...]:
    return line.weekday, line.period, line.weeks, line.teacher


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_words_are_read_or_reported(cell: str, column: str) -> None:
    list(timetable_words.cell(cell))
    timetable_words.slot(column)
    timetable_words.weekday(column)
    timetable_words.number(column)
    lines, report = read(f'班级,周一第1节\n三年级1班,"{cell.replace(chr(34), "")}"\n')
    assert lines or report.refusals or not cell.strip().replace('"', "") or set(cell) <= set(' ";；|\n\r\t')


async def test_a_week_of_lessons_can_be_exported_and_read(database: Database) -> None:
    now = dt.datetime(2026, 11, 18, 2, tzinfo=dt.UTC).timestamp()
    await seed(database, now, "command")
    async with database.read() as session:
        school = await session.scalar(select(School.id).where(School.name == "第一小学")) or ""
        text = await export_week(session, school, dt.date(2026, 11, 18))
        directory = await timetable_csv.load_directory(session, school)
        with pytest.raises(UserError) as caught:
            await export_week(session, school, dt.date(2020, 1, 1))
    assert caught.value.code == "no_lessons"
    lines, report = read(text, directory)
    assert report.refusals == []
    assert {line.subject for line in lines} >= {"英语", "音乐", "美术", "科学", "语文"}
    assert text.splitlines()[0].startswith("班级,教室,周一第")
