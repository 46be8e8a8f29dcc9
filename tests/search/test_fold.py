"""What is compared alike, and that every place in it is known in the original."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.search import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("鉤股定理與二次函數", "钩股定理与二次函数"),
        ("乾隆", "干隆"),  # a character is folded alike wherever it stands
        ("１２３ＡＢＣ", "123abc"),
        ("gōu gǔ", "gou gu"),
        ("e\u0301te\u0301", "ete"),
        ("㎡", "m2"),
        ("ﬁne", "fine"),
        ("STRASSE", "strasse"),
        ("か゛", "か゛"),
        ("й", "й"),
    ],
)
def test_what_is_alike_is_folded_alike(one, other):
    assert fold.folded(one) == fold.folded(other) == other


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("aB１㎡ﬁ勾鉤，e\u0301\U00020000 é\n") | st.characters(), max_size=20))
def test_every_place_is_known_in_the_original(text):
    made = fold.fold(text)
    assert fold.folded(made.text) == made.text  # folding what is folded changes nothing
    for start in range(len(made.text)):
        first, end = made.span(start, start + 1)
        assert 0 <= first < end <= len(text)
        assert made.text[start] in fold.folded(text[first:end])


def test_utf16_counts_as_browsers_do():
    assert [fold.utf16("a\U00020000b", index) for index in range(4)] == [0, 1, 3, 4]
