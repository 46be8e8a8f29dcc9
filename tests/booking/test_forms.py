"""Forms of lesson: what fits which."""

from __future__ import annotations

import pytest

from mediaserver.api import UserError
from signalling.booking.forms import FORMS, fits, form_named


def test_a_delivered_lesson_is_one_lead_and_two_receivers_by_default() -> None:
    form = form_named("delivered")
    assert (form.zh, form.least, form.usual, form.most, form.minutes) == ("专递课堂", 1, 2, 3, 40)
    assert form.returns and form.pupils and form.records


def test_every_default_fits_its_own_form() -> None:
    assert set(FORMS) == {"delivered", "master", "channel", "preparation", "mass"}
    for form in FORMS.values():
        fits(form, form.usual, 0, dual=False)
        assert form.zh and form.en


@pytest.mark.parametrize(
    ("form", "receivers", "assistants", "dual", "sentence"),
    [
        ("delivered", 0, 0, False, "has 1 to 3 receiving classrooms, and this one has 0"),
        ("delivered", 4, 4, False, "and this one has 4; add or remove some"),
        ("channel", 51, 0, False, "has at most 50 receiving classrooms"),
        ("mass", 2001, 0, False, "1 to 2000"),
        ("delivered", 2, 1, True, "assistant teacher in each receiving classroom; name the missing ones"),
        ("channel", 0, 0, True, "assistant teacher in each"),
        ("preparation", 2, 2, True, "cannot be a dual-teacher lesson"),
    ],
)
def test_what_does_not_fit(form: str, receivers: int, assistants: int, dual: bool, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        fits(form_named(form), receivers, assistants, dual=dual)
    assert (caught.value.status, caught.value.code) == (422, "bad_form")


def test_dual_teacher_lessons() -> None:
    fits(form_named("delivered"), 2, 2, dual=True)
    fits(form_named("mass"), 500, 500, dual=True)


def test_unknown_form() -> None:
    with pytest.raises(UserError, match="choose one of delivered, master"):
        form_named("seminar")
