"""The stage, with the real engine, the small model and real Opus files."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mediaserver.api import UserError
from recorder import manifest, transcript
from recorder.manifest import Gap, Manifest, Output, Part, Sync
from recorder.speech.engine import Whisper
from recorder.stages.transcript import DAMAGED, Transcriber
from recorder.stages.work import Facts, Work
from tests.asr.phrases import MODEL
from tests.asr.say import RATE, write
from tests.asr.speech import spoken
from tests.speech.conftest import add

PLAN = [
    (3, "同学们好"),
    (6, "请打开课本"),
    (12, "第三单元"),
    (20, "二次函数"),
    (42, "勾股定理"),
    (45, "三角形的面积"),
    (55, "下课"),
]
LENGTH = 60.0


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber(MODEL, "cpu", threads=1)


def heard(work: Work) -> transcript.Transcript:
    made = transcript.load(work.folder)
    assert made is not None and made.heard_us == -1
    return made


def times(made: transcript.Transcript, phrase: str) -> list[float]:
    return [line.start_us / 1e6 for line in made.lines if phrase in line.text]


def assert_spoken(made: transcript.Transcript, plan, offset: float = 0.0) -> None:
    for at, phrase in plan:
        found = times(made, phrase)
        assert len(found) == 1 and abs(found[0] - at - offset) <= 1, (phrase, at + offset, made.lines)


def test_phrases_are_found_at_their_second_and_no_others(lesson, transcriber):
    work = lesson({"teacher": (PLAN, LENGTH)})
    transcriber.run(work)
    made = heard(work)
    assert_spoken(made, PLAN)
    assert len(made.lines) == len(PLAN)
    assert not times(made, "光合作用")
    assert made.language == "zh" and made.model.startswith("model@")
    for line in made.lines:
        assert line.track == "teacher-microphone"
        assert "".join(word.text for word in line.words).strip() == line.text
        assert all(line.start_us <= word.start_us <= word.end_us <= line.end_us for word in line.words)
    assert manifest.load(work.folder).done["transcript"] == made.made_from


def test_two_who_speak_at_once_are_both_heard(lesson, transcriber):
    pupil = [(3.2, "老师好"), (21, "一次函数")]
    work = lesson({"teacher": (PLAN[:4], 25), "class": (pupil, 24)}, at={"class": 0.0})
    transcriber.run(work)
    made = heard(work)
    assert_spoken(made, [*PLAN[:4], *pupil])
    assert [line.start_us for line in made.lines] == sorted(line.start_us for line in made.lines)
    assert {line.track for line in made.lines} == {"teacher-microphone", "class-microphone"}


def test_a_class_that_was_called_late_is_on_the_time_line_of_the_lesson(lesson, transcriber):
    work = lesson({"teacher": ([(1, "上课")], 4), "class": ([(2, "老师好")], 6)}, at={"class": 300.0})
    transcriber.run(work)
    assert_spoken(heard(work), [(1, "上课"), (302, "老师好")])


def test_what_did_not_arrive_is_no_time_that_passed_unheard(lesson, transcriber):
    """A part, a gap of half a minute, another part whose sender's clock runs 2 % fast."""
    work = lesson({"teacher": (PLAN[:2], 9)})
    track = work.manifest.tracks[0]
    later = add(work.folder, "again", [(10, "丝绸之路"), (50, "秦始皇")], 55).parts[0]
    fast = Sync(pts_us=51_000_000, at_us=90_000_000)
    track.parts.append(
        later.model_copy(update={"start_us": 40_000_000, "sync": [Sync(pts_us=0, at_us=40_000_000), fast]})
    )
    track.gaps.append(Gap(start_us=9_000_000, end_us=40_000_000, why="network"))
    work.save()
    transcriber.run(work)
    assert_spoken(heard(work), [*PLAN[:2], (49.8, "丝绸之路"), (89, "秦始皇")])


def test_a_finished_file_goes_before_its_parts_and_lies_where_it_says(lesson, transcriber):
    work = lesson({"teacher": ([(1, "重力")], 3)})
    write(work.folder / "finished.mp4", spoken(PLAN[:3], 15))
    work.manifest.put(
        Output(
            name="camera",
            participant="teacher",
            file="finished.mp4",
            media_type="video/mp4",
            bytes=1,
            sha256="0" * 64,
            duration_us=15_000_000,
            offset_us=2_000_000,
        )
    )
    transcriber.run(work)
    made = heard(work)
    assert_spoken(made, PLAN[:3], 2)
    assert not times(made, "重力")


