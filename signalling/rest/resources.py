"""Items of the library: seen, described, cut, taken out; what is mine of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from signalling.bodies import Body, Id, IsoDay, Line, Name, Short, Text
from signalling.library import clips, document, editing, mine, removing
from signalling.library.document import ResourceShown
from signalling.library.mine import Mine
from signalling.library.seen import Viewer, find
from signalling.library.vocabulary import MAX_POINTS
from signalling.rest.operation import Call, Nothing, Operation

Rights = Literal["own", "school", "county", "province", "public"]


class Described(Body):
    """What may be said of any resource, after Dublin Core and LOM."""

    description: Text | None = None
    subject: Short | None = None
    grade: Short | None = None
    term: Short | None = None
    textbook: Line | None = None
    unit: Line | None = None
    points: tuple[Line, ...] | None = Field(None, max_length=MAX_POINTS, description="knowledge points")
    form: Short | None = None
    teacher: Id | None = None
    teacher_name: Line | None = None
    day: IsoDay | None = None
    language: Short | None = Field(None, description="BCP 47, such as zh-CN")
    rights: Rights | None = Field(None, description="who finds it")
    licence: Line | None = None

    def said(self, *without: str) -> dict[str, Any]:
        """Column → value of what is given."""
        given = {name: value for name, value in self if value is not None and name not in without}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


class ChangeBody(Described):
    version: int = Field(description="of the resource, that was seen")
    title: Line | None = None
    url: str | None = Field(None, max_length=1000, description="of a link")
    kept: bool | None = Field(None, description="no rule removes it for its age")


class LinkBody(Described):
    kind: Literal["link"] = "link"
    title: Name
    url: str = Field(max_length=1000)
    school: Id | None = Field(None, description="without it the own one")


class ClipBody(Body):
    title: Name
    starts_ms: int = Field(ge=0, lt=2**53)
    ends_ms: int = Field(ge=0, lt=2**53)


class PlaceBody(Body):
    at_ms: int = Field(ge=0, lt=2**53)


@dataclass(frozen=True, slots=True)
class Made:
    id: str


@dataclass(frozen=True, slots=True)
class Version:
    version: int


def viewer(call: Call[Any, Any]) -> Viewer:
    return Viewer(call.person, call.caller.grants)


class LibraryResource:
    """:param discard: begins to remove the files of what was taken out."""

    def __init__(self, discard: Callable[[], None]) -> None:
        self._discard = discard

    def operations(self) -> Iterable[Operation]:
        one = "/resources/{resource}"
        yield Operation("GET", "/library/mine", self.mine)
        yield Operation("POST", "/resources", self.link, right="library.add", status=201, creates=True)
        yield Operation("GET", one, self.read, right="library.read")
        yield Operation("PATCH", one, self.change, right="library.edit")
        yield Operation("DELETE", one, self.remove, right="library.remove")
        yield Operation("POST", f"{one}/clips", self.clip, right="library.add", status=201, creates=True)
        yield Operation("PUT", f"{one}/place", self.stop_at, right="library.read")

    async def mine(self, call: Call[Nothing, Nothing]) -> Mine:
        """What I added, what I taught, where I stopped watching"""
        async with call.database.read() as session:
            return await mine.read(session, viewer(call))

    async def link(self, call: Call[LinkBody, Nothing]) -> Made:
        """Add a link to a page elsewhere"""
        body = call.body
        said = body.said("kind", "school")
        row = await editing.add_link(call.database, call.now, viewer(call), body.school, said)
        return Made(row.id)

    async def read(self, call: Call[Nothing, Nothing]) -> ResourceShown:
        """All that a player needs of a resource"""
        async with call.database.read() as session:
            found = await find(session, viewer(call), call.path("resource"))
            return await document.show(session, found)

    async def change(self, call: Call[ChangeBody, Nothing]) -> Version:
        """Correct what is said of a resource"""
        body = call.body
        said = body.said("version")
        row = await editing.change(call.database, call.now, viewer(call), call.path("resource"), body.version, said)
        return Version(row.version)

    async def remove(self, call: Call[Nothing, Nothing]) -> None:
        """Take a resource out of the library, with its files and its clips"""
        await removing.remove(call.database, call.now, viewer(call), call.path("resource"))
        self._discard()

    async def clip(self, call: Call[ClipBody, Nothing]) -> Made:
        """Cut a clip: a part of the resource, as a resource that refers to it"""
        body, id = call.body, call.path("resource")
        row = await clips.cut(call.database, call.now, viewer(call), id, body.title, body.starts_ms, body.ends_ms)
        return Made(row.id)

    async def stop_at(self, call: Call[PlaceBody, Nothing]) -> None:
        """I stopped watching here"""
        await mine.stop_at(call.database, call.now, viewer(call), call.path("resource"), call.body.at_ms)
