"""What is kept: recordings, the resources of the library, what was said in them and by whom it was looked at."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from signalling.db.base import Base, Id, Instant, Json, Name, Ref, Short, Strings, Text

Milliseconds = BigInteger


class Recording(Base):
    """Of a lesson, while and after it is made; the truth about its files is their manifest.

    :ivar state: `recording`, `paused`, `troubled` (it cannot write), `stopped` (by order, and may be started again),
        `ended` (with the lesson) or `none` (by order of the booking). :ivar by: who gave the last order.
    :ivar trouble: the code of what is wrong. :ivar missing_ms: length of the gaps of the teacher's tracks.
    :ivar spool: the folder of recordings that has its files (`recorder.spool`); empty before there are any.
    :ivar since: when somebody last ordered it where it was not recorded: what was said before is not wanted. None: all.
    """

    __tablename__ = "recording"
    lesson: Mapped[Ref] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[Short]
    by: Mapped[str] = mapped_column(String(64), default="")
    began: Mapped[Instant]
    ended: Mapped[Instant | None]
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    tracks: Mapped[int] = mapped_column(default=0)
    missing_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    excluded: Mapped[Strings] = mapped_column(default=list)
    trouble: Mapped[Short] = mapped_column(default="")
    spool: Mapped[Short] = mapped_column(default="")
    since: Mapped[Instant | None]


class Resource(Base):
    """One item of the library, in the terms of Dublin Core and LOM.

    :ivar kind: `lesson`, `video`, `audio`, `document`, `link` or `clip`.
    :ivar state: `waiting`, `processing`, `published`, `failed` or `removed` (a tombstone without files).
    :ivar rights: who finds it: `own` (who made it and who taught it), `school`, `county` (the region above the school),
        `province` (the topmost one) or `public`.
    :ivar region: the school's. :ivar teacher_name: as it was then, and for those without an account.
    :ivar kept: no rule removes it for its age.
    :ivar lesson: it was recorded in. :ivar of: the resource a clip shows a part of, from `starts_ms` to `ends_ms`.
    :ivar note: a code that says what is missing, such as `no_model`. :ivar url: of a link.
    :ivar version: counts changes of what is searched; :ivar indexed: the version that an index holds; other indexes
        that have not followed yet have an `IndexLag`.
    :ivar spool: as of `Recording`, or of an upload; empty: there are no files of it but those in the store.
    :ivar withdrawn: it was public and is not any more, of which those are told who list what is public.
    :ivar text: of a document, up to a million characters: read only where it is asked for (`undefer`).
    """

    __tablename__ = "resource"
    __table_args__ = (
        Index(None, "state", "changed"),
        # What is public, and what was, of all and of each place, in the order in which it is listed.
        Index(None, "rights", "state", "changed", "id"),
        Index(None, "school", "rights", "state", "changed", "id"),
        Index(None, "region", "rights", "state", "changed", "id"),
        Index(None, "withdrawn", "changed", "id"),
        Index(None, "school", "withdrawn", "changed", "id"),
        Index(None, "region", "withdrawn", "changed", "id"),
        Index(None, "school", "day"),
        Index(
            "ix_resource_stale",
            "id",
            sqlite_where=text("indexed < version"),
            postgresql_where=text("indexed < version"),
        ),
    )
    id: Mapped[Id]
    kind: Mapped[Short]
    state: Mapped[Short]
    title: Mapped[Name]
    description: Mapped[Text] = mapped_column(default="")
    subject: Mapped[Short] = mapped_column(default="")
    grade: Mapped[Short] = mapped_column(default="")
    term: Mapped[Short] = mapped_column(default="")
    textbook: Mapped[Name] = mapped_column(default="")
    unit: Mapped[Name] = mapped_column(default="")
    points: Mapped[Strings] = mapped_column(default=list)
    form: Mapped[Short] = mapped_column(default="")
    teacher: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"), index=True)
    teacher_name: Mapped[Name] = mapped_column(default="")
    school: Mapped[Ref | None] = mapped_column(ForeignKey("school.id"))
    region: Mapped[Ref | None] = mapped_column(ForeignKey("region.id"))
    day: Mapped[dt.date]
    language: Mapped[Short] = mapped_column(default="zh-CN")
    rights: Mapped[Short] = mapped_column(default="county")
    licence: Mapped[Name] = mapped_column(default="")
    kept: Mapped[bool] = mapped_column(default=False)
    lesson: Mapped[Ref | None] = mapped_column(ForeignKey("lesson.id"), unique=True)
    of: Mapped[Ref | None] = mapped_column(ForeignKey("resource.id"), index=True)
    starts_ms: Mapped[int] = mapped_column(Milliseconds, default=0)
    ends_ms: Mapped[int] = mapped_column(Milliseconds, default=0)
    length_ms: Mapped[int] = mapped_column(Milliseconds, default=0)
    url: Mapped[str] = mapped_column(String(1000), default="")
    note: Mapped[Short] = mapped_column(default="")
    gaps: Mapped[Json] = mapped_column(default=dict)
    text: Mapped[str] = mapped_column(LongText, default="", deferred=True, deferred_raiseload=True)
    made_by: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"), index=True)
    made: Mapped[Instant]
    changed: Mapped[Instant]
    published: Mapped[Instant | None]
    version: Mapped[int] = mapped_column(default=1)
    indexed: Mapped[int] = mapped_column(default=0)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    spool: Mapped[Short] = mapped_column(default="")


def here(column: InstrumentedAttribute[str], spool: str) -> ColumnElement[bool]:
    """Rows whose files are in a folder of recordings, or in none. :param spool: its name; empty: it cannot be read, and
    might be any of those that are named."""
    return column.in_(("", spool))


class SearchIndex(Base):
    """An index of the library, by the name of its folder. :ivar seen: somebody kept it.

    :ivar whole: it has what was in the database when its name was written here.
    """

    __tablename__ = "search_index"
    name: Mapped[Short] = mapped_column(primary_key=True)
    seen: Mapped[Instant]
    whole: Mapped[bool] = mapped_column(default=False)


class IndexLag(Base):
    """Another index holds this version of a resource, and this one does not yet."""

    __tablename__ = "index_lag"
    index: Mapped[Short] = mapped_column(ForeignKey("search_index.name", ondelete="CASCADE"), primary_key=True)
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]


class ResourceFile(Base):
    """:ivar name: its role, as `recorder.manifest.Output.name`. :ivar key: in the store of finished files."""

    __tablename__ = "resource_file"
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    length_ms: Mapped[int] = mapped_column(Milliseconds, default=0)
    offset_ms: Mapped[int] = mapped_column(Milliseconds, default=0)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)


class Slide(Base):
    """Of a film, or a page of a document, which has no time. :ivar image: name of a `ResourceFile`; empty of a page."""

    __tablename__ = "slide"
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_ms: Mapped[int] = mapped_column(Milliseconds)
    image: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(LongText, default="")


class Chapter(Base):
    __tablename__ = "chapter"
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_ms: Mapped[int] = mapped_column(Milliseconds)
    title: Mapped[Name] = mapped_column(default="")


class Line(Base):
    """A line of the transcript as it stands. :ivar words: `{"words": [[start_ms, end_ms, text], …]}`.

    :ivar version: 1 as it was heard; higher ones are corrections, which no re-run touches.
    """

    __tablename__ = "line"
    __table_args__ = (Index(None, "resource", "starts_ms"),)
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    starts_ms: Mapped[int] = mapped_column(Milliseconds)
    ends_ms: Mapped[int] = mapped_column(Milliseconds)
    text: Mapped[Text]
    words: Mapped[Json] = mapped_column(default=dict)
    speaker: Mapped[Name] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


class LineVersion(Base):
    """What a line was before somebody corrected it."""

    __tablename__ = "line_version"
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[Text]
    by: Mapped[Ref | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[Instant]


class Comment(Base):
    """On the time line. :ivar removed: by whom wrote it, or who looks after the resource."""

    __tablename__ = "comment"
    __table_args__ = (Index(None, "resource", "at_ms"),)
    id: Mapped[Id]
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"))
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    at_ms: Mapped[int] = mapped_column(Milliseconds)
    text: Mapped[Text]
    made: Mapped[Instant]
    removed: Mapped[Instant | None]


class Place(Base):
    """Where somebody stopped watching."""

    __tablename__ = "place"
    __table_args__ = (Index(None, "person", "changed"),)
    person: Mapped[Ref] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    at_ms: Mapped[int] = mapped_column(Milliseconds)
    changed: Mapped[Instant]


class Stage(Base):
    """One step of the work on a resource.

    :ivar name: as in `signalling/library/stages.py`. :ivar state: `waiting`, `running`, `done`, `failed` or `given_up`.
    :ivar progress: thousandths. :ivar error: a code; :ivar detail: a sentence for people.
    :ivar worker: who runs it, until `lease` (seconds since 1970).
    :ivar due: when it may be tried (again).
    """

    __tablename__ = "stage"
    __table_args__ = (
        UniqueConstraint("resource", "position"),
        Index(None, "state", "due"),
    )
    resource: Mapped[Ref] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[Short] = mapped_column(primary_key=True)
    position: Mapped[int]
    state: Mapped[Short]
    tries: Mapped[int] = mapped_column(default=0)
    progress: Mapped[int] = mapped_column(default=0)
    error: Mapped[Short] = mapped_column(default="")
    detail: Mapped[Text] = mapped_column(default="")
    worker: Mapped[Name] = mapped_column(default="")
    lease: Mapped[Instant] = mapped_column(default=0)
    due: Mapped[Instant] = mapped_column(default=0)
    began: Mapped[Instant | None]
    ended: Mapped[Instant | None]