def test_an_upload_is_heard_out_of_its_film(tmp_path, transcriber):
    write(tmp_path / "film.mp4", spoken(PLAN[:3], 15))
    (tmp_path / "poster.jpg").write_bytes(b"no film")
    made = Manifest(room="upload", began=0)
    made.put(Output(name="poster", file="poster.jpg", media_type="image/jpeg", bytes=1, sha256=""))
    made.put(Output(name="camera", file="film.mp4", media_type="video/mp4", bytes=1, sha256="", duration_us=15_000_000))
    work = Work(tmp_path, made)
    transcriber.run(work)
    assert_spoken(heard(work), PLAN[:3])


@pytest.mark.parametrize("kind", ["silence", "noise", "hum", "music"])
def test_what_nobody_said_is_no_line(lesson, transcriber, kind):
    work = lesson({"teacher": ([], 1)})
    time = np.arange(25 * RATE) / RATE
    notes = np.array([262, 330, 392, 523])[(time * 2).astype(int) % 4]
    pcm = {
        "silence": np.zeros(len(time)),
        "noise": np.random.default_rng(1).standard_normal(len(time)) * 0.05,
        "hum": 0.1 * np.sin(2 * np.pi * 100 * time),
        "music": sum(0.1 / n * np.sin(2 * np.pi * n * np.cumsum(notes) / RATE) for n in (1, 2, 3)),
    }[kind]
    write(work.folder / work.manifest.tracks[0].parts[0].file, pcm.astype(np.float32))
    transcriber.run(work)
    assert heard(work).lines == []


def test_an_english_lesson_and_a_mixed_one(lesson, transcriber):
    english = [(1, "good morning class"), (4, "open your books"), (7, "look at the blackboard"), (10, "any questions")]
    work = lesson({"teacher": (english, 13)}, facts=Facts(subject="英语", language="zh-CN"))
    transcriber.run(work)
    made = heard(work)
    assert made.language == "en"
    assert_spoken(made, english)


def test_a_mixed_lesson_stays_chinese_and_keeps_its_english(lesson, transcriber):
    mixed = [
        (1, "同学们好"),
        (4, "跟我一起读"),
        (7, "photosynthesis"),
        (10, "光合作用"),
        (13, "非常好"),
        (16, "大家明白了吗"),
    ]
    work = lesson({"teacher": (mixed, 19)}, facts=Facts(subject="英语"))
    transcriber.run(work)
    made = heard(work)
    assert made.language == "zh"
    assert_spoken(made, mixed)


def test_a_lesson_that_begins_in_english_is_heard_as_what_most_of_it_is(lesson):
    english = [(1, "good morning class"), (4, "open your books"), (7, "look at the blackboard")]
    chinese = [(at, phrase) for at, (_, phrase) in zip(range(22, 57, 5), PLAN, strict=True)]
    work = lesson({"teacher": (english + chinese, LENGTH)}, facts=Facts(subject="英语"))
    Transcriber(MODEL, "cpu", threads=1, span_s=12).run(work)
    made = heard(work)
    assert made.language == "zh"
    assert_spoken(made, chinese)


def test_what_is_known_otherwise_is_heard_anew(lesson, transcriber):
    work = lesson({"teacher": (PLAN[:3], 15)})
    transcriber.run(work)
    before = heard(work)
    transcriber.run(Work(work.folder, manifest.load(work.folder), replace(work.facts, language="en")))
    assert heard(work).made_from != before.made_from


def test_every_window_is_told_of_the_lesson(lesson, monkeypatch):
    """The engine's own way tells the first one alone."""
    prompts = []
    told = Whisper.get_prompt

    def spied(self, tokenizer, previous, *args, **kwargs):
        made = told(self, tokenizer, previous, *args, **kwargs)
        prompts.append(tokenizer.decode([token for token in made if token < tokenizer.eot]))
        return made

    monkeypatch.setattr(Whisper, "get_prompt", spied)
    Transcriber(MODEL, "cpu", threads=1).run(lesson({"teacher": (PLAN, LENGTH)}))
    assert len(prompts) > 1
    assert all("勾股定理" in prompt and "上课" in prompt for prompt in prompts), prompts


def test_run_twice_it_changes_nothing(lesson, transcriber):
    work = lesson({"teacher": (PLAN[:3], 15)})
    transcriber.run(work)
    file = work.folder / transcript.NAME
    before = (file.stat().st_mtime_ns, file.read_bytes())
    transcriber.run(Work(work.folder, manifest.load(work.folder), work.facts))
    assert (file.stat().st_mtime_ns, file.read_bytes()) == before


