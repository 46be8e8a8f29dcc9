"""What stages made of a recording, written into the rows that pages and search read.

Everything is made from the manifest each time, so that doing it twice changes nothing; what is no longer made goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.manifest import Manifest
from recorder.stages.keep import key_of
from recorder.transcript import Transcript
from signalling.bell import transitions
from signalling.db.library import Chapter, Line, LineVersion, Resource, ResourceFile, Slide, Stage
from signalling.db.people import Person
from signalling.db.places import Classroom, Device, School
from signalling.library import lines, telling, work
from signalling.library.lines import Heard, Kept
from signalling.library.stages import NO_MODEL
from signalling.library.telling import WORKER
from signalling.library.work import Task

TRANSCRIPT_LATER = "transcript_later"
"""Note of what is published before its transcript is there."""
TILE = (160, 90)
"""Pixels of each small picture of a strip."""
MAX_LINES = 20_000
MAX_GAPS = 1000
_LINE = 2000
"""Characters of a line's column."""
_TITLE = 120
_TEXT = 10_000
_ALL = 1_000_000
"""Characters of what stands on a slide, and in a document."""
_SHOWN = 200_000
"""Of these the first, page by page, go to whoever opens it."""


async def publish(
    session: AsyncSession, task: Task, manifest: Manifest, transcript: Transcript | None, now: float
) -> bool:
    """The stage's second half, after `recorder.stages.keep`; it is done with this transaction. False: another has it.

    A lesson that is published for the first time is told to its teacher and to webhooks.
    """
    found = await work.mine(session, task)
    if found is None:
        return False
    row, stages, _ = found
    keys = await _files(session, row.id, manifest)
    await _slides(session, row.id, manifest, keys)
    await _chapters(session, row.id, manifest)
    heard = transcript if transcript is not None and transcript.heard_us == -1 else None
    if heard is not None:
        await _lines(session, row.id, manifest, heard, await _speakers(session, row, manifest))
    row.length_ms = manifest.length_us // 1000
    row.gaps = {
        "gaps": _gaps(manifest),
        "strip": _strip(manifest),
        "model": heard.model if heard is not None else "",
    }
    row.text = "\n".join(manifest.pages)[:_ALL]
    row.note = _note(stages) or next((note[:40] for note in manifest.notes), "")
    row.version += 1
    row.changed = int(now)
    first = row.published is None
    if row.state == "processing":
        row.state = "published"
    if first:
        row.published = int(now)
    await session.flush()
    await work.finish(session, task, now)
    if first:
        if row.lesson is not None:
            await transitions.advance(session, [row.lesson], "publish", WORKER, now)
        await telling.published(session, row, now)
    return True


async def keys_of(session: AsyncSession, resource: str) -> frozenset[str]:
    """Of a resource's files in the store."""
    return frozenset(await session.scalars(select(ResourceFile.key).where(ResourceFile.resource == resource)))


# ---------------------------------------------------------------- rows


async def _files(session: AsyncSession, resource: str, manifest: Manifest) -> set[str]:
    """:returns: names of files."""
    await session.execute(delete(ResourceFile).where(ResourceFile.resource == resource))
    values = [
        {
            "resource": resource,
            "name": output.name[:60],
            "key": key_of(resource, output),
            "media_type": output.media_type,
            "bytes": output.bytes,
            "sha256": output.sha256,
            "length_ms": output.duration_us // 1000,
            "offset_ms": output.offset_us // 1000,
            "width": output.width,
            "height": output.height,
        }
        for output in manifest.outputs
    ]
    if values:
        await session.execute(insert(ResourceFile), values)
    return {str(value["name"]) for value in values}


async def _slides(session: AsyncSession, resource: str, manifest: Manifest, names: set[str]) -> None:
    await session.execute(delete(Slide).where(Slide.resource == resource))
    values = [
        {
            "resource": resource,
            "number": number,
            "at_ms": slide.at_us // 1000,
            "image": slide.image,
            "text": slide.text[:_TEXT],
        }
        for number, slide in enumerate((slide for slide in manifest.slides if slide.image in names), 1)
    ]
    values += [
        {"resource": resource, "number": number, "at_ms": 0, "image": "", "text": text}
        for number, text in enumerate(_pages(manifest), len(values) + 1)
    ]
    if values:
        await session.execute(insert(Slide), values)


def _pages(manifest: Manifest) -> Iterator[str]:
    """Of a document: they have a number, and neither a time nor a picture."""
    room = _SHOWN
    for text in manifest.pages:
        if room <= 0:
            return
        yield text[:room]
        room -= len(text)


