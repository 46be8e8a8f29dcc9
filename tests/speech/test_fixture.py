"""The model of the tests is what its script would make, and hears what it should."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer

from tests.asr import make
from tests.asr.phrases import ALL, MODEL, ZH
from tests.asr.speech import clips
from tests.asr.vocabulary import TIMES, vocabulary


def test_the_model_hears_all_its_phrases():
    assert make.check(MODEL) < 0.01


def test_clips_are_phrases_and_not_silence():
    assert list(clips()) == list(ALL)
    assert all(0.3 < len(clip) / 16_000 < 2.4 and abs(clip).max() > 0.2 for clip in clips().values())


def test_the_script_has_the_tokens_of_the_model():
    made, kept = vocabulary(), json.loads((MODEL / "vocabulary.json").read_text())
    assert set(made.tokens) <= set(kept)
    assert [token for token in kept if token in made.ids][-TIMES:] == list(made.tokens[-TIMES:])


def test_phrases_are_one_token_a_character_or_word():
    words = vocabulary()
    tokenizer = Tokenizer.from_str(words.tokenizer())
    for phrase in ALL:
        written = phrase if phrase in ZH else f" {phrase}"
        ids = tokenizer.encode(written, add_special_tokens=False).ids
        assert ids == words.encode(phrase) and tokenizer.decode(ids) == written
        assert len(ids) == len(phrase if phrase in ZH else phrase.split())


def test_other_text_can_be_a_prompt_and_no_space_is_suppressed():
    from faster_whisper.tokenizer import Tokenizer as Engine

    words = vocabulary()
    tokenizer = Tokenizer.from_str(words.tokenizer())
    assert tokenizer.decode(tokenizer.encode("龘字 and 繁體，ok").ids) == "龘字 and 繁體，ok"
    suppressed = Engine(tokenizer, True, "transcribe", "zh").non_speech_tokens
    assert not {words.ids["Ġ"], *(number for phrase in ALL for number in words.encode(phrase))} & set(suppressed)


def test_what_the_script_needs_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["make", "train", "--work", str(tmp_path)])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install torch"):
        make.main()
    monkeypatch.setattr("sys.argv", ["make", "voices", "--work", str(tmp_path)])
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install espeak-ng"):
        make.main()
