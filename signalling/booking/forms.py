"""The forms of lesson, as templates of one thing, a booked lesson. Pure.

The names are those of the three classrooms (三个课堂) and their relatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mediaserver.api import UserError


@dataclass(frozen=True, slots=True)
class Form:
    """:ivar usual: receiving classrooms that a new booking begins with; `least` and `most` bound them.
    :ivar returns: the lead sees pictures of the receiving classrooms.
    :ivar minutes: default length.
    :ivar pupils: the classes of pupils named in it can sit in no other lesson meanwhile.
    :ivar records: default of a booking.
    :ivar dual: it may be a dual-teacher lesson (双师课堂): each receiving classroom has an assistant who owns the room.
    """

    code: str
    zh: str
    en: str
    least: int
    usual: int
    most: int
    returns: bool
    minutes: int
    pupils: bool
    records: bool
    dual: bool


DUAL_ZH, DUAL_EN = "双师课堂", "dual-teacher lesson"

FORMS: Mapping[str, Form] = {
    form.code: form
    for form in (
        # 一托二: one lead with two receivers is what a delivered lesson usually is.
        Form("delivered", "专递课堂", "delivered lesson", 1, 2, 3, True, 40, True, True, True),
        Form("master", "名师课堂", "master teacher's lesson", 0, 2, 20, True, 40, False, True, True),
        Form("channel", "名校网络课堂", "school channel", 0, 0, 50, False, 40, False, True, True),
        Form("preparation", "集体备课", "joint preparation", 0, 2, 20, True, 60, False, False, False),
        Form("mass", "同上一堂课", "one lesson for all", 1, 20, 2000, False, 40, True, True, True),
    )
}


def form_named(code: str) -> Form:
    """:raises UserError: 422 `unknown_form`."""
    try:
        return FORMS[code]
    except KeyError:
        raise UserError(422, "unknown_form", f"There is no such form; choose one of {', '.join(FORMS)}.") from None


def fits(form: Form, receivers: int, assistants: int, *, dual: bool) -> None:
    """Whether a lesson of so many receiving classrooms, so many of them with an assistant, is one of this form.

    :raises UserError: 422 `bad_form`.
    """
    if not form.least <= receivers <= form.most:
        how_many = f"{form.least} to {form.most}" if form.least else f"at most {form.most}"
        raise UserError(
            422,
            "bad_form",
            f"A {form.en} has {how_many} receiving classrooms, and this one has {receivers}; "
            "add or remove some, or choose another form.",
        )
    if dual and not form.dual:
        raise UserError(422, "bad_form", f"A {form.en} cannot be a {DUAL_EN}; choose one of the two.")
    if dual and (assistants < receivers or not receivers):
        raise UserError(
            422, "bad_form", f"A {DUAL_EN} has an assistant teacher in each receiving classroom; name the missing ones."
        )
