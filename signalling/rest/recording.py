"""A lesson's recording: what there is of it, and orders to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from signalling.bodies import Body
from signalling.recording.orders import Action
from signalling.recording.recordings import Recordings
from signalling.recording.shown import RecordingShown
from signalling.rest.operation import Call, Nothing, Operation


class OrderBody(Body):
    action: Action


@dataclass(frozen=True, slots=True)
class May:
    """:ivar control: give orders."""

    control: bool


@dataclass(frozen=True, slots=True)
class Whole(RecordingShown):
    may: May


class RecordingResource:
    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings

    def operations(self) -> Iterable[Operation]:
        read, control, of = "recording.read", "recording.control", "lesson"
        path = "/lessons/{lesson}/recording"
        yield Operation("GET", path, self.get, read, of)
        yield Operation("POST", path, self.order, control, of)
        yield Operation("PUT", path + "/excluded/{participant}", self.exclude, control, of)
        yield Operation("DELETE", path + "/excluded/{participant}", self.include, control, of)

    async def get(self, call: Call[Nothing, Nothing]) -> Whole:
        """Whether a lesson is recorded, its gaps and troubles"""
        return await self._shown(call)

    async def order(self, call: Call[OrderBody, Nothing]) -> Whole:
        """Start, stop, pause or resume the recording of a lesson that is open"""
        await self._recordings.give(call.path("lesson"), call.body.action, actor=call.person, now=call.now)
        return await self._shown(call)

    async def exclude(self, call: Call[Nothing, Nothing]) -> Whole:
        """Leave a classroom out of the recording from now on"""
        return await self._exclude(call, True)

    async def include(self, call: Call[Nothing, Nothing]) -> Whole:
        """Record a classroom again that was left out"""
        return await self._exclude(call, False)

    async def _exclude(self, call: Call[Any, Any], excluded: bool) -> Whole:
        lesson, participant = call.path("lesson"), call.id("participant")
        await self._recordings.exclude(lesson, participant, excluded, actor=call.person, now=call.now)
        return await self._shown(call)

    async def _shown(self, call: Call[Any, Any]) -> Whole:
        lesson = call.path("lesson")
        shown = await self._recordings.read(lesson)
        may = May(await call.caller.allows("recording.control", "lesson", lesson))
        return Whole(**{it.name: getattr(shown, it.name) for it in dataclasses.fields(shown)}, may=may)
