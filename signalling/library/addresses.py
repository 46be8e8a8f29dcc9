"""Where the files of a resource are, for pages."""

from __future__ import annotations

ROOT = "/library/files"
PAGE = "/library#r="
CAPTIONS = "captions.vtt"
WHOLE = "whole"


def file(resource: str, name: str) -> str:
    return f"{ROOT}/{resource}/{name}"


def captions(resource: str, language: str) -> str:
    return f"{ROOT}/{resource}/{CAPTIONS}?language={language}"


def page(resource: str) -> str:
    """To open the player."""
    return f"{PAGE}{resource}"