async def _chapters(session: AsyncSession, resource: str, manifest: Manifest) -> None:
    await session.execute(delete(Chapter).where(Chapter.resource == resource))
    values = [
        {"resource": resource, "number": number, "at_ms": chapter.at_us // 1000, "title": chapter.title[:_TITLE]}
        for number, chapter in enumerate(manifest.chapters, 1)
    ]
    if values:
        await session.execute(insert(Chapter), values)


async def _lines(
    session: AsyncSession, resource: str, manifest: Manifest, transcript: Transcript, speakers: dict[str, str]
) -> None:
    of_track = {track.id: speakers.get(track.participant, "") for track in manifest.tracks}
    heard = [
        Heard(
            line.start_us // 1000,
            line.end_us // 1000,
            line.text[:_LINE],
            tuple((word.start_us // 1000, word.end_us // 1000, word.text) for word in line.words),
            of_track.get(line.track, ""),
        )
        for line in transcript.lines[:MAX_LINES]
    ]
    rows = (await session.scalars(select(Line).where(Line.resource == resource).with_for_update())).all()
    kept = [Kept(row.number, row.version > 1, _heard(row)) for row in rows]
    highest = max(
        await _highest(session, Line.number, Line.resource == resource),
        await _highest(session, LineVersion.number, LineVersion.resource == resource),
    )
    change = lines.merge(kept, heard, highest)
    for first in range(0, len(change.gone), 500):
        gone = change.gone[first : first + 500]
        await session.execute(delete(Line).where(Line.resource == resource, Line.number.in_(gone)))
    values = [
        {
            "resource": resource,
            "number": number,
            "starts_ms": line.starts_ms,
            "ends_ms": line.ends_ms,
            "text": line.text,
            "words": {"words": [list(word) for word in line.words]},
            "speaker": line.speaker,
            "version": 1,
        }
        for number, line in change.new
    ]
    if values:
        await session.execute(insert(Line), values)


async def _highest(session: AsyncSession, number: Any, where: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.max(number)).where(where)) or 0


def _heard(row: Line) -> Heard:
    words = tuple((int(start), int(end), str(text)) for start, end, text in row.words.get("words", ()))
    return Heard(row.starts_ms, row.ends_ms, row.text, words, row.speaker)


async def _speakers(session: AsyncSession, row: Resource, manifest: Manifest) -> dict[str, str]:
    """Participant → who that is: a person's name, or a device's classroom."""
    ids = {track.participant for track in manifest.tracks if len(track.participant) <= 16}
    named: dict[str, str] = {
        id: name for id, name in await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    }
    places = await session.execute(
        select(Device.id, School.name, Classroom.name)
        .join(Classroom, Classroom.id == Device.classroom)
        .join(School, School.id == Classroom.school)
        .where(Device.id.in_(ids))
    )
    named |= {id: f"{school} · {classroom}"[:120] for id, school, classroom in places}
    if manifest.lead and row.teacher_name:
        named[manifest.lead] = row.teacher_name
    return named


def _gaps(manifest: Manifest) -> list[dict[str, Any]]:
    """Where the teacher's camera or voice is missing; what is missing in both at once, for one reason, is one gap."""
    found = sorted(
        (gap.start_us, gap.end_us, gap.why)
        for track in manifest.tracks
        if track.participant == manifest.lead and track.source != "screen"
        for gap in track.gaps
    )
    joined: list[tuple[int, int, str]] = []
    for start, end, why in found:
        at = next((i for i, (_, until, reason) in enumerate(joined) if reason == why and start <= until), None)
        if at is None:
            joined.append((start, end, why))
        else:
            joined[at] = (joined[at][0], max(joined[at][1], end), why)
    return [{"starts_ms": start // 1000, "ends_ms": end // 1000, "why": why} for start, end, why in joined[:MAX_GAPS]]


def _strip(manifest: Manifest) -> dict[str, int] | None:
    """How the small pictures of the whole length lie in one."""
    output = manifest.output("strip")
    if output is None:
        return None
    width, height = TILE
    return {
        "columns": output.width // width,
        "rows": output.height // height,
        "every_ms": output.duration_us // 1000,
        "width": width,
        "height": height,
    }


def _note(stages: Sequence[Stage]) -> str:
    """What is missing of it: the first thing that lags."""
    for stage in stages:
        if stage.state in ("done", "running"):
            continue
        if stage.error == NO_MODEL:
            return NO_MODEL
        if stage.state in ("failed", "given_up"):
            return f"no_{stage.name}"
        if stage.name == "transcript":  # others are published first, or the model cannot be loaded at present
            return TRANSCRIPT_LATER
    return ""
