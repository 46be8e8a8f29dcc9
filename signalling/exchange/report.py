"""What became of a file's rows: a line for each that was refused or left somebody something to do, and counts."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TextIO

from rich.table import Table

MAX_LINES = 1000
"""Refusals kept with their sentence; the others are counted."""
MAX_FACT, MAX_WHY = 80, 400
"""Characters of what a file says, and of our own sentence about it (`why`), whose end matters."""

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        # the file
        "too_large": "The file is larger than {limit} MiB; split it.",
        "empty_file": "The file is empty; save it again with its header line.",
        "bad_encoding": "The file is neither UTF-8 nor GB18030; save it as CSV UTF-8.",
        "not_readable": "The file cannot be read to its end; make it again.",
        "line_too_long": "A line is longer than {limit} characters, so this is no CSV file; the rest was not read.",
        "too_many_rows": "The file has more than {limit} rows; the rest was not read. Split it.",
        "too_many_columns": "The header has more than {limit} columns; delete the empty ones.",
        "header_twice": "The header names the column {column} twice; keep one of them.",
        "column_missing": "The header lacks the column {column}; add it, or check its spelling.",
        "file_missing": "{file} is announced by the manifest or needed by another file, and is not there; add it.",
        "manifest_disagrees": "{file} is there, but the manifest says that it is absent; correct one of the two.",
        # a row
        "cut_short": "The last line ends in its middle; the file was cut off. Make it again.",
        "unclosed_quote": "A quotation mark opened here is not closed; the rest was not read. Close it.",
        "bad_quote": "There is text after a closing quotation mark; write quotation marks inside a cell twice.",
        "column_count": "The row has {found} cells where the header has {expected}; add or remove commas.",
        "nul_byte": "The row holds a NUL character; the file is damaged. Make it again.",
        "cell_too_long": "The cell has more than {limit} characters; shorten it.",
        # a cell
        "empty": "{column} must not be empty; fill it in.",
        "unknown_value": "{column} cannot be {value}; it is one of {allowed}.",
        "bad_date": "{column} cannot be {value}; write a day as 2026-09-01.",
        "bad_length": "{column} has more than {limit} characters; shorten it.",
        "twice": "{value} stands in row {other} already; keep one of them.",
        # references
        "unknown_reference": "{column} names {value}, which is neither in {file} nor in the database; correct it.",
        "not_a_school": "{column} names {value}, which is not a school; name a school.",
        "no_region": "The school has no parent; name the district it belongs to in parentSourcedId.",
        "not_a_region": "{column} names {value}, which is not a district or above; name one.",
        "circle": "The parents of {value} lead back to itself, or are more than {limit}; correct parentSourcedId.",
        "other_school": "The class {value} belongs to another school than schoolSourcedId says; correct one of them.",
        # roster
        "user_without_role": "The user {value} has no row in roles.csv; add one.",
        "bad_login": "Nobody can sign in as {value}; write 1 to 80 letters, digits or the signs . _ - + @.",
        "login_taken": "The username {value} belongs to somebody who is not this user; choose another one.",
        "name_taken": "The school has a class named {value} already; choose another title.",
        "stays_closed": "{value} is out of use here, and no roster puts it back; do that by hand where it is right.",
        "cannot_delete": "{value} is a region or a term, which no roster deletes; leave its status empty.",
        "cannot_change": "{value} is a {was} here and a {kind} in the file; give the new one a sourcedId of its own.",
        "term_order": "endDate comes before startDate, or more than {limit} days later; correct them.",
        "term_overlaps": "The term overlaps {value}; correct its days, or those of the other one.",
        # timetable
        "unknown_column": "The column {value} is none of weekday and period such as 周一第1节; rename or delete it.",
        "unknown_weekday": "{value} is no day of the week; write 周一 to 周日.",
        "unknown_period": "The school has no period {value}; check the bell table.",
        "unknown_weeks": "{value} is none of 单周, 双周 or empty; correct it.",
        "unknown_class": "The school has no class {value}; check its name, or add the class.",
        "unknown_classroom": "The school has no classroom {value}; check its name, or add the classroom.",
        "unknown_teacher": "The school has no teacher {value}; check the name, or add the teacher.",
        "ambiguous_teacher": "{count} teachers are named {value}; write the login instead: {logins}.",
        "unreadable_cell": "{value} is not a subject and a teacher; write them as 语文 教师甲.",
        "no_classroom": "The row names a class and no classroom; name the one it is taught in.",
        "not_booked": "The lesson cannot be booked ({why}); change its time, teacher or classroom.",
        "no_place": "The row names neither a class nor a classroom; name one.",
        "slot_taken": "{value} has a lesson at this time already, in row {other}; keep one of them.",
        # calendar
        "day_runs_itself": "The day runs its own timetable, which it does anyway; delete the row or leave runs empty.",
        "runs_swapped_day": "{value} is itself a day that runs another day's timetable; name the original day.",
        # library
        "unknown_heading": "The column {value} is none of a list of resources; rename or delete it.",
        "one_content": "The row names neither an address nor a file, or both; name one of them.",
        "bad_url": "{value} is no address of a page; write one that begins with https:// or http://.",
        "no_such_file": "The import folder has no file {value}; put it there, and write its name without a path.",
        "bad_file": "The file {value} is not taken ({why}); replace it, or delete the row.",
        "other_kind": "The file is {found} and not {value}; correct the kind, or leave it empty.",
    }
)
"""Code → English sentence. The pages have the same in Chinese, with the same blanks, filled by the facts."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """:ivar row: as a spreadsheet counts: the header is row 1; 0 for the file as a whole."""

    file: str
    row: int
    column: str
    code: str
    facts: Mapping[str, str | int]

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code].format(**self.facts)

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "sentence": self.sentence,
            "facts": dict(self.facts),
        }


@dataclass(slots=True)
class Counts:
    """Rows of one file. :ivar skipped: right, but with no place here, such as guardians."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    refused: int = 0

    def as_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTED}