def test_other_sound_is_heard_anew(lesson, transcriber):
    work = lesson({"teacher": (PLAN[:1], 6)})
    transcriber.run(work)
    other = add(work.folder, "other", [(2, "太阳系")], 6)
    work.manifest.tracks[0].parts = other.parts
    transcriber.run(work)
    assert_spoken(heard(work), [(2, "太阳系")])


def test_without_a_model_it_says_what_to_do(lesson, tmp_path):
    work = lesson({"teacher": ([], 1)})
    for folder in (None, tmp_path / "none"):
        with pytest.raises(UserError) as caught:
            Transcriber(folder).run(work)
        assert caught.value.code == "no_model" and "tongke models fetch" in caught.value.detail
    assert transcript.load(work.folder) is None


def test_a_damaged_model_says_so(lesson, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in MODEL.iterdir():
        (broken / file.name).write_bytes(file.read_bytes()[:1000] if file.name == "model.bin" else file.read_bytes())
    with pytest.raises(UserError) as caught:
        Transcriber(broken, "cpu").run(lesson({"teacher": ([], 1)}))
    assert caught.value.code == "bad_model"


def test_what_has_no_sound_needs_no_model(tmp_path):
    work = Work(tmp_path, Manifest(room="slides", began=0), Facts(language="en"))
    Transcriber(None).run(work)
    made = heard(work)
    assert made.lines == [] and made.language == "en"


@pytest.mark.parametrize("keep", [0, 40, 0.5])
def test_a_damaged_file_is_heard_as_far_as_it_goes(lesson, transcriber, keep):
    work = lesson({"teacher": (PLAN, LENGTH), "class": ([(2, "老师好")], 6)})
    file = work.folder / work.manifest.tracks[0].parts[0].file
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * keep) if isinstance(keep, float) else keep])
    transcriber.run(work)
    made = heard(work)
    assert_spoken(made, [(2, "老师好")])
    if keep == 0.5:
        assert_spoken(made, PLAN[:3])
        assert not times(made, "下课")
    else:
        assert DAMAGED in manifest.load(work.folder).notes


def test_progress_rises_to_the_end_and_may_stop_the_run(lesson):
    said: list[float] = []
    work = lesson({"teacher": (PLAN, LENGTH)})
    work.progress = said.append
    transcriber = Transcriber(MODEL, "cpu", threads=1, span_s=20)
    transcriber.run(work)
    assert said == sorted(said) and said[-1] == 1.0 and len(said) >= 3
    whole = heard(work)

    class Enough(Exception):
        pass

    def stop(part: float) -> None:
        raise Enough

    (work.folder / transcript.NAME).unlink()
    work.manifest.done.clear()
    work.progress = stop
    with pytest.raises(Enough):
        transcriber.run(work)
    begun = transcript.load(work.folder)
    assert begun is not None and 0 < begun.heard_us < LENGTH * 1e6
    work.progress = said.append
    transcriber.run(work)
    assert heard(work) == whole


def test_killed_between_spans_it_goes_on_and_hears_the_same(lesson, tmp_path):
    """A real process, killed as the kernel kills, as soon as the first span is saved."""
    work = lesson({"teacher": (PLAN, LENGTH), "class": ([(2, "老师好"), (30, "请坐")], 40)})
    Transcriber(MODEL, "cpu", threads=1, span_s=15).run(work)
    whole = heard(work)
    (work.folder / transcript.NAME).unlink()
    work.manifest.done.clear()
    work.save()

    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.speech.worker", str(work.folder), "15"],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        with child, child.stdout:
            assert child.stdout.readline().startswith(b"saved"), "a span is saved"
            child.send_signal(signal.SIGKILL)
        begun = transcript.load(work.folder)
        assert begun is not None and begun.heard_us >= 0 and begun.tracks
    again = Work(work.folder, manifest.load(work.folder), work.facts)
    done: list[float] = []
    again.progress = done.append
    Transcriber(MODEL, "cpu", threads=1, span_s=15).run(again)
    assert done[0] > 0.2, "it did not begin anew"
    assert heard(again) == whole


def test_a_part_without_reports_lies_where_it_began(lesson, transcriber):
    work = lesson({"teacher": (PLAN[:1], 6)})
    part: Part = work.manifest.tracks[0].parts[0]
    part.sync, part.start_us = [], 7_000_000
    transcriber.run(work)
    assert_spoken(heard(work), PLAN[:1], 7)
