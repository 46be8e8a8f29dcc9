"""What is shown of what was said: two lines, bounded, and nothing that moves."""

from __future__ import annotations

import random

import pytest

from signalling.captions import said
from signalling.captions.board import GONE_S, LONGEST, TENTATIVE, Board
from signalling.messages import Captions


def test_words_are_put_behind_words_and_the_tail_is_replaced() -> None:
    board = Board()
    assert board.news() is None
    board.take("", "同学", False, 1.0)
    assert board.news() == Captions(lines=[""], tentative="同学")
    assert board.news() is None, "nothing has changed"
    board.take("同学们", "好", False, 2.0)
    assert board.news() == Captions(lines=["同学们"], tentative="好")
    board.take("好", "", True, 3.0)
    assert board.news() == Captions(lines=["同学们好"], tentative="")


def test_after_a_pause_another_line_begins_and_two_stay() -> None:
    board = Board()
    for at, phrase in enumerate(("一", "二", "三"), 1):
        board.take(phrase, "", True, float(at))
    assert board.news() == Captions(lines=["二", "三"], tentative="")
    board.take("", "四", False, 4.0)
    assert board.news() == Captions(lines=["三", ""], tentative="四")
    board.take("", "", True, 5.0)
    assert board.news() == Captions(lines=["三"], tentative=""), "it was none"


def test_what_was_said_long_ago_is_gone() -> None:
    board = Board()
    board.take("同学们好", "", True, 1.0)
    board.take("现在", "", False, 1.0 + GONE_S + 0.1)
    assert board.news() == Captions(lines=["现在"], tentative="")


def test_english_words_begin_a_line_without_a_blank() -> None:
    board = Board()
    board.take(" Good", " mor", False, 1.0)
    board.take(" morning", "", True, 2.0)
    assert board.news() == Captions(lines=["Good morning"], tentative="")


def test_lines_are_bounded_and_what_is_settled_only_grows() -> None:
    chance, board, before = random.Random(7), Board(), [""]
    whole, read = "", ""
    for at in range(2000):
        words = "".join(chr(0x4E00 + chance.randrange(5000)) for _ in range(chance.choice((0, 1, 5, 450))))
        whole += words
        board.take(words, "尾" * chance.choice((0, 3, 500)), False, float(at))
        now = board.news()
        assert now is not None and len(now.lines) <= 2 and len(now.tentative) <= TENTATIVE
        assert all(len(line) <= LONGEST for line in now.lines)
        if len(words) < 10 and now.lines:
            # Either the last line grew, or it became the first one.
            assert now.lines[-1].startswith(before[-1]) or now.lines[0] == before[-1]
            read += words
        before = now.lines or [""]
    assert read and before[-1] and whole.endswith(before[-1])


def test_who_hears_is_gone_and_so_is_what_was_tentative() -> None:
    board = Board()
    board.take("同学们", "好", False, 1.0)
    board.silence()
    assert board.news() == Captions(lines=["同学们"], tentative="")


def test_who_comes_late_sees_what_stands_there_and_nothing_old() -> None:
    board = Board()
    assert board.standing(0.0) is None
    board.take("同学们", "好", False, 1.0)
    for _ in range(2):
        assert board.standing(1.0 + GONE_S) == Captions(lines=["同学们"], tentative="好")
    assert board.news() is not None, "the others still have to be told"
    assert board.standing(1.1 + GONE_S) is None
    board.take("", "", True, 20.0)
    assert board.standing(20.0) is None, "lines are gone, and nothing was said"


@pytest.mark.parametrize(
    "line",
    [b"", b"x", b"[]", b'{"settled": [[1, 2]]}', b'{"lost_s": -1}', b'{"lost_s": 1e300}', b'{"tentative": 3}'],
)
def test_what_nobody_says_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="fields"):
        said.read(line)


def test_what_is_said_is_read() -> None:
    it = said.read('{"settled": [[1, 2, "勾"], [2, 3, "股"]], "tentative": "定", "pause": false}'.encode())
    assert it.words == "勾股" and it.tentative == "定" and not it.pause and not it.ready
    assert said.read(b'{"ready": "model@1"}').ready == "model@1"
    assert said.read(b'{"lost_s": 1.5, "more": 1}').lost_s == 1.5
