"""faster-whisper, with words that stay within their utterance. Imported when a model is loaded: it takes seconds."""

from __future__ import annotations

from typing import Any

from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from recorder.speech.heard import Word
from recorder.speech.timing import within


class Whisper(WhisperModel):
    """The engine goes on behind the last word of a window, and where attention puts that word is now and then a second
    off: then speech is skipped. When an utterance begins and ends the model says itself, and hardly ever wrongly.

    :ivar told: of what is heard, before each window of 30 s. The engine's own `initial_prompt` stands before the first
        window alone, unless each is told what was heard in the one before, and then mistakes go on.
    """

    told = ""

    def get_prompt(self, tokenizer: Tokenizer, previous_tokens: list[int], *args: Any, **kwargs: Any) -> list[int]:
        """As its parent, with `told` where nothing was heard before."""
        before = previous_tokens or (tokenizer.encode(f" {self.told}") if self.told else [])
        prompt: list[int] = super().get_prompt(tokenizer, before, *args, **kwargs)
        return prompt

    def add_word_timestamps(self, segments: list[list[dict[str, Any]]], *args: Any, **kwargs: Any) -> float:
        """As its parent; after it no word lies outside its utterance. (The engine calls this once per window.)"""
        said = [[(utterance["start"], utterance["end"]) for utterance in window] for window in segments]
        last = super().add_word_timestamps(segments, *args, **kwargs)
        for window, spans in zip(segments, said, strict=True):
            for utterance, (start, end) in zip(window, spans, strict=True):
                if end <= start or not utterance.get("words"):
                    continue
                words = [Word(word["start"], word["end"], word["word"]) for word in utterance["words"]]
                for word, placed in zip(utterance["words"], within(words, start, end), strict=True):
                    word["start"], word["end"] = placed.start_s, placed.end_s
                utterance["start"], utterance["end"] = start, end
        return last
