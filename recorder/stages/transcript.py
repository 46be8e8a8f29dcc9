"""The stage that writes down what was said.

Each track is heard in spans of some minutes that end in a pause, and after each the transcript is saved with how far it
has come: whoever is killed goes on there, and hears the same, since a span knows nothing of the one before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from mediaserver.api import UserError
from recorder import transcript
from recorder.speech import bias
from recorder.speech.clean import Cleaner, CleanLine
from recorder.speech.heard import RATE, Pcm, Region
from recorder.speech.recogniser import Device, Recogniser, joined
from recorder.speech.sound import Sound, read, sounds
from recorder.speech.span import cut
from recorder.speech.timing import timed
from recorder.stages.work import Facts, Work
from recorder.transcript import Line, Transcript, Word

NAME = "transcript"
VERSION = 2
"""Of what is made of the engine's words; a higher one makes old transcripts anew."""
SPAN_S = 180.0
SAMPLES = (0.35, 0.6, 0.85)
"""Where, of what is left of a sound, its language is listened for besides at the beginning of speech."""
SAMPLE_S = 60
DAMAGED = "sound_damaged"
"""Note of a manifest: not all of a file could be read, so words may be missing."""


class Transcriber:
    """Hears lessons with one model, which is loaded for the first of them and kept.

    :param model_dir: None where there is no model. :param threads: of the CPU; at most four by default.
    """

    def __init__(
        self, model_dir: Path | None, device: Device = "auto", threads: int | None = None, span_s: float = SPAN_S
    ) -> None:
        self._folder = model_dir
        self._device: Device = device
        self._threads = threads
        self._span = int(span_s * RATE)
        self._loaded: Recogniser | None = None

    def run(self, work: Work) -> None:
        """Write `transcript.json`; an empty one, for which no model is needed, when nothing sounds.

        :raises UserError: 409 `no_model`: publish without a transcript and run this again when there is a model;
            422 `bad_model`.
        """
        found = sounds(work.folder, work.manifest)
        engine = self._engine() if found else None
        made_from = _digest(engine.name if engine else "", found, work.facts)
        if work.manifest.done.get(NAME) == made_from and (work.folder / transcript.NAME).exists():
            return
        if engine:
            _Run(work, engine, found, made_from, self._span).all()
        else:
            language = bias.language(work.facts, {})
            transcript.save(work.folder, Transcript(made_from=made_from, language=language))
        work.manifest.done[NAME] = made_from
        work.save()

    def _engine(self) -> Recogniser:
        if self._folder is None:
            raise UserError(
                409, "no_model", "There is no speech model on this machine; get one with: tongke models fetch small"
            )
        if self._loaded is None:
            self._loaded = Recogniser(self._folder, self._device, self._threads)
        return self._loaded


class _Run:
    def __init__(self, work: Work, engine: Recogniser, found: list[Sound], made_from: str, span: int) -> None:
        self._work, self._engine, self._sounds, self._span = work, engine, found, span
        self._transcript = _begun(work.folder, made_from) or Transcript(
            model=engine.name, device=engine.device, made_from=made_from, heard_us=0
        )
        self._total = max(1, sum(sound.end_us for sound in found))
        self._told = 0.0

    def all(self) -> None:
        for sound in self._sounds:
            self._track(sound)
        self._transcript.heard_us = -1
        self._transcript.language = self._transcript.language or bias.language(self._work.facts, {})
        self._save()

    def _track(self, sound: Sound) -> None:
        start_us = self._transcript.tracks.get(sound.track, 0)
        if start_us < 0:
            return
        damaged: set[str] = set()
        while len(pcm := read(sound, start_us, self._span, damaged)):
            regions = self._engine.speech(pcm)
            end = len(pcm) if len(pcm) < self._span else cut(regions, self._span)
            if regions:
                if not self._transcript.language:
                    samples = [joined(pcm, regions), *self._samples(sound, start_us, damaged)]
                    self._transcript.language = bias.language(self._work.facts, self._likely(samples))
                self._hear(pcm[:end], regions, start_us, sound.track)
            start_us += round(end * 1_000_000 / RATE)
            self._transcript.tracks[sound.track] = start_us
            self._save()
        self._transcript.tracks[sound.track] = WHOLE
        if damaged and DAMAGED not in self._work.manifest.notes:
            self._work.manifest.notes.append(DAMAGED)

    def _samples(self, sound: Sound, start_us: int, damaged: set[str]) -> Iterator[Pcm]:
        """Speech from later on: a lesson in Chinese may begin with a song in English."""
        left_us = sound.end_us - start_us
        for share in SAMPLES:
            at_us = start_us + round(left_us * share)
            if at_us - start_us >= self._span * 1_000_000 // RATE:
                pcm = read(sound, at_us, SAMPLE_S * RATE, damaged)
                if regions := self._engine.speech(pcm):
                    yield joined(pcm, regions)

    def _likely(self, samples: Sequence[Pcm]) -> dict[str, float]:
        """Probabilities of languages, each sample counting as much as any other."""
        found = [self._engine.languages(sample, bias.LANGUAGES) for sample in samples]
        return {language: sum(one[language] for one in found) / len(found) for language in bias.LANGUAGES}

    def _hear(self, pcm: Pcm, regions: Sequence[Region], start_us: int, track: str) -> None:
        import opencc

        language, facts = self._transcript.language, self._work.facts
        prompt = bias.prompt(facts, language)
        heard = self._engine.hear(pcm, language, prompt, bias.hotwords(facts))
        cleaner = Cleaner(opencc.OpenCC("t2s").convert, prompt)
        self._transcript.lines += [_line(line, start_us, track) for line in cleaner.lines(timed(heard, regions))]
        self._transcript.lines.sort(key=lambda line: (line.start_us, line.track))
        for reason, times in asdict(cleaner.dropped).items():
            if times:
                self._transcript.dropped[reason] = self._transcript.dropped.get(reason, 0) + times

    def _save(self) -> None:
        """…and say how far it is, which may end the run."""
        heard = self._transcript.tracks
        ends = [
            sound.end_us if heard.get(sound.track) == WHOLE else heard.get(sound.track, 0) for sound in self._sounds
        ]
        if self._transcript.heard_us >= 0:
            self._transcript.heard_us = min(ends, default=0)
        transcript.save(self._work.folder, self._transcript)
        # A part that was never closed does not know how long it is, so this is an estimate.
        self._told = max(self._told, min(1.0, sum(ends) / self._total))
        self._work.progress(self._told)


WHOLE = -1
"""Of `Transcript.tracks`: heard to its end."""


def _begun(folder: Path, made_from: str) -> Transcript | None:
    """What an earlier run has left, when it heard the same with the same."""
    try:
        begun = transcript.load(folder)
    except ValueError:
        return None
    return begun if begun and begun.made_from == made_from else None


def _digest(model: str, found: list[Sound], facts: Facts) -> str:
    told = (facts.language, *(bias.prompt(facts, language) for language in bias.LANGUAGES), bias.hotwords(facts))
    text = "\n".join([str(VERSION), model, *told, *(f"{sound.track} {sound.digest}" for sound in found)])
    return hashlib.sha256(text.encode()).hexdigest()


def _line(line: CleanLine, start_us: int, track: str) -> Line:
    def at(seconds: float) -> int:
        return start_us + round(seconds * 1_000_000)

    words = [Word(start_us=at(word.start_s), end_us=at(word.end_s), text=word.text) for word in line.words]
    return Line(start_us=at(line.start_s), end_us=at(line.end_s), text=line.text, words=words, track=track)
