"""A list of resources as CSV: links, and files that lie in the server's import folder, each with what is said of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from signalling.booking.forms import FORMS
from signalling.exchange.calendar_import import day_of
from signalling.exchange.report import Report
from signalling.exchange.table import CsvTable, FileFault, Limits, Opener
from signalling.exchange.timetable_csv import Directory
from signalling.library import vocabulary

FILE = "library.csv"
LIMITS = Limits(bytes=8 << 20, rows=2000, columns=40)
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "标题", "名称"),
    "url": ("url", "链接", "网址"),
    "file": ("file", "文件", "文件名"),
    "kind": ("kind", "类型"),
    "description": ("description", "简介", "说明"),
    "subject": ("subject", "学科", "科目"),
    "grade": ("grade", "年级"),
    "term": ("term", "学期"),
    "textbook": ("textbook", "教材"),
    "unit": ("unit", "单元"),
    "points": ("points", "知识点"),
    "form": ("form", "课型", "课堂形式"),
    "teacher": ("teacher", "教师", "任课教师"),
    "day": ("day", "日期"),
    "language": ("language", "语言"),
    "rights": ("rights", "公开范围"),
    "licence": ("licence", "许可"),
}
"""Ours → header names, in lower case."""
_KINDS = {"链接": "link", "视频": "video", "音频": "audio", "文档": "document"}
_RIGHTS = {"自己": "own", "本人": "own", "本校": "school", "全县": "county", "全省": "province", "公开": "public"}
_FORMS = {form.zh: form.code for form in FORMS.values()}
_NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")
KINDS = ("link", "video", "audio", "document")


@dataclass(frozen=True, slots=True)
class ListedResource:
    """:ivar file: a name in the import folder; empty: a link. :ivar kind: what the list says it is; empty: nothing.
    :ivar said: column of `Resource` → value."""

    row: int
    file: str
    kind: str
    said: dict[str, Any] = field(default_factory=dict)


def read(opener: Opener, directory: Directory, report: Report) -> Sequence[ListedResource]:
    """Those that are right; the others are in the report."""
    found: list[ListedResource] = []
    taken: dict[str, int] = {}
    try:
        table = CsvTable(FILE, opener, report, LIMITS)
        columns = {
            ours: column
            for ours, names in _COLUMNS.items()
            if (column := next((it for it in table.header if it.lower() in names), None)) is not None
        }
        known = set(columns.values())
        for header in table.header:
            if header not in known:
                report.refuse(FILE, 1, "unknown_heading", header, value=header)
        table.require(columns.get("title", "title"))
        for number, cells in table:
            given = {ours: cells[column] for ours, column in columns.items() if cells[column]}
            content = given.get("file") or given.get("url", "")
            listed = _row(number, given, columns, directory, report)
            if listed is None:
                continue
            if content in taken:
                report.refuse(FILE, number, "twice", value=content, other=taken[content])
                continue
            taken[content] = number
            found.append(listed)
    except FileFault:
        return []
    return found


def _row(
    number: int, given: dict[str, str], columns: Mapping[str, str], directory: Directory, report: Report
) -> ListedResource | None:
    def refuse(name: str, code: str, /, **facts: str | int) -> None:
        report.refuse(FILE, number, code, columns.get(name, name), **facts)

    file, url = given.pop("file", ""), given.get("url", "")
    kind = given.pop("kind", "").lower()
    kind = _KINDS.get(kind, kind)
    said: dict[str, Any] = {"title": "", **given}
    if bool(file) == bool(url):
        refuse("url", "one_content")
    if file and (not _NAME.fullmatch(file) or file.startswith(".")):
        refuse("file", "no_such_file", value=file)
    if kind and (kind not in KINDS or (kind == "link") is bool(file)):
        refuse("kind", "unknown_value", value=kind, allowed=", ".join(KINDS[1:] if file else KINDS[:1]))
    if "points" in said:
        said["points"] = [point for point in re.split(r"[;；、|]", said["points"]) if point.strip()]
    if "form" in said:
        said["form"] = _FORMS.get(said["form"], said["form"])
    if "rights" in said:
        said["rights"] = _RIGHTS.get(said["rights"], said["rights"].lower())
    if "day" in said:
        day = day_of(said["day"])
        if day is None:
            refuse("day", "bad_date", value=said["day"])
        said["day"] = day
    if "teacher" in said:
        named = said.pop("teacher")
        matching = directory.named(named)
        if len(matching) > 1:
            logins = "、".join(sorted(found.login or "—" for found in matching))
            refuse("teacher", "ambiguous_teacher", value=named, count=len(matching), logins=logins)
        said |= {"teacher": matching[0].id} if len(matching) == 1 else {"teacher_name": named}
    kept, faults = vocabulary.tidy(said)
    for fault in faults:
        refuse(fault.name, fault.code, **fault.facts)
    return None if report.is_refused(FILE, number) else ListedResource(number, file, kind, kept)
