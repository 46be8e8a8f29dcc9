"""What the engine is told of a lesson before it listens: pure."""

from __future__ import annotations

from recorder.stages.work import Facts

LANGUAGES = ("zh", "en")
MOST_HOTWORDS = 40
"""Characters of a prompt and of hotwords are paid for out of the 224 tokens that Whisper has for them."""
HOTWORD_CHARACTERS = 120
MARGIN = 0.2
"""English must be so much likelier than Chinese: a lesson on English is taught in Chinese more often than not."""


def language(facts: Facts, probabilities: dict[str, float]) -> str:
    """One for the whole lesson, of `LANGUAGES`. Chinese unless the sound, or the booking, says English."""
    booked_english = facts.language.lower().startswith("en")
    lean = probabilities.get("en", 0.0) - probabilities.get("zh", 0.0)
    if not probabilities:
        return "en" if booked_english else "zh"
    return "en" if lean > (-MARGIN if booked_english else MARGIN) else "zh"


def prompt(facts: Facts, language: str) -> str:
    """Simplified and punctuated: the engine goes on in the script and the manner that it reads here."""
    if language == "en":
        about = ", ".join(filter(None, (facts.subject, facts.unit, facts.title)))
        return f"This is a lesson: {about}. Good morning, class." if about else "This is a lesson. Good morning, class."
    what = "".join(filter(None, (facts.grade, facts.subject)))
    about = "，".join(dict.fromkeys(filter(None, (facts.unit, facts.title))))
    beginning = f"以下是{what}课" if what else "以下是一节课"
    return (
        f"{beginning}，内容是{about}。同学们好，我们现在开始上课。"
        if about
        else f"{beginning}。同学们好，我们现在开始上课。"
    )


def hotwords(facts: Facts) -> str:
    """Knowledge points first, then names; as many as there is room for."""
    words: list[str] = []
    for word in dict.fromkeys(filter(None, (*facts.points, facts.unit, facts.title, *facts.names))):
        if len(words) == MOST_HOTWORDS or len(" ".join((*words, word))) > HOTWORD_CHARACTERS:
            break
        words.append(word)
    return " ".join(words)
