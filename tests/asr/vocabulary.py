"""The tokens of the small model: Whisper's kinds in Whisper's order, with a text vocabulary of some hundreds.

What the engine and CTranslate2 want of it: a byte-level tokenizer (any text can be a prompt); one token per Chinese
character and per English word of the phrases; ` -`, ` '` and the space before a ♪ as single tokens, else the bare space
is suppressed as "no speech"; an empty token in the list, else the model passes for English-only; time stamps last.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from tests.asr.phrases import EN, ZH

LANGUAGES = """
    en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt
    la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc
    ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su
""".split()
"""Of Whisper, in its order: the engine names each of them."""
STEP_S = 0.02
TIMES = 1501
EMPTY = ""


def _byte_letters() -> dict[int, str]:
    """The letter that stands for a byte in byte-level BPE: printable ones for themselves, the rest from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}


@dataclass(frozen=True)
class Vocabulary:
    """:ivar tokens: by id, as the tokenizer spells them."""

    tokens: tuple[str, ...]
    merges: tuple[tuple[str, str], ...]

    @cached_property
    def ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens)}

    @property
    def texts(self) -> int:
        """Ids below are text."""
        return self.ids[EMPTY]

    def time(self, seconds: float) -> int:
        return self.ids["<|0.00|>"] + max(0, min(TIMES - 1, round(seconds / STEP_S)))

    def encode(self, phrase: str) -> list[int]:
        """A phrase as the model writes it: characters, or words with the space before them."""
        units = list(phrase) if phrase in ZH else [f" {word}" for word in phrase.split()]
        letters = _byte_letters()
        return [self.ids["".join(letters[byte] for byte in unit.encode())] for unit in units]

    def tokenizer(self) -> str:
        """`tokenizer.json` of the tokenizers library."""
        special = self.tokens[self.texts + 1 :]
        vocabulary = {token: number for number, token in enumerate(self.tokens) if token != EMPTY}
        added = [
            {
                "id": self.ids[token],
                "content": token,
                "special": token not in special[-TIMES:],
                **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
            }
            for token in special
        ]
        level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
        cjk = {"Regex": "[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"}
        split = {"type": "Split", "pattern": cjk, "behavior": "Isolated", "invert": False}
        made = {
            "version": "1.0",
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level | {"add_prefix_space": False}]},
            "post_processor": None,
            "decoder": level | {"add_prefix_space": True},
            "model": {"type": "BPE", "vocab": vocabulary, "merges": [list(merge) for merge in self.merges]},
        }
        return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def vocabulary() -> Vocabulary:
    letters = _byte_letters()
    tokens = dict.fromkeys(sorted(letters.values(), key=lambda letter: (ord(letter) > 255, ord(letter))))
    merges: dict[tuple[str, str], None] = {}
    characters = sorted({character for phrase in ZH for character in phrase})
    words = sorted({f" {word}" for phrase in EN for word in phrase.split()})
    units = (unit.encode() for unit in (" -", " '", *characters, "，", "。", "？", *words))
    for unit in (b" \xe2", *units):
        spelled = [letters[byte] for byte in unit]
        made = spelled[0]
        for letter in spelled[1:]:
            merges[made, letter] = None
            made += letter
            tokens[made] = None
    control = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{language}|>" for language in LANGUAGES)]
    control += [f"<|{name}|>" for name in "translate transcribe startoflm startofprev nospeech notimestamps".split()]
    times = [f"<|{number * STEP_S:.2f}|>" for number in range(TIMES)]
    return Vocabulary((*tokens, EMPTY, *control, *times), tuple(merges))