COUNTED = ("created", "changed", "unchanged", "skipped", "refused")


@dataclass
class Report:
    """:ivar written: whether anything was written; a file with refused rows is not, unless those are to be skipped.
    :ivar refusals: lines of rows that were refused, and of those that were only noted."""

    counts: dict[str, Counts] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    written: bool = False
    _refused_rows: set[tuple[str, int]] = field(default_factory=set)
    _noted_rows: set[tuple[str, int]] = field(default_factory=set)

    def of(self, file: str) -> Counts:
        return self.counts.setdefault(file, Counts())

    @property
    def refused(self) -> int:
        return sum(counts.refused for counts in self.counts.values())

    def is_refused(self, file: str, row: int) -> bool:
        return (file, row) in self._refused_rows

    def refuse(self, file: str, row: int, code: str, column: str = "", /, **facts: str | int) -> None:
        """Add a line. A row with several faults has several lines and counts once."""
        if (file, row) not in self._refused_rows:
            self._refused_rows.add((file, row))
            self.of(file).refused += 1
        self._line(file, row, code, column, facts)

    def note(self, file: str, row: int, code: str, column: str = "", /, **facts: str | int) -> None:
        """Add a line about a row that is right and not followed to the letter: it keeps nothing out."""
        self._noted_rows.add((file, row))
        self._line(file, row, code, column, facts)

    def _line(self, file: str, row: int, code: str, column: str, facts: dict[str, str | int]) -> None:
        assert code in SENTENCES
        if len(self.refusals) < MAX_LINES:
            if column:
                facts.setdefault("column", column)
            self.refusals.append(
                Refusal(
                    file,
                    row,
                    _short(column),
                    code,
                    {
                        name: value if isinstance(value, int) else _short(value, MAX_WHY if name == "why" else MAX_FACT)
                        for name, value in facts.items()
                    },
                )
            )

    def as_json(self) -> dict[str, Any]:
        return {
            "written": self.written,
            "counts": {file: counts.as_json() for file, counts in self.counts.items()},
            "refusals": [refusal.as_json() for refusal in self.refusals],
            "more": self.more,
        }

    @property
    def more(self) -> int:
        """Refused and noted rows that have no line here any more."""
        shown = {(refusal.file, refusal.row) for refusal in self.refusals}
        return len(self._refused_rows | self._noted_rows) - len(shown)

    def write_csv(self, to: TextIO) -> None:
        """The refusals, for a spreadsheet: with a byte order mark, and with nothing that it would calculate."""
        to.write("\ufeff")
        writer = csv.writer(to)
        writer.writerow(("file", "row", "column", "code", "sentence"))
        for line in self.refusals:
            writer.writerow((line.file, line.row, *map(harmless, (line.column, line.code, line.sentence))))

    def tables(self, shown: int = 50) -> Iterable[Table]:
        """For a terminal: counts, and the first refusals."""
        counts = Table("file", *COUNTED)
        for file, counted in self.counts.items():
            if any(counted.as_json().values()):
                counts.add_row(file, *(str(getattr(counted, name)) for name in COUNTED))
        yield counts
        if self.refusals:
            lines = Table("file", "row", "column", "what to do")
            for line in self.refusals[:shown]:
                lines.add_row(line.file, str(line.row or ""), _plain(line.column), _plain(line.sentence))
            yield lines


def _short(text: str, most: int = MAX_FACT) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _plain(text: str) -> str:
    """Text from a file, on a terminal: no control characters, no markup of rich."""
    return "".join(char if char.isprintable() else "�" for char in text).replace("[", r"\[")


def harmless(cell: str) -> str:
    """A spreadsheet takes such a cell for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
