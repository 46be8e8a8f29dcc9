"""A process that hears one speaker and writes captions: `python -m recorder.speech.captions MODEL_DIR [options]`.

In, on standard input: Opus packets (RFC 6716) as they come from the tap, each behind a head of 10 bytes: when it was
captured (µs of the lesson, u64) and its length (u16), big-endian; the end of the input ends the process.

Out, on standard output, one JSON object a line: `{"ready": model}` when packets are worth sending, then
`{"settled": [[start_us, end_us, text], …], "tentative": text, "pause": bool}` whenever something has changed,
`{"lost_s": seconds}` when sound had to be left out because hearing is slower than speaking, and `{"heard_us": time}`
about once a second of sound: up to there everything was heard. `{"failed": code, "detail": sentence}`: it ends.

What waits is bounded: behind `BACKLOG_S` the oldest sound is let go, and captions go on with what is said now.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler

from mediaserver.api import UserError
from recorder.speech.clean import Cleaner
from recorder.speech.feed import HEAD
from recorder.speech.heard import RATE, Pcm, Word
from recorder.speech.live import Caption, Captions
from recorder.speech.recogniser import Recogniser
from recorder.speech.timing import timed

BACKLOG_S = 20.0
MOST_PACKETS = 4000
"""However short they are."""
HOLE_US = 100_000
THREADS = 2
TELL_US = 1_000_000
"""Sound after which it is told how far everything was heard."""


class Waiting:
    """Packets between the thread that reads and the one that hears; the oldest go when there are too many."""

    def __init__(self, longest_us: int = int(BACKLOG_S * 1_000_000)) -> None:
        self._longest_us = longest_us
        self._packets: deque[tuple[int, bytes]] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._lost_us = 0

    def put(self, at_us: int, packet: bytes) -> None:
        with self._changed:
            self._packets.append((at_us, packet))
            while self._packets[-1][0] - self._packets[0][0] > self._longest_us or len(self._packets) > MOST_PACKETS:
                first = self._packets.popleft()[0]
                self._lost_us += max(0, self._packets[0][0] - first)
            self._changed.notify()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self) -> tuple[list[tuple[int, bytes]], int]:
        """(all that wait, µs that were let go since); waits for some, none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._packets or self._ended)
            packets, lost = list(self._packets), self._lost_us
            self._packets.clear()
            self._lost_us = 0
            return packets, lost


def read(source: IO[bytes], waiting: Waiting) -> None:
    """Until the end; a frame that is cut off is the end too."""
    while len(head := source.read(HEAD.size)) == HEAD.size:
        at_us, length = HEAD.unpack(head)
        packet = source.read(length)
        if len(packet) < length:
            break
        waiting.put(at_us, packet)
    waiting.end()


class Decoder:
    """Opus packets to stretches of samples. A damaged packet is silence."""

    def __init__(self) -> None:
        self._new()

    def _new(self) -> None:
        codec = av.CodecContext.create("libopus", "r")
        assert isinstance(codec, AudioCodecContext)
        codec.sample_rate, codec.layout = 48_000, "mono"
        self._codec, self._resampler = codec, AudioResampler(format="flt", layout="mono", rate=RATE)

    def stretches(self, packets: Sequence[tuple[int, bytes]]) -> list[tuple[int, Pcm]]:
        """(µs of the lesson, samples), split where something is missing."""
        made: list[tuple[int, list[Pcm]]] = []
        until_us = 0
        for at_us, packet in packets:
            if made and abs(at_us - until_us) > HOLE_US:
                self._new()
            if not made or abs(at_us - until_us) > HOLE_US:
                made.append((at_us, []))
                until_us = at_us
            pcm = self._decoded(packet)
            made[-1][1].append(pcm)
            until_us += round(len(pcm) * 1_000_000 / RATE)
        return [(at_us, np.concatenate(blocks)) for at_us, blocks in made]

    def _decoded(self, packet: bytes) -> Pcm:
        try:
            frames = self._codec.decode(av.Packet(packet))
        except av.FFmpegError:
            self._new()
            return np.zeros(RATE // 50, np.float32)
        blocks: list[Pcm] = []
        for frame in frames:
            frame.pts = None
            blocks += [out.to_ndarray()[0] for out in self._resampler.resample(frame)]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="recorder.speech.captions")
    parser.add_argument("model", type=Path)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--hotwords", default="")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--nice", type=int, default=0)
    options = parser.parse_args(arguments)
    os.nice(options.nice)

    try:
        engine = Recogniser(options.model, options.device, options.threads)
    except UserError as error:
        _say({"failed": error.code, "detail": error.detail})
        sys.exit(1)
    import opencc

    cleaner = Cleaner(opencc.OpenCC("t2s").convert, options.prompt)

    def recognise(pcm: Pcm) -> list[Word]:
        heard = engine.hear(pcm, options.language, options.prompt, options.hotwords, quick=True)
        return [word for utterance in timed(heard, engine.speech(pcm)) for word in cleaner.words(utterance)]

    captions, decoder, waiting = Captions(recognise, engine.speech), Decoder(), Waiting()
    threading.Thread(target=read, args=(sys.stdin.buffer, waiting), daemon=True).start()
    _say({"ready": engine.name})
    told_us = 0
    while True:
        packets, lost_us = waiting.take()
        if lost_us:
            _say({"lost_s": round(lost_us / 1e6, 1)})
        if not packets:
            break
        for at_us, pcm in decoder.stretches(packets):
            _show(captions.feed(at_us, pcm))
        if abs(packets[-1][0] - told_us) >= TELL_US:
            told_us = packets[-1][0]
            _say({"heard_us": told_us})
    _show(captions.end())


def _show(captions: Sequence[Caption]) -> None:
    for caption in captions:
        settled = [[round(word.start_s * 1e6), round(word.end_s * 1e6), word.text] for word in caption.settled]
        tentative = "".join(word.text for word in caption.tentative)
        _say({"settled": settled, "tentative": tentative, "pause": caption.pause})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
