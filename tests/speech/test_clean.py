"""From the engine's words to lines."""

from __future__ import annotations

import opencc
import pytest

from recorder.speech.clean import MOST, REPEATS, WIDE, Cleaner
from recorder.speech.heard import RATE, Heard, Region, Word
from recorder.speech.span import LOOK_BACK, cut
from recorder.speech.timing import timed, within


@pytest.fixture(scope="module")
def simplify():
    return opencc.OpenCC("t2s").convert


def said(text: str, start: float = 0.0, each: float = 0.2, **kind) -> Heard:
    """One word per character, or per Latin word with the space before it, as the engine gives them."""
    words: list[str] = []
    for character in text:
        latin = character.isascii() and character != " "
        if words and latin and words[-1][-1].isascii() and not words[-1].endswith(","):
            words[-1] += character
        elif character in "，。！？、；：" and words:
            words[-1] += character
        else:
            words.append(character)
    return Heard([Word(start + n * each, start + (n + 1) * each, word) for n, word in enumerate(words)], **kind)


def texts(cleaner: Cleaner, *heard: Heard) -> list[str]:
    return [line.text for line in cleaner.lines(heard)]


def test_characters_are_simplified_and_keep_their_times(simplify):
    (line,) = Cleaner(simplify).lines([said("勾股定理說明三邊的關係", 5.0)])
    assert line.text == "勾股定理说明三边的关系"
    assert [word.text for word in line.words] == list("勾股定理说明三边的关系")
    assert (line.start_s, line.words[4].start_s) == (5.0, 5.8)


def test_a_phrase_that_changes_its_length_is_taken_word_by_word():
    odd = {"甲乙": "丙", "乙": "丁"}
    cleaner = Cleaner(lambda text: odd.get(text, text.replace("甲乙", "丙")))
    assert texts(cleaner, said("甲乙")) == ["甲丁"]


@pytest.mark.parametrize(
    ("heard", "read"),
    [
        ("同学们好,现在上课.", "同学们好，现在上课。"),
        ("明白了吗?很好!", "明白了吗？|很好！"),
        ("我们 来看 黑板", "我们来看黑板"),
        ("圆周率是3.14,记住", "圆周率是3.14，记住"),
        ("十点是10:30分", "十点是10:30分"),
        ("请看 photosynthesis 这个词", "请看photosynthesis这个词"),
        ("勾股定理(直角三角形)", "勾股定理（直角三角形）"),
        ("open your books, please", "open your books, please"),
    ],
)
def test_marks_are_those_of_the_script_around_them(simplify, heard, read):
    assert "|".join(texts(Cleaner(simplify), said(heard))) == read


@pytest.mark.parametrize(
    "ghost",
    [
        "字幕由Amara.org社区提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "中文字幕志愿者 李宗盛",
        "字幕組：校對",
        "谢谢观看",
        "感谢您的收看！",
        "優優獨播劇場——YoYo Television Series Exclusive",
        "Thanks for watching!",
        "Subtitles by the Amara.org community",
        "(音乐)",
        "[Applause]",
        "♪♪♪",
        "以下是普通话的句子。",
        "……",
    ],
)
def test_ghosts_are_dropped_and_counted(simplify, ghost):
    cleaner = Cleaner(simplify)
    assert texts(cleaner, Heard([Word(0, 1, ghost)])) == []
    assert cleaner.dropped.ghosts == 1


@pytest.mark.parametrize(
    "real",
    [
        "谢谢大家",
        "下节课再见",
        "今天我们学习字幕的制作方法",
        "请大家翻译这个句子",
        "音乐",
        "谢谢你的回答",
        "请订阅这份报纸",
        "时间轴由左到右表示年代",
        "信息课学习字幕制作",
        "这首歌词曲李宗盛",
        "(a+b)(a-b)",
    ],
)
def test_what_a_teacher_says_is_no_ghost(simplify, real):
    assert texts(Cleaner(simplify), said(real)) == [real]


def test_the_prompt_said_back_out_of_silence_is_dropped_but_not_when_it_is_said(simplify):
    told = "以下是数学课，内容是勾股定理。同学们好，我们现在开始上课。"
    assert texts(Cleaner(simplify, told), said("我们现在开始上课", silent=0.9)) == []
    assert texts(Cleaner(simplify, told), said("我们现在开始上课", silent=0.1)) == ["我们现在开始上课"]


@pytest.mark.parametrize(
    ("sure", "silent", "kept"), [(-0.3, 0.9, True), (-1.5, 0.6, False), (-1.5, 0.2, True), (-0.7, 0.9, False)]
)
def test_what_is_unsure_in_silence_is_dropped(simplify, sure, silent, kept):
    assert bool(texts(Cleaner(simplify), said("水分子", sure=sure, silent=silent))) is kept


@pytest.mark.parametrize(
    ("heard", "read"),
    [
        ("好" * 12, "好"),
        ("我们来看" * 8, "我们来看"),
        ("现在" + "大家看黑板" * 5 + "然后", "现在大家看黑板然后"),
        ("对对对", "对对对"),
        ("一二三一二三", "一二三一二三"),
    ],
)
def test_loops_within_an_utterance_are_cut_to_one_round(simplify, heard, read):
    assert "".join(texts(Cleaner(simplify), said(heard))) == read


