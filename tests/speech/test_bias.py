"""What the engine is told of a lesson."""

from __future__ import annotations

import pytest

from recorder.speech import bias
from recorder.stages.work import Facts

MATHS = Facts(
    title="勾股定理的应用",
    subject="数学",
    grade="八年级",
    unit="勾股定理",
    points=("直角三角形", "斜边"),
    names=("第一小学",),
)


def test_the_prompt_is_simplified_and_punctuated():
    assert (
        bias.prompt(MATHS, "zh") == "以下是八年级数学课，内容是勾股定理，勾股定理的应用。同学们好，我们现在开始上课。"
    )
    assert bias.prompt(Facts(), "zh") == "以下是一节课。同学们好，我们现在开始上课。"
    assert bias.prompt(Facts(subject="English", unit="Unit 3"), "en").startswith("This is a lesson: English, Unit 3.")
    assert bias.prompt(Facts(), "en") == "This is a lesson. Good morning, class."


def test_hotwords_are_points_first_once_and_no_more_than_there_is_room_for():
    assert bias.hotwords(MATHS) == "直角三角形 斜边 勾股定理 勾股定理的应用 第一小学"
    assert bias.hotwords(Facts(points=("甲", "甲", ""), names=("甲",))) == "甲"
    many = bias.hotwords(Facts(points=tuple(f"知识点{n}" for n in range(200))))
    assert len(many) <= bias.HOTWORD_CHARACTERS and len(many.split()) <= bias.MOST_HOTWORDS
    assert bias.hotwords(Facts()) == ""


@pytest.mark.parametrize(
    ("booked", "heard", "language"),
    [
        ("zh-CN", {"zh": 0.9, "en": 0.1}, "zh"),
        ("zh-CN", {"zh": 0.45, "en": 0.55}, "zh"),
        ("zh-CN", {"zh": 0.2, "en": 0.8}, "en"),
        ("en-GB", {"zh": 0.55, "en": 0.45}, "en"),
        ("en-GB", {"zh": 0.9, "en": 0.1}, "zh"),
        ("zh-CN", {}, "zh"),
        ("en", {}, "en"),
    ],
)
def test_chinese_unless_sound_or_booking_say_english(booked, heard, language):
    assert bias.language(Facts(language=booked), heard) == language
