"""Reports: each code has a sentence, each sentence a test, and files cannot speak through them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from string import Formatter

from rich.console import Console

from signalling.exchange import report as module
from signalling.exchange.report import SENTENCES, Report
from tests.exchange import test_archive, test_calendar, test_roster_refusals, test_table, test_timetable
from tests.rest.library import test_list

HERE = Path(module.__file__).parent


def test_every_code_is_used_and_provoked() -> None:
    used = set()
    for file in (*HERE.glob("*.py"), HERE.parent / "library" / "vocabulary.py"):
        if file.name != "report.py":
            used |= set(re.findall(r'"([a-z_]+)"', file.read_text())) & SENTENCES.keys()
    assert used == SENTENCES.keys()
    roster = {code for code, *_ in (*test_roster_refusals.CASES, *test_roster_refusals.AFTERWARDS)}
    provoked = roster | {*test_table.CASES, *test_timetable.CASES, *test_calendar.CASES, *test_list.CASES}
    # by tests of their own, in test_table.py, test_archive.py, test_roster_refusals.py, test_roster_closed.py and
    # test_timetable_import.py
    alone = {"not_readable", "manifest_disagrees", "no_classroom", "not_booked", "stays_closed"}
    assert SENTENCES.keys() - provoked == alone
    assert test_archive.KNOWN


def test_sentences_end_and_name_their_blanks() -> None:
    for sentence in SENTENCES.values():
        assert sentence.endswith(".")
        assert all(name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(sentence))


def test_a_row_counts_once() -> None:
    report = Report()
    report.refuse("users.csv", 2, "empty", "sourcedId")
    report.refuse("users.csv", 2, "empty", "familyName")
    assert (report.refused, len(report.refusals), report.more) == (1, 2, 0)
    assert report.is_refused("users.csv", 2) and not report.is_refused("users.csv", 3)


def test_what_is_noted_keeps_nothing_out() -> None:
    report = Report()
    report.note("users.csv", 2, "stays_closed", "status", value="教师甲")
    assert (report.refused, len(report.refusals), report.more) == (0, 1, 0)
    assert not report.is_refused("users.csv", 2)
    for row in range(module.MAX_LINES + 5):
        report.note("users.csv", row + 2, "stays_closed", "status", value="教师甲")
    assert (len(report.refusals), report.more) == (module.MAX_LINES, 6)


def test_lines_are_bounded() -> None:
    report = Report()
    for row in range(module.MAX_LINES + 5):
        report.refuse("users.csv", row + 2, "login_taken", "username", value="x" * 5000)
    assert (len(report.refusals), report.refused, report.more) == (module.MAX_LINES, module.MAX_LINES + 5, 5)
    assert all(len(line.sentence) < 200 for line in report.refusals)
    assert report.as_json()["more"] == 5


def test_our_own_sentences_keep_their_end() -> None:
    report = Report()
    why = f"录播教室 is taken by the lesson {'课' * 90} from 2026-09-07 08:00 to 08:40"
    report.refuse("timetable.csv", 2, "not_booked", "周一第1节", why=why, problem="classroom_busy")
    assert "08:00 to 08:40" in report.refusals[0].sentence
    report.refuse("timetable.csv", 3, "not_booked", "周一第1节", why="x" * 5000)
    assert len(report.refusals[1].sentence) < 500


def test_hostile_cells_are_only_shown() -> None:
    report = Report()
    report.refuse("users.csv", 2, "login_taken", '=HYPERLINK("http://x")', value="[red]\x1b[31m{0}")
    console = Console(file=io.StringIO(), width=200)
    for table in report.tables():
        console.print(table)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in shown and "[red]" in shown and "{0}" in shown
    out = io.StringIO()
    report.write_csv(out)
    header, line = csv.reader(io.StringIO(out.getvalue().removeprefix("\ufeff")))
    assert header == ["file", "row", "column", "code", "sentence"]
    assert line[2].startswith("'=")
    assert report.as_json()["refusals"][0]["facts"]["value"] == "[red]\x1b[31m{0}"