def test_a_loop_with_varying_ends_is_seen_by_how_well_it_deflates(simplify):
    text = "".join(f"我们来看一下这个问题的答案是什么呢{n}" for n in "甲乙丙丁戊己庚辛壬癸子丑寅卯")
    cleaner = Cleaner(simplify)
    assert texts(cleaner, said(text)) == []
    assert cleaner.dropped.loops == 1


def test_an_utterance_over_and_over_is_kept_as_often_as_pupils_chant(simplify):
    cleaner = Cleaner(simplify)
    heard = [said("跟我一起读", start=2.0 * n) for n in range(9)]
    assert texts(cleaner, *heard, said("请坐", start=30)) == ["跟我一起读"] * REPEATS + ["请坐"]
    assert cleaner.dropped.loops == 9 - REPEATS


def test_a_line_ends_with_a_sentence_a_pause_or_where_it_is_long_enough(simplify):
    cleaner = Cleaner(simplify)
    assert texts(cleaner, said("请坐。我们开始上课。")) == ["请坐。", "我们开始上课。"]
    pause = Heard([*said("请看大屏幕").words, *said("再想一想", start=9.0).words])
    assert texts(cleaner, pause) == ["请看大屏幕", "再想一想"]
    numbers = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往"
    comma = texts(cleaner, said(numbers[:26] + "，" + numbers[26:36]))
    assert comma == [numbers[:26] + "，", numbers[26:36]]
    long = texts(cleaner, said(numbers))
    assert [len(text) for text in long] == [MOST, len(numbers) - MOST] and WIDE < MOST
    english = texts(cleaner, said(" the water cycle has many steps" * 2 + " and " + "then it all begins again" * 2))
    assert all(len(text) <= MOST / 0.45 + 12 for text in english) and len(english) == 2


def test_nothing_heard_is_no_line(simplify):
    assert Cleaner(simplify).lines([]) == []
    assert Cleaner(simplify).lines([Heard([])]) == []


# ---------------------------------------------------------------- where words and spans lie


def seconds(*pairs: tuple[float, float]) -> list[Region]:
    return [Region(int(begin * RATE), int(end * RATE)) for begin, end in pairs]


@pytest.mark.parametrize(
    ("word", "placed"),
    [
        ((8.16, 10.26), (9.9, 10.26)),
        ((7.0, 8.0), (7.0, 8.0)),
        ((8.4, 9.6), (8.4, 9.6)),
        ((6.0, 7.5), (7.0, 7.5)),
        ((12.5, 13.5), (12.5, 12.9)),
        ((20.0, 21.0), (20.0, 21.0)),
    ],
)
def test_a_word_lies_where_somebody_speaks(word, placed):
    (moved,) = timed([Heard([Word(*word, "字")])], seconds((7.0, 8.2), (9.9, 11.0), (12.0, 12.9)))
    assert moved.words[0][:2] == pytest.approx(placed)


def test_words_stay_in_their_order():
    words = [Word(n * 0.7, n * 0.7 + 0.9, str(n)) for n in range(20)]
    (moved,) = timed([Heard(words)], seconds((0.5, 2.0), (2.4, 5.0), (9.0, 14.0)))
    starts = [word.start_s for word in moved.words]
    assert starts == sorted(starts) and all(word.start_s <= word.end_s for word in moved.words)


@pytest.mark.parametrize(
    ("regions", "at"),
    [
        ([], 180.0),
        ([(0, 170)], 175.0),
        ([(0, 160), (161, 179.9)], 160.5),
        ([(0, 149), (151, 180)], 150.5),
        ([(0, 140), (141, 180)], 180.0),
        ([(0, 180)], 180.0),
        ([(0, 20), (178, 180)], 164.0),
    ],
)
def test_a_span_ends_in_its_last_pause(regions, at):
    assert cut(seconds(*regions), 180 * RATE) / RATE == pytest.approx(at, abs=0.01)


def test_a_short_span_goes_on_by_half_of_it_at_least():
    for regions in ([(0.5, 10)], [(0, 1), (2, 10)], [(4.9, 10)], [(9, 10)]):
        assert 5 <= cut(seconds(*regions), 10 * RATE) / RATE <= 10
    assert LOOK_BACK > 10 * RATE


def test_words_outside_their_utterance_are_brought_into_it():
    words = [Word(8.0, 9.2, "勾"), Word(9.2, 9.6, "股"), Word(9.6, 11.0, "定理")]
    assert [word[:2] for word in within(words, 9.0, 10.5)] == [(9.0, 9.2), (9.2, 9.6), (9.6, 10.5)]


def test_words_that_were_not_aligned_are_spread_by_their_length():
    words = [Word(10.12, 10.18, "chemical"), Word(10.18, 10.18, " reaction"), Word(10.18, 10.18, "。")]
    placed = within(words, 11.0, 12.0)
    assert placed[0].start_s == 11.0 and placed[-1].end_s == pytest.approx(12.0)
    assert placed[1].start_s == placed[0].end_s == pytest.approx(11.44, abs=0.05)
    assert within([], 1.0, 2.0) == []
