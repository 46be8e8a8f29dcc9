"""Live captions: the pure part with a scripted engine, and the process with the real one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from recorder.speech import live
from recorder.speech.captions import MOST_PACKETS, Decoder, Waiting
from recorder.speech.feed import HEAD
from recorder.speech.heard import RATE, Pcm, Region, Word
from recorder.speech.live import Agreement, Caption, Captions
from tests.asr.phrases import MODEL
from tests.asr.speech import spoken


def words(text: str, start: float = 0.0, each: float = 0.25) -> list[Word]:
    return [Word(start + n * each, start + (n + 1) * each, character) for n, character in enumerate(text)]


def text(found: Sequence[Word]) -> str:
    return "".join(word.text for word in found)


class TestAgreement:
    def test_what_two_hearings_agree_on_is_settled(self):
        agreement = Agreement()
        assert agreement.take(words("今天")) == [] and text(agreement.tentative) == "今天"
        assert text(agreement.take(words("今天我们雪"))) == "今天" and text(agreement.tentative) == "我们雪"
        assert text(agreement.take(words("今天我们学习"))) == "我们" and text(agreement.tentative) == "学习"
        assert text(agreement.finish(words("今天我们学习勾股"))) == "学习勾股" and agreement.tentative == []

    def test_a_hearing_that_changes_its_mind_settles_nothing(self):
        agreement = Agreement()
        agreement.take(words("今天"))
        assert agreement.take(words("金田我们")) == []
        assert text(agreement.take(words("今天我们"))) == ""
        assert text(agreement.take(words("今天我们"))) == "今天我们"

    def test_marks_do_not_keep_words_from_agreeing(self):
        agreement = Agreement()
        agreement.take([Word(0, 1, "Good"), Word(1, 2, " morning")])
        assert (
            text(agreement.take([Word(0, 1, " good"), Word(1, 2, " morning,"), Word(2, 3, " class")]))
            == " good morning,"
        )

    def test_settled_words_heard_a_little_later_are_not_said_twice(self):
        agreement = Agreement()
        agreement.take(words("我们学习"))
        agreement.take(words("我们学习"))
        assert agreement.take(words("学习勾股", 0.6)) == []
        assert text(agreement.finish()) == "勾股"

    def test_a_word_said_again_is_a_word(self):
        agreement = Agreement()
        agreement.take(words("对"))
        agreement.take(words("对"))
        agreement.take(words("对对", 0.0))
        assert text(agreement.finish()) == "对"


class Script:
    """An engine that hears a script: samples are their own times, and the last word of a stretch is heard wrongly."""

    def __init__(self, script: Sequence[Word]) -> None:
        self.script = script
        self.lengths: list[float] = []

    def sound(self, begin: float, end: float) -> Pcm:
        return (np.arange(int(begin * RATE), int(end * RATE)) / RATE + 1).astype(np.float32)

    def recognise(self, pcm: Pcm) -> list[Word]:
        begin, end = float(pcm[0]) - 1, float(pcm[-1]) - 1
        self.lengths.append(end - begin)
        heard = [word for word in self.script if begin - 0.05 <= word.start_s and word.start_s + 0.05 < end]
        return [
            Word(word.start_s - begin, word.end_s - begin, word.text if word.end_s <= end + 0.05 else "？x")
            for word in heard
        ]

    def speech(self, pcm: Pcm) -> list[Region]:
        if not len(pcm):
            return []
        begin = float(pcm[0]) - 1
        regions: list[Region] = []
        for word in self.script:
            start = max(0, round((word.start_s - begin) * RATE))
            end = min(len(pcm), round((word.end_s - begin) * RATE))
            if end <= start:
                continue
            if regions and start - regions[-1].end < 0.3 * RATE:
                regions[-1] = Region(regions[-1].start, end)
            else:
                regions.append(Region(start, end))
        return regions


def follow(script: Script, length: float, step: float = 0.25) -> Iterator[tuple[float, Caption]]:
    """(time at which it is shown, caption)"""
    captions = Captions(script.recognise, script.speech)
    now = 0.0
    while now < length:
        later = min(length, now + step)
        for caption in captions.feed(round(now * 1e6), script.sound(now, later)):
            yield later, caption
        assert captions.waiting_s <= live.LONGEST / RATE + step + 1
        now = later
    for caption in captions.end():
        yield length, caption


SENTENCES = [*words("今天我们学习勾股定理", 2.0), *words("请打开课本", 7.0), *words("非常好", 12.0)]


@pytest.mark.parametrize("step", [0.02, 0.25, 1.0, 3.3])
def test_all_words_are_settled_once_in_order_and_where_they_were(step):
    settled = [word for _, caption in follow(Script(SENTENCES), 15, step) for word in caption.settled]
    assert text(settled) == text(SENTENCES)
    assert [word.start_s for word in settled] == pytest.approx([word.start_s for word in SENTENCES], abs=0.001)


def test_words_are_shown_soon_and_settled_a_little_later():
    shown: dict[int, float] = {}
    settled: dict[int, float] = {}
    count = 0
    for now, caption in follow(Script(SENTENCES), 15):
        count += len(caption.settled)
        for index in range(count):
            settled.setdefault(index, now)
        for index in range(count + len(caption.tentative)):
            shown.setdefault(index, now)
    for index, word in enumerate(SENTENCES):
        assert shown[index] - word.end_s <= 1.25
        assert settled[index] - word.end_s <= 2.5


def test_a_pause_is_told_and_what_is_settled_does_not_change():
    captions = [caption for _, caption in follow(Script(SENTENCES), 15)]
    assert [text(caption.settled)[-1] for caption in captions if caption.pause] == ["理", "本", "好"]
    assert all(not caption.tentative for caption in captions if caption.pause)
    assert any(caption.tentative for caption in captions)


def test_silence_costs_nothing_and_says_nothing():
    script = Script([])
    assert list(follow(script, 60)) == []
    assert script.lengths == []


def test_who_never_pauses_is_heard_in_bounded_stretches():
    endless = words("".join(chr(0x4E00 + n) for n in range(400)), 1.0)
    script = Script(endless)
    settled = [word for _, caption in follow(script, 110) for word in caption.settled]
    assert text(settled) == text(endless)
    assert max(script.lengths) <= live.LONGEST / RATE + 1.5


def test_an_engine_that_never_agrees_with_itself_is_cut_and_counted():
    chance = random.Random(1)
    script = Script(words("字" * 400, 0.0))

    def nonsense(pcm: Pcm) -> list[Word]:
        script.lengths.append(len(pcm) / RATE)
        return words("".join(chr(0x4E00 + chance.randrange(5000)) for _ in range(int(len(pcm) / RATE * 4))))

    captions = Captions(nonsense, script.speech)
    for second in range(60):
        captions.feed(second * 1_000_000, script.sound(second, second + 1))
    assert captions.counts.forced >= 2 and max(script.lengths) <= live.LONGEST / RATE + 1.5


def test_a_hole_in_the_sound_ends_an_utterance_and_times_stay_right():
    script = Script([*words("我们学习", 1.0), *words("勾股定理", 62.0)])
    captions = Captions(script.recognise, script.speech)
    made = captions.feed(0, script.sound(0, 2.5))
    made += captions.feed(60_000_000, script.sound(60, 64.5))
    made += captions.end()
    settled = [word for caption in made for word in caption.settled]
    assert text(settled) == "我们学习勾股定理" and settled[4].start_s == pytest.approx(62.0, abs=0.01)
    assert captions.counts.holes == 1


def test_small_holes_and_overlaps_are_mended():
    script = Script(words("我们学习", 0.5))
    captions = Captions(script.recognise, script.speech)
    made = captions.feed(0, script.sound(0, 0.5)) + captions.feed(450_000, script.sound(0.45, 1.2))
    made += captions.feed(1_230_000, script.sound(1.23, 2.0)) + captions.end()
    assert text([word for caption in made for word in caption.settled]) == "我们学习"
    assert captions.counts.holes == 0


# ---------------------------------------------------------------- the process


def test_of_too_much_that_waits_the_oldest_goes_and_is_told():
    waiting = Waiting(longest_us=1_000_000)
    for number in range(100):
        waiting.put(number * 20_000, b"x")
    packets, lost = waiting.take()
    assert packets[0][0] == 980_000 and packets[-1][0] == 1_980_000
    assert lost == packets[0][0]
    for _ in range(2 * MOST_PACKETS):
        waiting.put(5_000_000, b"x")
    assert len(waiting.take()[0]) == MOST_PACKETS
    waiting.end()
    assert waiting.take() == ([], 0)


def opus(pcm: Pcm) -> list[tuple[int, bytes]]:
    """Packets of 20 ms, as a browser sends them, with when they were captured."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE, "mono", "flt", 24_000
    codec.open()
    packets = []
    for begin in range(0, len(pcm) - codec.frame_size, codec.frame_size):
        frame = av.AudioFrame.from_ndarray(pcm[None, begin : begin + codec.frame_size], format="flt", layout="mono")
        frame.sample_rate, frame.pts = RATE, begin
        packets += codec.encode(frame)
    return [(number * 20_000, bytes(packet)) for number, packet in enumerate(packets)]


