"""The speech engine: a Whisper model in CTranslate2's format, out of a local directory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from mediaserver.api import UserError
from recorder.speech import models
from recorder.speech.heard import RATE, Heard, Pcm, Region, Word

if TYPE_CHECKING:
    from recorder.speech.engine import Whisper

Device = Literal["auto", "cpu", "cuda"]

MAX_THREADS = 4
"""More gain little at int8, and live media wants the cores."""
SEED = 20_11
"""What is heard again after a kill must be the same, also where the engine tries again with chance in it."""
TEMPERATURES = (0.0, 0.2, 0.4, 0.6)
CHUNK_S = 30
LANGUAGE_CHUNKS = 4
PAUSE_MS = 300
PAD_MS = 100
SPLIT_MS = 500
"""Pauses from which on silence is left out. The engine's own 2000 lets words slide across what is left of a pause, and
loses some at the end of its windows."""


class Recogniser:
    """A loaded model.

    :param device: `auto` takes a GPU where there is one that works.
    :ivar name: of the model's directory, with a checksum: it is in every transcript. :ivar device: what it runs on.
    :raises UserError: 409 `no_model`; 422 `bad_model`, when it cannot be loaded.
    """

    def __init__(self, folder: Path, device: Device = "auto", threads: int | None = None) -> None:
        models.check(folder)
        self.name = models.fingerprint(folder)
        self._model = _load(folder, device, threads or min(MAX_THREADS, os.cpu_count() or 1))
        self.device = str(self._model.model.device)

    def speech(self, pcm: Pcm, pause_ms: int = PAUSE_MS) -> list[Region]:
        """Where somebody speaks, in order; pauses shorter than `pause_ms` belong to speech."""
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        if not pcm.any():
            return []
        options = VadOptions(min_silence_duration_ms=pause_ms, speech_pad_ms=PAD_MS)
        return [Region(found["start"], found["end"]) for found in get_speech_timestamps(pcm, options)]

    def languages(self, pcm: Pcm, among: Sequence[str]) -> Mapping[str, float]:
        """Probability of each of some languages in up to two minutes of speech (no silence in it, please)."""
        if not self._model.model.is_multilingual:
            return {language: float(language == "en") for language in among}
        sums = dict.fromkeys(among, 0.0)
        for begin in range(0, min(len(pcm), LANGUAGE_CHUNKS * CHUNK_S * RATE), CHUNK_S * RATE):
            found = self._model.detect_language(pcm[begin : begin + CHUNK_S * RATE])[2]
            for language, probability in found:
                if language in sums:
                    sums[language] += probability
        total = sum(sums.values())
        return {language: value / total if total else 1 / len(sums) for language, value in sums.items()}

    def hear(
        self, pcm: Pcm, language: str, prompt: str = "", hotwords: str = "", *, quick: bool = False
    ) -> list[Heard]:
        """:param quick: for captions: no search among several readings and no second try."""
        import ctranslate2

        ctranslate2.set_random_seed(SEED)
        self._model.told = prompt
        segments, _ = self._model.transcribe(
            pcm,
            language=language,
            beam_size=1 if quick else 5,
            temperature=0.0 if quick else TEMPERATURES,
            condition_on_previous_text=False,
            hotwords=hotwords or None,
            vad_filter=True,
            vad_parameters={"min_silence_duration_ms": SPLIT_MS},
            word_timestamps=True,
        )
        return [
            Heard(
                [Word(float(word.start), float(word.end), word.word) for word in segment.words or ()],
                segment.avg_logprob,
                segment.no_speech_prob,
            )
            for segment in segments
        ]


def _load(folder: Path, device: Device, threads: int) -> Whisper:
    import ctranslate2

    from recorder.speech.engine import Whisper

    def load(device: str, kind: str) -> Whisper:
        return Whisper(str(folder), device=device, compute_type=kind, cpu_threads=threads, local_files_only=True)

    try:
        if device != "cpu" and (device == "cuda" or ctranslate2.get_cuda_device_count()):
            try:
                return load("cuda", "float16")
            except (RuntimeError, ValueError):
                # A GPU without its libraries, or too full: slower on the CPU is better than no transcript.
                if device == "cuda":
                    raise
        return load("cpu", "int8")
    except (RuntimeError, ValueError) as error:
        raise UserError(
            422,
            "bad_model",
            f"The speech model in {folder.name} cannot be loaded ({error}); fetch it again, or "
            "look at recorder.device.",
        ) from error


def joined(pcm: Pcm, regions: Sequence[Region]) -> Pcm:
    """The speech alone."""
    pieces = [pcm[region.start : region.end] for region in regions]
    return cast(Pcm, np.concatenate(pieces)) if pieces else pcm[:0]
