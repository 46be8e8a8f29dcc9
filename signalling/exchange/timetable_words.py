"""The words of a school's timetable: 周一第1节, 单周, 语文 教师甲, and their English relatives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from signalling.timetable.series import Weeks

_DAYS = ("一", "二", "三", "四", "五", "六", "日")
_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENGLISH_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMERALS = "零一二三四五六七八九十"
_WEEK_NAMES: dict[str, Weeks] = {"": "all", "单": "odd", "双": "even", "odd": "odd", "even": "even", "all": "all"}
_WEEKS = r"(?:(?P<weeks>单|双|odd|even)(?:周| ?weeks?)?)"
_COLUMN = re.compile(
    rf"(?:(?:周|星期|礼拜)(?P<day>[一二三四五六日天])|(?P<english>{'|'.join(_ENGLISH)})[a-z]*\.?)"
    r"[\s_-]*(?:第|period|p)?\s*(?P<period>[0-9]{1,2}|[一二三四五六七八九十]{1,3})\s*节?课?"
    rf"\s*(?:[（(]?{_WEEKS}[）)]?)?",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:[（(](?P<a>单|双|odd|even)周?[）)]|(?P<b>单|双)周|(?P<c>单|双|odd|even)(?=\s*[:：]))\s*[:：]?\s*(?=\S)",
    re.IGNORECASE,
)
"""双语 is a subject: the word alone marks no week."""
_AFTER = re.compile(r"\s*(?:[（(](?P<a>单|双|odd|even)周?[）)]|(?P<b>单|双)周)$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"(?P<subject>[^（(]+?)\s*[（(](?P<teacher>[^（()）]+)[）)]")
_TEACHER_LOGIN = re.compile(r".*[（(](?P<login>[^（()）]+)[）)]")


@dataclass(frozen=True, slots=True)
class Slot:
    """:ivar weekday: 0 for Monday."""

    weekday: int
    period: int
    weeks: Weeks = "all"

    def __str__(self) -> str:
        return f"周{_DAYS[self.weekday]}第{self.period}节" + (
            "" if self.weeks == "all" else f"({weeks_name(self.weeks)})"
        )


@dataclass(frozen=True, slots=True)
class Taught:
    """What a cell says. :ivar teacher: a name or a login. :ivar weeks: None: what the column says."""

    subject: str
    teacher: str
    weeks: Weeks | None = None


def slot(text: str) -> Slot | None:
    """`周一第1节`, `星期一1(单周)`, `Mon 1`, `周一第十节`."""
    match = _COLUMN.fullmatch(text.strip())
    if match is None:
        return None
    day = _weekday(match["day"] or match["english"])
    period = number(match["period"])
    if day is None or period is None:
        return None
    return Slot(day, period, _WEEK_NAMES[(match["weeks"] or "").lower()])


def weekday(text: str) -> int | None:
    """`周一`, `星期日`, `1` to `7`, `Mon`, `Monday`; 0 for Monday."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return int(text) - 1 if text in "1234567" and len(text) == 1 else None
    return _weekday(re.sub(r"^(周|星期|礼拜)", "", text))


def _weekday(text: str) -> int | None:
    text = text.lower().replace("天", "日")
    for names in (_DAYS, _ENGLISH, _ENGLISH_LONG):
        if text in names:
            return names.index(text)
    return None


def number(text: str) -> int | None:
    """`3`, `三`, `十二`, `第3节`; up to 99."""
    text = re.sub(r"^第|节课?$", "", text.strip())
    if text.isascii() and text.isdecimal():
        return int(text) if len(text) <= 2 else None
    tens, ten, ones = text.rpartition("十")
    parts = [_NUMERALS.find(part) if part else None for part in (tens, ones)]
    if not text or any(part is not None and not 0 < part < 10 for part in parts) or len(tens) > 1 or len(ones) > 1:
        return None
    return (parts[0] or 1) * 10 * bool(ten) + (parts[1] or 0)


def weeks(text: str) -> Weeks | None:
    """`单周`, `双`, `odd`, or nothing for every week; None: none of these."""
    return _WEEK_NAMES.get(re.sub(r"周$|^每周$|全部", "", text.strip().lower()))


def weeks_name(value: Weeks) -> str:
    return {"all": "", "odd": "单周", "even": "双周"}[value]


def cell(text: str) -> Iterator[Taught | None]:
    """What each part of a cell says; None where it is not understood.

    `语文 教师甲`, `语文/教师甲`, `语文（教师甲）`, one above the other, `单周:语文 教师甲；双周:数学 教师乙`.
    """
    for part in re.split(r"[;；|]", text):
        if part.strip():
            yield _taught(part.strip())


def _taught(text: str) -> Taught | None:
    found: Weeks | None = None
    if (match := _BEFORE.match(text)) is not None:
        found, text = _WEEK_NAMES[(match["a"] or match["b"] or match["c"]).lower()], text[match.end() :]
    elif (match := _AFTER.search(text)) is not None:
        found, text = _WEEK_NAMES[(match["a"] or match["b"]).lower()], text[: match.start()]
    parts = re.split(r"[\s/／、,，]+", text.strip(), maxsplit=1)
    if len(parts) == 1:
        match = _IN_BRACKETS.fullmatch(text.strip())
        if match is None:
            return None
        parts = [match["subject"], match["teacher"]]
    subject, teacher = parts[0].strip(), parts[1].strip()
    return Taught(subject, teacher, found) if subject and teacher else None


def login_of(teacher: str) -> str | None:
    """`jiaoshi1` in `教师甲(jiaoshi1)`."""
    match = _TEACHER_LOGIN.fullmatch(teacher)
    return match["login"] if match else None