def test_packets_become_sound_and_damage_is_silence():
    packets = opus(spoken([(0.5, "勾股定理")], 3))
    ((at, pcm),) = Decoder().stretches(packets)
    assert at == 0 and len(pcm) / RATE == pytest.approx(len(packets) * 0.02, abs=0.03)
    late = [(at + 10_000_000, packet) for at, packet in packets[:50]]
    first, second = Decoder().stretches([*packets[:50], *late])
    assert (first[0], second[0]) == (0, 10_000_000)
    hostile = [(at, packet if number != 20 else b"\xff" * 1200) for number, (at, packet) in enumerate(packets)]
    ((_, mended),) = Decoder().stretches(hostile)
    assert len(mended) / RATE == pytest.approx(len(pcm) / RATE, abs=0.1)


def test_a_teacher_is_captioned_while_she_speaks():
    plan = [(1, "同学们好"), (4, "请打开课本"), (7, "勾股定理"), (9, "三角形的面积")]
    packets = opus(spoken(plan, 12))
    child = subprocess.Popen(
        [sys.executable, "-m", "recorder.speech.captions", str(MODEL), "--device", "cpu", "--threads", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdin is not None and child.stdout is not None
    said = []
    with child:
        assert json.loads(child.stdout.readline())["ready"].startswith("model@")
        for at_us, packet in packets:
            if at_us == 3_400_000:
                child.stdin.flush()
                while not any(caption.get("pause") for caption in said):
                    said.append(json.loads(child.stdout.readline()))
                assert [word[2] for caption in said for word in caption.get("settled", ())] == list(plan[0][1])
            child.stdin.write(HEAD.pack(at_us + 600_000_000, len(packet)) + packet)
        child.stdin.close()
        said += [json.loads(line) for line in child.stdout]
    assert child.returncode == 0
    heard = [caption["heard_us"] for caption in said if "heard_us" in caption]
    assert heard == sorted(heard) and heard[-1] == pytest.approx(612_000_000, abs=1_500_000)
    settled = [word for caption in said for word in caption.get("settled", ())]
    whole = "".join(word[2] for word in settled)
    assert whole == "".join(phrase for _, phrase in plan)
    for at, phrase in plan:
        assert settled[whole.index(phrase)][0] / 1e6 == pytest.approx(600 + at, abs=1.0)
    assert [start for start, _, _ in settled] == sorted(start for start, _, _ in settled)
