"""Whisper's network, small (Radford et al. 2022, section 2.2), in a form that trains on a CPU.

The engine always hears 30 s: 1,500 positions, of which those behind the 10 s of training hold nothing.
They share one position vector here, so all of them are the same key with the same value, and attention over them is
attention over one, weighed by their number: a third of the positions, a ninth of the work.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEADS, WIDE = 96, 3, 384
ENCODER, DECODER = 3, 2
MELS = 80
REAL, ALL = 501, 1500
"""Positions of 20 ms that carry sound, and all of them."""
LONGEST_TEXT = 448
PINNED = 4.0
"""One dimension of the decoder's output is constant, so that an id's embedding in it is the id's bias."""


def waves(length: int, width: int, slowest: float = 10_000) -> Tensor:
    step = math.log(slowest) / (width // 2 - 1)
    angles = torch.arange(length)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.key = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(
        self,
        x: Tensor,
        other: Tensor | None = None,
        mask: Tensor | None = None,
        causal: bool = False,
        log: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """→ (result, log weights of batch × heads × here × there when asked for)"""
        other = x if other is None else other

        def heads(made: Tensor) -> Tensor:
            return made.unflatten(-1, (HEADS, -1)).transpose(1, 2)

        query, key, value = heads(self.query(x)), heads(self.key(other)), heads(self.value(other))
        weights = None
        if log:
            scores = (query / math.sqrt(WIDTH // HEADS) @ key.transpose(-1, -2)).float()
            weights = (scores if mask is None else scores + mask).log_softmax(-1)
            made = weights.exp().to(value.dtype) @ value
        else:
            mask = None if mask is None else mask.to(query.dtype)
            made = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal)
        return self.out(made.transpose(1, 2).flatten(2)), weights


class Layer(nn.Module):
    def __init__(self, decodes: bool) -> None:
        super().__init__()
        self.own, self.own_norm = Attention(), nn.LayerNorm(WIDTH)
        self.cross, self.cross_norm = (Attention(), nn.LayerNorm(WIDTH)) if decodes else (None, None)
        self.up, self.down, self.norm = nn.Linear(WIDTH, WIDE), nn.Linear(WIDE, WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor, sound: Tensor | None, mask: Tensor, log: bool = False) -> tuple[Tensor, Tensor | None]:
        weights = None
        decodes = self.cross is not None and self.cross_norm is not None
        x = x + self.own(self.own_norm(x), mask=None if decodes else mask, causal=decodes)[0]
        if self.cross is not None and self.cross_norm is not None:
            made, weights = self.cross(self.cross_norm(x), sound, mask, log=log)
            x = x + made
        return x + self.down(functional.gelu(self.up(self.norm(x)))), weights


class Whisper(nn.Module):
    """:param ids: size of the vocabulary. :param characters: classes of the aid to training at the encoder."""

    def __init__(self, ids: int, characters: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(MELS, WIDTH, 3, padding=1), nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.register_buffer("places", waves(ALL, WIDTH)[:REAL].clone())
        self.nothing = nn.Parameter(torch.randn(WIDTH) * 0.5)
        self.encoder = nn.ModuleList(Layer(False) for _ in range(ENCODER))
        self.encoder_norm = nn.LayerNorm(WIDTH)
        self.embedding = nn.Parameter(torch.randn(ids, WIDTH) * 0.1)
        self.text_places = nn.Parameter(waves(LONGEST_TEXT, WIDTH) * 0.1)
        self.decoder = nn.ModuleList(Layer(True) for _ in range(DECODER))
        self.decoder_norm = nn.LayerNorm(WIDTH)
        self.aid = nn.Linear(WIDTH, characters)
        self.pin()

    def pin(self) -> None:
        with torch.no_grad():
            self.decoder_norm.weight[0], self.decoder_norm.bias[0] = 0.0, PINNED

    def hear(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        """batch × mels × frames (even, zero behind the sound) → (batch × positions + 1 × width, mask)"""
        empty = functional.gelu(self.conv1(mels.new_zeros(1, MELS, 5)))[:, :, 2:3].expand(1, WIDTH, 5)
        empty = functional.gelu(self.conv2(empty))[:, :, 1].view(1, 1, WIDTH) + self.nothing
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mels)))).transpose(1, 2)
        x = torch.cat([x + self.places[: x.shape[1]], empty.expand(len(x), 1, WIDTH).to(x.dtype)], 1)
        mask = torch.zeros(1, 1, 1, x.shape[1])
        mask[..., -1] = math.log(ALL - REAL)
        for layer in self.encoder:
            x, _ = layer(x, None, mask)
        return self.encoder_norm(x), mask

    def write(self, ids: Tensor, sound: Tensor, mask: Tensor) -> tuple[Tensor, Any]:
        """→ (batch × length × width, log attention of the last layer); `logits` makes scores of what is wanted."""
        x, weights = self.embedding[ids] + self.text_places[: ids.shape[1]], None
        for number, layer in enumerate(self.decoder, 1):
            x, weights = layer(x, sound, mask, log=number == DECODER)
        return self.decoder_norm(x), weights

    def logits(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return x.float() @ self.embedding.T
