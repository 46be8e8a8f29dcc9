"""Training: short windows until letters are heard, then ten seconds with prompts. On one core some 45 minutes."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from tests.asr.network import REAL, Whisper
from tests.asr.say import Pcm
from tests.asr.vocabulary import Vocabulary
from tests.asr.windows import Batch, Windows

SHORT_S, LONG_S = 3.2, 10.0
SHORT_SHARE = 0.25
"""Of the time that goes into short windows."""
SPREAD = 1.5
"""A time stamp may be so many steps off: its neighbours are right too (a bell of this width)."""
SAY = 20.0


def train(
    clips: dict[str, list[Pcm]], words: Vocabulary, seconds: float, kept: Path, told: Callable[[str], None] = print
) -> Whisper:
    """:param kept: where the weights are saved now and then, and gone on with.

    :param seconds: of time by the clock; the learning rate falls to nothing at their end.
    """
    torch.manual_seed(0)
    windows = Windows(clips, words, random.Random(1))
    model = Whisper(len(words.tokens), len(windows.classes) + 1)
    if kept.exists():
        model.load_state_dict(torch.load(kept))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    bells = _bells(words)
    began = said = time.monotonic()
    step = 0
    while (spent := time.monotonic() - began) < seconds:
        short = spent < SHORT_SHARE * seconds
        batch = windows.batch(32, SHORT_S, 2, False) if short else windows.batch(16, LONG_S, 7, True)
        left = 1 if short else 0.5 * (1 + math.cos(math.pi * (spent / seconds - SHORT_SHARE) / (1 - SHORT_SHARE)))
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 80) * left + 1e-5
        with torch.autocast("cpu", torch.bfloat16):
            lost, right = loss(model, batch, words, bells)
        optimiser.zero_grad(set_to_none=True)
        lost.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        model.pin()
        step += 1
        if time.monotonic() - said > SAY:
            said = time.monotonic()
            kind = "short" if short else "long"
            told(f"{spent:6.0f} s, {step} steps, {kind} windows: loss {lost:.3f}, {right:.1%} right")
            torch.save(model.state_dict(), kept)
    torch.save(model.state_dict(), kept)
    return model


def loss(model: Whisper, batch: Batch, words: Vocabulary, bells: Tensor) -> tuple[Tensor, float]:
    """What is written, the character at each position of the encoder, and where the decoder looks; and the share of
    text that is right."""
    sound, mask = model.hear(batch.mels)
    aid = functional.cross_entropy(
        model.aid(sound).float().flatten(0, 1), batch.frames.flatten(), weight=_weights(model.aid.out_features)
    )
    made, looks = model.write(batch.ids, sound, mask)
    counts = batch.wanted >= 0
    scores, wanted = model.logits(made[counts]).log_softmax(-1), batch.wanted[counts]
    first = words.time(0)
    times = (wanted >= first) & (wanted < first + REAL)
    text = -scores[~times].gather(1, wanted[~times][:, None]).sum()
    stamps = -(scores[times][:, first : first + REAL] * bells[wanted[times] - first]).sum()
    row, place, begin, end = batch.where.T
    look = looks[row, :2, place]
    positions = torch.arange(look.shape[-1])
    inside = (positions >= begin[:, None]) & (positions < end[:, None])
    guided = -look.masked_fill(~inside[:, None], -1e4).logsumexp(-1).mean() if len(row) else look.sum() * 0
    right = (scores.argmax(-1) == wanted)[~times].float().mean().item()
    return (text + stamps) / len(wanted) + 0.7 * aid + 0.25 * guided, right


def _weights(classes: int) -> Tensor:
    made = torch.ones(classes)
    made[0] = 0.5
    return made


def _bells(words: Vocabulary) -> Tensor:
    steps = torch.arange(REAL).float()
    made = torch.exp(-0.5 * ((steps[:, None] - steps[None]) / SPREAD) ** 2)
    return made / made.sum(1, keepdim=True)
