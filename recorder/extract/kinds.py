"""What a file is, by its content: whatever its name or its sender says. Reads its beginning, and an archive's list."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from mediaserver.api import UserError
from recorder.extract import package

_HEAD = 4096
_OFFICE = "application/vnd.openxmlformats-officedocument."


class Kind(NamedTuple):
    """:ivar kind: of the resource. :ivar suffix: of the file's name, with its dot."""

    kind: Literal["video", "audio", "document"]
    media_type: str
    suffix: str


PDF = Kind("document", "application/pdf", ".pdf")
PPTX = Kind("document", f"{_OFFICE}presentationml.presentation", ".pptx")
DOCX = Kind("document", f"{_OFFICE}wordprocessingml.document", ".docx")
MAIN = {"ppt/presentation.xml": PPTX, "word/document.xml": DOCX}
"""The part by which an office program knows its own."""
_MP4, _M4A = Kind("video", "video/mp4", ".mp4"), Kind("audio", "audio/mp4", ".m4a")
_MP3 = Kind("audio", "audio/mpeg", ".mp3")
_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"OggS", Kind("audio", "audio/ogg", ".ogg")),
    (b"fLaC", Kind("audio", "audio/flac", ".flac")),
    (b"ID3", _MP3),
    (b"FLV\1", Kind("video", "video/x-flv", ".flv")),
    (b"\x00\x00\x01\xba", Kind("video", "video/mpeg", ".mpg")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind("video", "video/x-ms-asf", ".wmv")),
)
_STILL = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"crx ")
"""Brands of pictures in the same container as MP4."""


def recognise(path: Path) -> Kind:
    """Whether sound and picture are really there, only a worker finds out, who opens them.

    :raises UserError: 415 `unknown_type`; 422 `bad_document`.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if b"%PDF-" in head[:1024]:  # ISO 32000-1 annex H: within the first 1024 bytes
        return PDF
    if head.startswith(b"PK\3\4"):
        return _office(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise _unknown("It is of an old office program, or has a password: save it as PPTX, DOCX or PDF without one.")
    found = _film(head)
    if found is None:
        raise _unknown("Video, audio, PDF, PPTX and DOCX are taken.")
    return found


def _office(path: Path) -> Kind:
    with package.opened(path) as archive:
        names = archive.names
    found = [kind for name, kind in MAIN.items() if name in names]
    if "[Content_Types].xml" not in names or len(found) != 1:
        raise _unknown("Of archives, PPTX and DOCX alone are taken.")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise _unknown("It holds macros: save it as PPTX or DOCX without them.")
    return found[0]


def _film(head: bytes) -> Kind | None:
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[4:8] == b"ftyp":  # ISO/IEC 14496-12
        brand = head[8:12]
        if brand in _STILL:
            return None
        return _M4A if brand in (b"M4A ", b"M4B ") else _MP4
    if head.startswith(b"\x1a\x45\xdf\xa3"):  # RFC 8794
        webm = b"webm" in head[:64]
        return Kind("video", "video/webm" if webm else "video/x-matroska", ".webm" if webm else ".mkv")
    if head.startswith(b"RIFF") and head[8:12] in (b"WAVE", b"AVI "):
        wave = head[8:12] == b"WAVE"
        return Kind("audio", "audio/wav", ".wav") if wave else Kind("video", "video/x-msvideo", ".avi")
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return Kind("video", "video/mp2t", ".ts")
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        if head[1] & 0xF6 == 0xF0:
            return Kind("audio", "audio/aac", ".aac")
        if head[1] & 0x06 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C:
            return _MP3
    return None


def _unknown(what: str) -> UserError:
    return UserError(415, "unknown_type", f"Files of this kind are not taken. {what}")
