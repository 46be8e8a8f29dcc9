"""Captions can be read by people and by browsers; chapters begin where something begins."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder import captions, transcript
from recorder import manifest as manifests
from recorder.manifest import Manifest, Slide
from recorder.outline import MOST, SHORTEST_US, outline
from recorder.stages import chapters
from recorder.stages.work import Work
from recorder.transcript import Line, Transcript, Word

SECOND = 1_000_000


def line(start: float, end: float, text: str, words: list[tuple[float, str]] | None = None) -> Line:
    spoken = [Word(start_us=int(at * SECOND), end_us=int(at * SECOND) + 1, text=word) for at, word in words or []]
    return Line(start_us=int(start * SECOND), end_us=int(end * SECOND), text=text, words=spoken)


class TestCaptions:
    def test_a_file(self):
        text = captions.webvtt([line(0, 2.5, "同学们好。"), line(3661.25, 3662, "x < y & y > z --> 0")])
        assert text == (
            "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n同学们好。\n\n"
            "01:01:01.250 --> 01:01:02.000\nx &lt; y &amp; y &gt; z --&gt; 0\n"
        )

    def test_nothing_said_is_an_empty_file(self):
        assert captions.webvtt([]) == "WEBVTT\n"
        assert captions.parse("WEBVTT") == []

    def test_a_long_line_is_broken_where_one_pauses(self):
        said = (
            "今天我们学习第三单元，先看一看课本第二十页的图画，想一想图上的小朋友在做什么，再读一读下面的生字和词语。"
        )
        (_, first_end, first), (second, _, rest) = captions.cues([line(10, 20, said)])
        assert first == ["今天我们学习第三单元，", "先看一看课本第二十页的图画，"]
        assert rest == ["想一想图上的小朋友在做什么，", "再读一读下面的生字和词语。"]
        assert first_end == second
        assert 14.5 * SECOND < second < 15.5 * SECOND

    def test_pages_begin_with_their_words(self):
        said = "一二三四五六七八九十" * 6
        words = [(10 + number if number < 40 else 90 + number, sign) for number, sign in enumerate(said)]
        pages = list(captions.cues([line(10, 160, said, words)]))
        assert [begin // SECOND for begin, _, _ in pages] == [10, 130]

    def test_words_of_letters_stay_whole(self):
        ((_, _, rows),) = captions.cues([line(0, 4, "the photosynthesis of plants needs light and water")])
        assert rows == ["the photosynthesis of plants needs light", "and water"]

    @given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**7), st.text(max_size=300)), max_size=5))
    def test_whatever_is_said_is_readable_and_comes_back(self, said):
        lines = [Line(start_us=start * 1000, end_us=(start + length) * 1000, text=text) for start, length, text in said]
        lines.sort(key=lambda line: line.start_us)
        pages = list(captions.cues(lines))
        for begin, end, rows in pages:
            assert begin < end and 1 <= len(rows) <= 2
            assert all(row and captions.width(row) <= captions.WIDTH + 10 for row in rows)
        found = captions.parse(captions.webvtt(lines))
        assert len(found) == len(pages)
        wanted = "".join("".join(rows) for _, _, rows in sorted(pages, key=lambda page: page[0] // 1000))
        assert "".join("".join(line.text for line in found).split()) == "".join(wanted.split())

    def test_what_others_have_made_is_read(self):
        text = (
            "\ufeffWEBVTT - lesson\r\nKind: captions\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\nNOTE nothing\r\n\r\n"
            "1\r\n00:05.000 --> 00:06.500 align:start position:10%\r\n<v 教师甲>同学<b>们</b>\r\n好 &amp; 早\r\n\r\n"
            "00:09.000 --> 00:08.000\r\nbackwards\r\n\r\nbroken --> 1\r\nx"
        )
        assert captions.parse(text) == [line(5, 6.5, "同学们 好 & 早")]

    @pytest.mark.parametrize(
        "text", ["", "WEBVTTX\n", "1\n00:00:01,000 --> 00:00:02,000\nsubrip", "WEBVTT" + " " * (5 << 20)]
    )
    def test_what_is_not_webvtt(self, text):
        with pytest.raises(ValueError, match=r"WEBVTT|4 MiB"):
            captions.parse(text)


def talk(*spans: tuple[float, float]) -> list[Line]:
    return [line(start, end, f"第{number}句话。") for number, (start, end) in enumerate(spans)]


class TestOutline:
    def test_slides_that_stay_begin_chapters(self):
        slides = [Slide(at_us=at * SECOND, image=f"slide-{at}") for at in (0, 300, 310, 320, 900)]
        found = outline(slides, [], 1800 * SECOND)
        assert [(chapter.at_us // SECOND, chapter.slide) for chapter in found] == [(0, 0), (300, 1), (900, 4)]

    def test_pauses_begin_chapters_with_what_is_said_then(self):
        found = outline([], talk((1, 200), (201, 400), (420, 800), (806, 1200)), 1800 * SECOND)
        assert [(chapter.at_us // SECOND, chapter.title) for chapter in found] == [
            (0, "第0句话。"), (420, "第2句话。"), (806, "第3句话。"),
        ]  # fmt: skip

    def test_a_slide_after_a_pause_weighs_more_than_one_without(self):
        slides = [Slide(at_us=at * SECOND, image="slide-1") for at in (0, 300, 360)]
        found = outline(slides, talk((1, 350), (358, 700)), 900 * SECOND)
        assert [chapter.at_us // SECOND for chapter in found] == [0, 360]

    def test_a_title_of_a_slide_is_a_chapters(self):
        slides = [Slide(at_us=0, image="slide-1", text="光合作用\n第一节")]
        assert outline(slides, talk((1, 3)), 600 * SECOND)[0].title == "光合作用"

    def test_nothing_to_go_by(self):
        assert outline([], [], 600 * SECOND) == []

    @given(st.lists(st.integers(0, 7200), max_size=200), st.lists(st.integers(0, 7200), max_size=200))
    def test_chapters_are_few_and_apart(self, slides, words):
        shown = [Slide(at_us=at * SECOND, image="slide-1") for at in sorted(slides)]
        found = outline(shown, talk(*((at, at + 1) for at in sorted(words))), 7200 * SECOND)
        assert len(found) <= MOST
        assert all(later.at_us - earlier.at_us >= SHORTEST_US for earlier, later in pairwise(found))


@pytest.fixture
def work(tmp_path):
    manifest = Manifest(room="lesson1", began=1, length_us=600 * SECOND, slides=[Slide(at_us=0, image="slide-1")])
    manifests.save(tmp_path, manifest)
    return Work(tmp_path, manifest)


class TestStage:
    def test_captions_and_chapters_are_written_once(self, work):
        transcript.save(work.folder, Transcript(language="zh", lines=talk((1, 100), (110, 300))))
        chapters.run(work)
        kept = manifests.load(work.folder)
        (made,) = kept.outputs
        assert (made.name, made.file, made.media_type) == ("captions-zh", "out/captions-zh.vtt", "text/vtt")
        assert len(captions.parse((work.folder / made.file).read_text())) == 2
        assert [chapter.at_us // SECOND for chapter in kept.chapters] == [0, 110]
        before = {path: path.stat().st_mtime_ns for path in work.folder.rglob("*")}
        chapters.run(Work(work.folder, kept))
        assert before == {path: path.stat().st_mtime_ns for path in work.folder.rglob("*")}

    def test_another_transcript_makes_other_captions(self, work):
        for lines in (talk((1, 100)), talk((1, 100), (110, 300)), []):
            transcript.save(work.folder, Transcript(language="zh", lines=lines))
            chapters.run(work)
            text = [(work.folder / made.file).read_text() for made in work.manifest.outputs]
            assert text == ([captions.webvtt(lines)] if lines else [])

    def test_without_a_transcript_there_are_chapters_of_slides(self, work):
        chapters.run(work)
        assert work.manifest.outputs == []
        assert len(work.manifest.chapters) == 1
