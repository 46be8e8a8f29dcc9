"""One file with everything of a lesson in it, to take home: all pictures and sounds, chapters and captions.

Matroska (RFC 9559) holds every codec that a lesson has, several tracks of each kind, and text; nothing is encoded anew.
`python -m recorder.whole FOLDER` writes it to standard output while it is made, for it needs no way back: a server may
hand it on without a file of its own. With a span (`FOLDER STARTS_US ENDS_US`) it holds a part, from a key picture on:
somewhat more than the part, so that its pictures are whole; its first chapter is where the part begins.
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
from recorder import span as spans
from recorder.manifest import Chapter, Manifest, Output, Span
from recorder.span import Within
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
    folder: Path,
    of: Manifest,
    lines: Sequence[Line],
    target: IO[bytes],
    title: str = "",
    language: str = "zh",
    span: Span | None = None,
) -> None:
    """To anything that takes bytes. :param lines: of the transcript, corrections included. :param span: only that part.

    :raises UserError: 409 `nothing_to_play`: no pictures, no sound. :raises OSError: `target` takes no more.
    """
    played = [output for output in of.outputs if output.media_type.startswith(("video/", "audio/"))]
    if not played:
        raise UserError(409, "nothing_to_play", "There is nothing to download: it has neither film nor sound.")
    with ExitStack() as stack:
        opened = [(source, stack.enter_context(media.open_file(folder / source.file))) for source in played]
        zero_us = 0
        within: dict[str, Within] = {}
        if span is not None:
            zero_us, within = _part(opened, span)
            opened = [(source, file) for source, file in opened if source.name in within]
            lines = _shifted(lines, span, zero_us)
            if not opened:
                raise UserError(409, "nothing_to_play", "Nothing was recorded in this part; choose another one.")
        output = stack.enter_context(av.open(target, "w", format="matroska", options={"fflags": "+bitexact"}))
        if title:
            output.metadata["title"] = title
        ways: list[Iterator[tuple[int, int, Any]]] = []
        for source, file in opened:
            part = within.get(source.name)
            made = {}
            for stream in file.streams:
                if stream.type == "audio" or (stream.type == "video" and (part is None or part.pictures is not None)):
                    made[stream] = output.add_stream_from_template(stream, opaque=True)
                    made[stream].metadata["title"] = source.name
            ways.append(_packets(file, made, source.offset_us - zero_us, len(ways), part))
        if lines:
            texts = stack.enter_context(av.open(io.BytesIO(_subrip(lines)), "r", format="srt"))
            text = output.add_stream_from_template(texts.streams[0])
            text.metadata["language"] = _LANGUAGES.get(language.partition("-")[0], "und")
            ways.append(_packets(texts, {texts.streams[0]: text}, 0, len(ways)))
        output.set_chapters(_chapters(*_cut(of, span, zero_us)))
        for _, _, packet in heapq.merge(*ways, key=lambda item: item[:2]):
            output.mux_one(packet)


def _part(opened: Sequence[tuple[Output, Any]], span: Span) -> tuple[int, dict[str, Within]]:
    """Where the part's file begins on the time line, and what it takes of those files that have something of it."""
    found = []
    for source, file in opened:
        starts, ends = span.starts_us - source.offset_us, span.ends_us - source.offset_us
        if ends <= 0 or starts >= (file.duration or ends):
            continue
        at = spans.first_picture(file, starts, ends)
        if at is not None or any(stream.type == "audio" for stream in file.streams):
            found.append((source, ends, at))
    zero_us = min([span.starts_us, *(at + source.offset_us for source, _, at in found if at is not None)])
    return zero_us, {source.name: Within(zero_us - source.offset_us, ends, at) for source, ends, at in found}


def _packets(
    opened: Any, made: dict[Any, Any], offset_us: int, number: int, part: Within | None = None
) -> Iterator[tuple[int, int, Any]]:
    """(when it is decoded in µs, number of the file, packet). :param made: streams of the new file by those of this."""
    if part is not None:
        spans.seek(opened, max(made, key=lambda stream: stream.type == "video"), part.starts_us)
    over = set()
    for packet in opened.demux(list(made)):
        if not packet.size or (packet.pts is None and packet.dts is None):
            continue
        if part is not None:
            if part.ends_us <= _us(packet, packet.pts if packet.dts is None else packet.dts):
                over.add(packet.stream)
                if len(over) == len(made):
                    return
                continue
            begins = part.pictures if packet.stream.type == "video" else part.starts_us
            if _us(packet, packet.dts if packet.pts is None else packet.pts) < (begins or 0):
                continue
        shift = int(Fraction(offset_us, media.MICROSECONDS) / packet.time_base)
        packet.dts = (packet.pts if packet.dts is None else packet.dts) + shift
        packet.pts = packet.dts if packet.pts is None else packet.pts + shift
        packet.stream = made[packet.stream]
        yield int(packet.dts * packet.time_base * media.MICROSECONDS), number, packet


def _us(packet: Any, time: int) -> int:
    return int(time * packet.time_base * media.MICROSECONDS)


def _shifted(lines: Sequence[Line], span: Span, zero_us: int) -> list[Line]:
    return [
        Line(
            start_us=max(line.start_us, span.starts_us) - zero_us,
            end_us=min(line.end_us, span.ends_us) - zero_us,
            text=line.text,
        )
        for line in lines
        if line.end_us > span.starts_us and line.start_us < span.ends_us
    ]


def _cut(of: Manifest, span: Span | None, zero_us: int) -> tuple[Sequence[Chapter], int]:
    """Chapters and length of what is written. A part begins with a chapter, so that one finds its beginning."""
    if span is None:
        return of.chapters, max(of.length_us, 0)
    before = [chapter.title for chapter in of.chapters if chapter.at_us <= span.starts_us]
    first = Chapter(at_us=span.starts_us - zero_us, title=before[-1] if before else "")
    later = [it for it in of.chapters if span.starts_us < it.at_us < span.ends_us]
    return [first, *(Chapter(at_us=it.at_us - zero_us, title=it.title) for it in later)], span.ends_us - zero_us


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


def _chapters(chapters: Sequence[Chapter], length_us: int) -> list[Any]:
    ends = [*(chapter.at_us for chapter in chapters[1:]), length_us]
    return [
        {
            "id": number,
            "start": chapter.at_us // 1000,
            "end": max(end, chapter.at_us) // 1000,
            "time_base": _MILLISECOND,
            "metadata": {"title": chapter.title or str(number)},
        }
        for number, (chapter, end) in enumerate(zip(chapters, ends, strict=False), 1)
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    span = Span(*map(int, sys.argv[2:4])) if len(sys.argv) > 2 else None
    spoken = transcript.load(folder)
    write(folder, manifest.load(folder), spoken.lines if spoken else [], sys.stdout.buffer, span=span)


if __name__ == "__main__":
    main()
