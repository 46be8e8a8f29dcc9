"""The trained network as a model that faster-whisper loads: CTranslate2's format, int8."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ctranslate2.specs import common_spec, whisper_spec
from torch import Tensor, nn

from tests.asr.network import ALL, DECODER, ENCODER, HEADS, MELS, PINNED, REAL, Attention, Layer, Whisper
from tests.asr.vocabulary import TIMES, Vocabulary

NEVER = -120.0
"""Added to the score of what is never said: other languages, translation, times behind what was trained."""
CHUNK_S = 10
ALIGNING_HEADS = ((DECODER - 1, 0), (DECODER - 1, 1))
"""Those that training guides to where a word is spoken."""


def export(model: Whisper, words: Vocabulary, folder: Path) -> None:
    spec = whisper_spec.WhisperSpec(ENCODER, HEADS, DECODER, HEADS)
    state = model.eval()
    with torch.no_grad():
        for name in ("conv1", "conv2"):
            _linear(getattr(spec.encoder, name), getattr(state, name))
        places = state.nothing.repeat(ALL, 1)
        places[:REAL] = state.places
        spec.encoder.position_encodings.encodings = _array(places)
        embedding = _embedding(model, words)
        spec.decoder.embeddings.weight = embedding
        spec.decoder.projection.weight = embedding.copy()
        spec.decoder.position_encodings.encodings = _array(state.text_places)
        for side, layers, norm in (
            (spec.encoder, state.encoder, state.encoder_norm),
            (spec.decoder, state.decoder, state.decoder_norm),
        ):
            _norm(side.layer_norm, norm)
            for layer_spec, layer in zip(side.layer, layers, strict=True):
                _layer(layer_spec, layer)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [words.ids["Ġ"]]
    spec.config.alignment_heads = [list(head) for head in ALIGNING_HEADS]
    spec.config.lang_ids = [words.ids["<|en|>"], words.ids["<|zh|>"]]
    spec.register_vocabulary(list(words.tokens))
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    (folder / "tokenizer.json").write_text(words.tokenizer())
    hearing = {"chunk_length": CHUNK_S, "feature_size": MELS, "hop_length": 160, "n_fft": 400, "sampling_rate": 16_000}
    (folder / "preprocessor_config.json").write_text(json.dumps(hearing))


def _embedding(model: Whisper, words: Vocabulary) -> np.ndarray[Any, Any]:
    made = model.embedding.detach().clone()
    first, last = words.ids["<|en|>"], words.ids["<|transcribe|>"]
    said = {words.ids[f"<|{name}|>"] for name in ("en", "zh", "transcribe")}
    late = words.time(CHUNK_S) + 1
    never = [number for number in range(first, last) if number not in said]
    never += [words.texts, words.ids["<|startoflm|>"], *range(late, words.ids["<|0.00|>"] + TIMES)]
    made[never, 0] = NEVER / PINNED
    return _array(made)


def _layer(spec: Any, layer: Layer) -> None:
    _attention(spec.self_attention, layer.own, fused=True)
    _norm(spec.self_attention.layer_norm, layer.own_norm)
    if layer.cross is not None and layer.cross_norm is not None:
        _attention(spec.attention, layer.cross, fused=False)
        _norm(spec.attention.layer_norm, layer.cross_norm)
    _linear(spec.ffn.linear_0, layer.up)
    _linear(spec.ffn.linear_1, layer.down)
    _norm(spec.ffn.layer_norm, layer.norm)


def _attention(spec: Any, attention: Attention, fused: bool) -> None:
    """CTranslate2 keeps query, key and value in one matrix; where the sound is looked at, the query by itself."""
    groups = [["query", "key", "value"]] if fused else [["query"], ["key", "value"]]
    for linear, names in zip(spec.linear, groups, strict=False):
        parts = [getattr(attention, name) for name in names]
        linear.weight = _array(torch.cat([part.weight for part in parts]))
        linear.bias = _array(torch.cat([_bias(part) for part in parts]))
    _linear(spec.linear[-1], attention.out)


def _bias(part: nn.Linear) -> Tensor:
    return torch.zeros(len(part.weight)) if part.bias is None else part.bias


def _linear(spec: common_spec.LinearSpec, module: nn.Linear | nn.Conv1d) -> None:
    spec.weight, spec.bias = _array(module.weight), _array(module.bias)


def _norm(spec: common_spec.LayerNormSpec, module: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(module.weight), _array(module.bias)


def _array(made: Tensor | None) -> Any:
    return None if made is None else made.detach().float().numpy().copy()
