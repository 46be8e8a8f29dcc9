"""Which device, which languages, and where somebody speaks."""

from __future__ import annotations

import numpy as np
import pytest

from mediaserver.api import UserError
from recorder.speech import engine, models
from recorder.speech.heard import RATE
from recorder.speech.recogniser import Recogniser, joined
from tests.asr.phrases import MODEL
from tests.asr.speech import clips, spoken


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(MODEL, "cpu", 1)


@pytest.fixture
def gpu(monkeypatch):
    """A machine with a GPU on which nothing can be loaded. → the devices that were tried."""
    tried: list[tuple[str, str, int]] = []
    real = engine.Whisper

    def load(folder, *, device, compute_type, cpu_threads, **more):
        tried.append((device, compute_type, cpu_threads))
        if device == "cuda":
            raise RuntimeError("CUDA out of memory")
        return real(folder, device=device, compute_type=compute_type, cpu_threads=cpu_threads, **more)

    monkeypatch.setattr(engine, "Whisper", load)
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 1)
    return tried


def test_a_gpu_is_tried_first_and_the_cpu_is_better_than_nothing(gpu):
    Recogniser(MODEL, "auto", 2)
    assert gpu == [("cuda", "float16", 2), ("cpu", "int8", 2)]


def test_a_gpu_that_was_asked_for_and_fails_is_told(gpu):
    with pytest.raises(UserError) as caught:
        Recogniser(MODEL, "cuda", 1)
    assert caught.value.code == "bad_model" and "recorder.device" in caught.value.detail
    assert "out of memory" in caught.value.detail


def test_threads_are_bounded(gpu, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    Recogniser(MODEL, "cpu")
    assert gpu == [("cpu", "int8", 4)]


def test_its_name_is_that_of_its_weights(recogniser):
    assert recogniser.name == f"model@{models.digest(MODEL / 'model.bin')[:16]}"


def test_regions_are_where_somebody_speaks(recogniser):
    pcm = spoken([(1.0, "丝绸之路"), (4.0, "秦始皇")], 7)
    first, second = recogniser.speech(pcm)
    for region, at, phrase in ((first, 1.0, "丝绸之路"), (second, 4.0, "秦始皇")):
        assert region.start / RATE == pytest.approx(at, abs=0.25)
        assert region.end / RATE == pytest.approx(at + len(clips()[phrase]) / RATE, abs=0.35)
    assert len(joined(pcm, [first, second])) == first.end - first.start + second.end - second.start
    assert len(recogniser.speech(pcm, pause_ms=3000)) == 1
    assert recogniser.speech(np.zeros(RATE, np.float32)) == [] and len(joined(pcm, [])) == 0


@pytest.mark.parametrize(
    ("phrases", "language"),
    [(("我们来看黑板", "谁来回答这个问题"), "zh"), (("open your books", "any questions"), "en")],
)
def test_languages_are_told_apart(recogniser, phrases, language):
    pcm = spoken([(0.3, phrases[0]), (3.0, phrases[1])], 5.5)
    likely = recogniser.languages(joined(pcm, recogniser.speech(pcm)), ("zh", "en"))
    assert max(likely, key=lambda name: likely[name]) == language
    assert sum(likely.values()) == pytest.approx(1)


def test_the_same_is_heard_the_same(recogniser):
    pcm = spoken([(0.5, "勾股定理"), (2.5, "直角坐标系")], 5)
    assert recogniser.hear(pcm, "zh") == recogniser.hear(pcm, "zh") == Recogniser(MODEL, "cpu", 2).hear(pcm, "zh")


def test_prompt_and_hotwords_do_not_harm_what_is_said(recogniser):
    pcm = spoken([(0.5, "勾股定理"), (2.5, "直角坐标系")], 5)
    heard = recogniser.hear(pcm, "zh", "以下是八年级数学课，内容是勾股定理。", "勾股定理 斜边")
    assert "".join(word.text for utterance in heard for word in utterance.words) == "勾股定理直角坐标系"
