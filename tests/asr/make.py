"""Make the speech model of the tests anew: `python -m tests.asr.make WHAT` with WHAT

    clips    the phrases that tests put together (`phrases.ogg`); needs espeak-ng
    voices   the phrases in many voices, for training, into --work; needs espeak-ng
    train    the network, --minutes long, going on where it was; needs torch
    export   the model into --out; needs torch
    check    characters that the model in --out gets wrong in lessons of its own phrases

`voices`, `train --minutes 45` and `export` in a row made what is committed, or as good. torch is no dependency of the
project: pip install torch. The tests need none of this.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import shutil
from pathlib import Path

import numpy as np

from tests.asr.phrases import ALL, MODEL
from tests.asr.say import RATE, Pcm, say, write_clips

VOICES = ("", "+m1", "+m2", "+m3", "+m5", "+m6", "+m7", "+f1", "+f2", "+f4")
"""m4 and f3 are kept for checks by ear."""
NEEDS = {"clips": "espeak-ng", "voices": "espeak-ng", "train": "torch", "export": "torch"}


def voices(work: Path, count: int) -> None:
    """One file per voice: all phrases in their order, 16 bit."""
    chance = random.Random(1)
    for number in range(count):
        how = {
            "variant": VOICES[number % len(VOICES)],
            "speed": chance.randrange(130, 201),
            "pitch": chance.randrange(30, 71),
            "accent": chance.choice(("en-us", "en-gb")),
        }
        spoken = {str(n): (say(phrase, **how) * 32767).astype(np.int16) for n, phrase in enumerate(ALL)}
        np.savez(work / f"voice-{number:03}.npz", **spoken)
        print(f"voice {number + 1} of {count}: {how}", flush=True)


def spoken(work: Path) -> dict[str, list[Pcm]]:
    """What `voices` has made."""
    clips: dict[str, list[Pcm]] = {phrase: [] for phrase in ALL}
    for file in sorted(work.glob("voice-*.npz")):
        with np.load(file) as loaded:
            for number, phrase in enumerate(ALL):
                clips[phrase].append(loaded[str(number)].astype(np.float32) / 32768)
    if not clips[ALL[0]]:
        raise SystemExit(f"There are no voices in {work}; make them first: python -m tests.asr.make voices")
    return clips


def check(folder: Path) -> float:
    """Share of characters that are wrong when each phrase is spoken with two others."""
    from benchmarks.transcribe import distance
    from recorder.speech.recogniser import Recogniser
    from tests.asr.speech import clips
    from tests.asr.speech import spoken as lesson

    engine, chance = Recogniser(folder, "cpu", 1), random.Random(3)
    wrong = letters = 0
    for phrase in ALL:
        others = chance.sample(ALL, 2)
        plan, at = [], 1.0
        for each in (phrase, *others):
            plan.append((at, each))
            at += len(clips()[each]) / RATE + chance.uniform(0.2, 1.0)
        heard = engine.hear(lesson(plan, at + 1), "zh")
        text = "".join(word.text for utterance in heard for word in utterance.words).replace(" ", "")
        wanted = "".join((phrase, *others)).replace(" ", "")
        wrong, letters = wrong + distance(wanted, text), letters + len(wanted)
    return wrong / letters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("clips", "voices", "train", "export", "check"))
    parser.add_argument("--work", type=Path, default=Path("var/asr"))
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--voices", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=45.0)
    options = parser.parse_args()

    need = NEEDS.get(options.what)
    if need == "torch" and importlib.util.find_spec("torch") is None:
        raise SystemExit("torch is missing, and no dependency of the project: pip install torch")
    if need == "espeak-ng" and shutil.which("espeak-ng") is None:
        raise SystemExit("espeak-ng is missing; as root: apt-get install espeak-ng")
    options.work.mkdir(parents=True, exist_ok=True)
    kept = options.work / "network.pt"
    match options.what:
        case "clips":
            write_clips()
        case "voices":
            voices(options.work, options.voices)
        case "train":
            from tests.asr.train import train
            from tests.asr.vocabulary import vocabulary

            train(spoken(options.work), vocabulary(), options.minutes * 60, kept)
        case "export":
            _export(kept, options.out)
        case "check":
            print(f"{check(options.out):.2%} of the characters wrong")


def _export(kept: Path, out: Path) -> None:
    import torch

    from tests.asr.export import export
    from tests.asr.network import Whisper
    from tests.asr.vocabulary import vocabulary

    weights, words = torch.load(kept), vocabulary()
    model = Whisper(len(words.tokens), len(weights["aid.weight"]))
    model.load_state_dict(weights)
    export(model, words, out)


if __name__ == "__main__":
    main()
