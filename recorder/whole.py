"""One file with everything of a lesson in it, to take home: all pictures and sounds, chapters and captions.

Matroska (RFC 9559) holds every codec that a lesson has, several tracks of each kind, and text; nothing is encoded anew.
`python -m recorder.whole FOLDER` writes it to standard output while it is made, for it needs no way back: a server may
hand it on without a file of its own.
"""

from __future__ import annotations

import heapq
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av

from mediaserver.api import UserError
from recorder import captions, files, manifest, media, transcript
from recorder.manifest import Manifest
from recorder.transcript import Line

MEDIA_TYPE = "video/matroska"
SUFFIX = ".mkv"
_MILLISECOND = Fraction(1, 1000)
_LANGUAGES = {"zh": "chi", "en": "eng", "bo": "tib", "ug": "uig", "mn": "mon"}
"""ISO 639-2/B, as Matroska has it, of what is taught in; `und` for any other."""


def make(folder: Path, of: Manifest, lines: Sequence[Line], path: Path, title: str = "", language: str = "zh") -> None:
    """Into a file. :raises UserError: 409 `nothing_to_play`. :raises OSError: there is no room; nothing is left."""
    with files.whole(path) as temporary, temporary.open("wb") as file:
        write(folder, of, lines, file, title, language)


def write(
    folder: Path, of: Manifest, lines: Sequence[Line], target: IO[bytes], title: str = "", language: str = "zh"
) -> None:
    """To anything that takes bytes. :param lines: of the transcript, corrections included.

    :raises UserError: 409 `nothing_to_play`: no pictures, no sound. :raises OSError: `target` takes no more.
    """
    played = [output for output in of.outputs if output.media_type.startswith(("video/", "audio/"))]
    if not played:
        raise UserError(409, "nothing_to_play", "There is nothing to download: it has neither film nor sound.")
    with ExitStack() as stack:
        output = stack.enter_context(av.open(target, "w", format="matroska", options={"fflags": "+bitexact"}))
        if title:
            output.metadata["title"] = title
        ways: list[Iterator[tuple[int, int, Any]]] = []
        for source in played:
            opened = stack.enter_context(media.open_file(folder / source.file))
            made = {}
            for stream in opened.streams:
                if stream.type in ("video", "audio"):
                    made[stream] = output.add_stream_from_template(stream, opaque=True)
                    made[stream].metadata["title"] = source.name
            ways.append(_packets(opened, made, source.offset_us, len(ways)))
        if lines:
            texts = stack.enter_context(av.open(io.BytesIO(_subrip(lines)), "r", format="srt"))
            text = output.add_stream_from_template(texts.streams[0])
            text.metadata["language"] = _LANGUAGES.get(language.partition("-")[0], "und")
            ways.append(_packets(texts, {texts.streams[0]: text}, 0, len(ways)))
        output.set_chapters(_chapters(of))
        for _, _, packet in heapq.merge(*ways, key=lambda item: item[:2]):
            output.mux_one(packet)


def _packets(opened: Any, made: dict[Any, Any], offset_us: int, number: int) -> Iterator[tuple[int, int, Any]]:
    """(when it is decoded in µs, number of the file, packet). :param made: streams of the new file by those of this."""
    for packet in opened.demux(list(made)):
        if not packet.size or (packet.pts is None and packet.dts is None):
            continue
        shift = int(Fraction(offset_us, media.MICROSECONDS) / packet.time_base)
        packet.dts = (packet.pts if packet.dts is None else packet.dts) + shift
        packet.pts = packet.dts if packet.pts is None else packet.pts + shift
        packet.stream = made[packet.stream]
        yield int(packet.dts * packet.time_base * media.MICROSECONDS), number, packet


def _subrip(lines: Sequence[Line]) -> bytes:
    """What Matroska keeps as text, in the form in which a demultiplexer takes it."""
    blocks = []
    for number, (start, end, rows) in enumerate(captions.cues(lines), 1):
        text = "\n".join(row.replace("-->", "→") for row in rows)
        blocks.append(f"{number}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n")
    return "\n".join(blocks).encode()


def _stamp(us: int) -> str:
    ms = max(us, 0) // 1000
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def _chapters(of: Manifest) -> list[Any]:
    ends = [*(chapter.at_us for chapter in of.chapters[1:]), max(of.length_us, 0)]
    return [
        {
            "id": number,
            "start": chapter.at_us // 1000,
            "end": max(end, chapter.at_us) // 1000,
            "time_base": _MILLISECOND,
            "metadata": {"title": chapter.title or str(number)},
        }
        for number, (chapter, end) in enumerate(zip(of.chapters, ends, strict=False), 1)
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    spoken = transcript.load(folder)
    write(folder, manifest.load(folder), spoken.lines if spoken else [], sys.stdout.buffer)


if __name__ == "__main__":
    main()
