"""What the small model is trained on: ten seconds of phrases in noise, and what is to be written for them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from faster_whisper.feature_extractor import FeatureExtractor
from torch import Tensor

from tests.asr.phrases import ALL, ZH
from tests.asr.say import RATE, Pcm
from tests.asr.vocabulary import Vocabulary

SILENT = 0.06
"""Of the windows: nobody speaks in them."""
CUT = 0.05
"""…begin within a phrase, which is not to be written."""


class Spoken(NamedTuple):
    """Seconds of the window."""

    phrase: str
    start: float
    end: float


@dataclass(frozen=True)
class Window:
    """:ivar length: seconds after which the sound ends; what is behind is not there for the engine."""

    pcm: Pcm
    spoken: Sequence[Spoken]
    length: float


@dataclass(frozen=True)
class Batch:
    """:ivar mels: batch × mels × frames. :ivar ids: what the decoder reads.

    :ivar wanted: what it should write, -1 where that does not matter.
    :ivar frames: character at each position of the encoder, 0 for none.
    :ivar where: (row, place, first position, last position) of what is written: where the decoder should look.
    """

    mels: Tensor
    ids: Tensor
    wanted: Tensor
    frames: Tensor
    where: Tensor


class Windows:
    """:param clips: of each phrase, by many voices. :param seconds: of a window."""

    def __init__(self, clips: dict[str, list[Pcm]], words: Vocabulary, chance: random.Random) -> None:
        self._clips, self._words, self._chance = clips, words, chance
        self._noise = np.random.default_rng(5).standard_normal(RATE * 60).astype(np.float32)
        extractor = FeatureExtractor(chunk_length=10)
        self._filters = torch.from_numpy(extractor.mel_filters)
        self._taper = torch.from_numpy(np.hanning(401)[:-1].astype(np.float32))
        written = sorted({number for phrase in ALL for number in words.encode(phrase)})
        self.classes = {number: place for place, number in enumerate(written, 1)}

    # ------------------------------------------------------------ sound

    def window(self, seconds: float, most: int) -> Window:
        chance = self._chance
        pcm = np.zeros(int((seconds + 0.5) * RATE), np.float32)
        spoken: list[Spoken] = []
        if chance.random() > SILENT:
            self._speak(pcm, spoken, seconds, most)
        last = spoken[-1].end if spoken else chance.uniform(0.5, seconds)
        length = seconds
        if last < seconds and chance.random() < 0.5:
            length = min(seconds, last + chance.choice((0.05, 0.2, 0.5, 1.0)) * chance.uniform(0.5, 1.5))
        return Window(self._room(pcm, bool(spoken)), spoken, length)

    def _speak(self, pcm: Pcm, spoken: list[Spoken], seconds: float, most: int) -> None:
        chance = self._chance
        pool = chance.choices((ZH, ALL[len(ZH) :], ALL), (62, 16, 22))[0]
        at = chance.choice((chance.uniform(0, 0.25), chance.uniform(0.1, 1), chance.uniform(0.5, min(6, seconds - 1))))
        voice, gain = chance.randrange(1000), 10 ** (chance.uniform(-26, -2) / 20)
        for number in range(most if chance.random() < 0.3 else chance.randint(1, most)):
            voice = voice if chance.random() < 0.85 else chance.randrange(1000)
            phrase = chance.choice(pool)
            clips = self._clips[phrase]
            clip = clips[voice % len(clips)]
            clip = clip / max(1e-3, np.abs(clip).max()) * gain * chance.uniform(0.75, 1)
            if number == 0 and at < 0.3 and chance.random() < CUT:
                clip = clip[chance.randint(len(clip) // 3, len(clip) * 3 // 4) :]
                pcm[: len(clip)] += clip[: len(pcm)]
                at = len(clip) / RATE + chance.uniform(0.25, 0.9)
                continue
            begin = int(at * RATE)
            if begin >= len(pcm) or at > seconds:
                break
            clip = clip[: len(pcm) - begin]
            pcm[begin : begin + len(clip)] += clip
            spoken.append(Spoken(phrase, at, at + len(clips[voice % len(clips)]) / RATE))
            at = spoken[-1].end + (chance.uniform(0.12, 0.5) if chance.random() < 0.6 else chance.uniform(0.4, 2.2))

    def _room(self, pcm: Pcm, speech: bool) -> Pcm:
        chance = self._chance
        if chance.random() < 0.7:
            begin = chance.randrange(len(self._noise) - len(pcm))
            pcm = pcm + self._noise[begin : begin + len(pcm)] * 10 ** (chance.uniform(-75, -42) / 20)
        if chance.random() < (0.04 if speech else 0.4):
            times = np.arange(len(pcm), dtype=np.float32) / RATE
            pitch = chance.choice((50, 60, 100, chance.uniform(40, 1000), chance.uniform(200, 3000)))
            hum = sum(np.sin(2 * np.pi * pitch * n * times) / n for n in range(1, chance.randint(2, 6)))
            pcm = pcm + hum * 10 ** (chance.uniform(-65, -45 if speech else -22) / 20)
        if chance.random() < 0.2:
            delay, echo = chance.randint(300, 1600), pcm.copy()
            echo[delay:] += pcm[:-delay] * chance.uniform(0.05, 0.25)
            pcm = echo
        return pcm.astype(np.float32)

    # ------------------------------------------------------------ text

    def _units(self, spoken: Spoken) -> list[tuple[int, float, float]]:
        """(id, seconds from, to) of what a phrase is written with."""
        ids = self._words.encode(spoken.phrase)
        lengths = [1] * len(ids) if spoken.phrase in ZH else [len(word) + 1 for word in spoken.phrase.split()]
        edges = np.cumsum([0, *lengths]) / sum(lengths) * (spoken.end - spoken.start) + spoken.start
        return [(number, edges[n], edges[n + 1]) for n, number in enumerate(ids)]

    def _before(self, contexts: bool) -> list[int]:
        """A prompt: phrases from before, or bytes of text that the model has never seen."""
        chance, names = self._chance, self._words.ids
        if not contexts or chance.random() < 0.4:
            return []
        if chance.random() < 0.25:
            made = [chance.randrange(256) for _ in range(chance.randint(1, 200))]
        else:
            made = []
            for _ in range(chance.randint(1, 40)):
                made += self._words.encode(chance.choice(ALL))
                made += [names["ï¼Į"]] if chance.random() < 0.3 else []
        return [names["<|startofprev|>"], *made[-223:]]

    def _text(self, window: Window, seconds: float, contexts: bool) -> tuple[list[int], list[int], list[list[float]]]:
        """(read, wanted, where: place, from, to) as the engine will ask for it."""
        chance, words, names = self._chance, self._words, self._words.ids
        chinese = sum(spoken.phrase in ZH for spoken in window.spoken)
        language = names["<|zh|>" if chinese * 2 >= len(window.spoken) else "<|en|>"]
        given = language if chance.random() < 0.88 else names[chance.choice(("<|zh|>", "<|en|>"))]
        if not window.spoken:
            language = names["<|nospeech|>"]
        read = [*self._before(contexts), names["<|startoftranscript|>"], given, names["<|transcribe|>"]]
        wanted = [-1] * (len(read) - 3) + [language, -1]
        whole = [spoken for spoken in window.spoken if spoken.end <= min(seconds, window.length + 0.06)]
        timed = chance.random() < 0.5
        write: list[tuple[int, float, float]] = []
        for spoken in whole:
            begin, end = words.time(spoken.start), words.time(spoken.end)
            write += [(begin, spoken.start - 0.04, spoken.start + 0.08)] if timed else []
            write += self._units(spoken)
            write += [(end, spoken.end - 0.08, spoken.end + 0.04)] if timed else []
        if timed:
            # What is cut off by the end of the window only begins: the engine hears it again from there.
            cut = [spoken for spoken in window.spoken if spoken not in whole and spoken.start < window.length - 0.05]
            if cut:
                write.append((words.time(cut[0].start), cut[0].start - 0.04, cut[0].start + 0.08))
            elif not whole:
                write.append((words.time(0), -1, -1))
        else:
            read.append(names["<|notimestamps|>"])
            wanted.append(-1)
        write.append((names["<|endoftext|>"], -1, -1))
        first = len(read) - 1
        where = [[first + n, begin, end] for n, (_, begin, end) in enumerate(write) if begin >= 0]
        return [*read, *(number for number, *_ in write[:-1])], [*wanted, *(number for number, *_ in write)], where

    # ------------------------------------------------------------ both

    def batch(self, size: int, seconds: float, most: int, contexts: bool) -> Batch:
        windows = [self.window(seconds, most) for _ in range(size)]
        positions = int(seconds * 50) + 1
        mels = torch.stack([self._mels(window, seconds) for window in windows])
        frames = torch.zeros(size, positions + 1, dtype=torch.long)
        texts = [self._text(window, seconds, contexts) for window in windows]
        longest = max(len(read) for read, *_ in texts)
        ids = torch.full((size, longest), self._words.ids["<|endoftext|>"])
        labels = torch.full((size, longest), -1)
        where: list[tuple[int, int, int, int]] = []
        for row, (window, (read, wanted, looks)) in enumerate(zip(windows, texts, strict=True)):
            ids[row, : len(read)], labels[row, : len(wanted)] = torch.tensor(read), torch.tensor(wanted)
            for place, begin, end in looks:
                first, last = max(0, int(begin * 50)), min(positions - 1, int(end * 50) + 1)
                where += [(row, int(place), first, last)] if first < last else []
            for spoken in window.spoken:
                for number, begin, end in self._units(spoken):
                    stop = min(round(end * 50), int(window.length * 50))
                    frames[row, round(begin * 50) : stop] = self.classes[number]
        return Batch(mels, ids, labels, frames, torch.tensor(where).reshape(-1, 4))

    def _mels(self, window: Window, seconds: float) -> Tensor:
        """As faster-whisper's extractor makes them, of a file that may be louder elsewhere; zero behind the sound."""
        pcm = torch.from_numpy(window.pcm)
        wave = torch.stft(pcm, 400, 160, window=self._taper, pad_mode="reflect", return_complex=True)[..., :-1]
        mels = (self._filters @ wave.abs() ** 2).clamp(min=1e-10).log10()
        frames = int(seconds * 100)
        heard = mels[:, : max(1, min(frames, int(window.length * 100)))]
        loudest = heard.max() + (self._chance.uniform(0, 1) if self._chance.random() < 0.6 else 0)
        if not window.spoken and self._chance.random() < 0.6:
            loudest = torch.tensor(self._chance.uniform(-1, 3.5))
        made = torch.zeros(len(mels), frames + 2)
        made[:, : heard.shape[1]] = (torch.maximum(heard, loudest - 8) + 4) / 4
        return made
