"""What a page may ask for over `/ws` after `hello`, and what then happens: one function per message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mediaserver import api
from signalling import messages, rights
from signalling.lessons import Change, Lesson
from signalling.rooms import Page, Room, Rooms


async def obey(rooms: Rooms, page: Page, message: messages.ClientMessage) -> None:
    """Carry out one message.

    :raises UserError: the role may not, the participant is not there, or the media server refuses.
    """
    if not isinstance(message, messages.Ping) and not rights.may(page.claims.role, message.t):
        raise api.UserError(403, "forbidden_role", f"The role {page.claims.role} may not send '{message.t}'.")
    room = rooms.rooms.get(page.claims.room)
    if room is None or room.pages.get(page.claims.participant) is not page:
        return  # replaced while this message was under way
    await _TABLE[type(message)](rooms, room, page, message)


def _classroom(room: Room, participant: str) -> str:
    person = room.lesson.people.get(participant)
    if person is None or person.role != "classroom":
        raise api.UserError(404, "not_found", "There is no such classroom in this lesson; it may have left just now.")
    return participant


async def _call(rooms: Rooms, room: Room, page: Page, message: messages.Call) -> None:
    participant = _classroom(room, message.participant) if message.participant is not None else None
    await rooms.bus.request(api.Call(page.claims.room, participant))


async def _mute(rooms: Rooms, room: Room, page: Page, message: messages.Mute) -> None:
    if message.participant is not None:
        chosen = [_classroom(room, message.participant)]
    else:
        chosen = [person.id for person in room.lesson.people.values() if person.role == "classroom"]
    for participant in chosen:
        await rooms.bus.request(api.Mute(page.claims.room, participant, message.muted))
        rooms.changed(page.claims.room, _muted(participant, message.muted))


def _muted(participant: str, muted: bool) -> Callable[[Lesson, float], Change]:
    return lambda lesson, now: lesson.set_muted(participant, muted)


async def _tiles(rooms: Rooms, room: Room, page: Page, message: messages.Tiles) -> None:
    # Not checked against who is here: a page of tiles may keep the place of a classroom that comes back.
    shown = tuple(dict.fromkeys(message.participants))
    await rooms.bus.request(api.ShowTiles(page.claims.room, page.claims.participant, shown))


async def _hand(rooms: Rooms, room: Room, page: Page, message: messages.Hand) -> None:
    rooms.changed(page.claims.room, lambda it, now: it.set_hand(page.claims.participant, message.up))


async def _display(rooms: Rooms, room: Room, page: Page, message: messages.DisplayIs) -> None:
    display = messages.Display(**message.model_dump(exclude={"t"}))
    rooms.changed(page.claims.room, lambda it, now: it.set_display(page.claims.participant, display))


async def _remote(rooms: Rooms, room: Room, page: Page, message: messages.Remote) -> None:
    beside = page.claims.beside
    if beside is None:
        detail = "This link is beside no display; read the code on your classroom's display with the phone."
        raise api.UserError(403, "not_beside", detail)
    rooms.steer(page.claims.room, _classroom(room, beside), message)


async def _stats(rooms: Rooms, room: Room, page: Page, message: messages.Stats) -> None:
    rooms.report(page.claims, message)
    if message.delay_ms is not None:
        rooms.metrics.delay.observe(message.delay_ms / 1000)


async def _end(rooms: Rooms, room: Room, page: Page, message: messages.End) -> None:
    await rooms.end(page.claims.room, page.claims.participant)


async def _record(rooms: Rooms, room: Room, page: Page, message: messages.Record) -> None:
    await rooms.record(page.claims, message)


async def _captions(rooms: Rooms, room: Room, page: Page, message: messages.SwitchCaptions) -> None:
    if rooms.captioner is None or not (rooms.captioner.available or not message.on):
        detail = "This server has no live captions; ask its administrator for recorder.captions and a speech model."
        raise api.UserError(409, "captions_off", detail)
    rooms.captioner.switch(page.claims.room, message.on)


async def _ping(rooms: Rooms, room: Room, page: Page, message: messages.Ping) -> None:
    page.send(messages.Pong(id=message.id, now=int(rooms.clock() * 1000)).text())


_TABLE: dict[type[Any], Callable[[Rooms, Room, Page, Any], Awaitable[None]]] = {
    messages.Call: _call,
    messages.Mute: _mute,
    messages.Tiles: _tiles,
    messages.Hand: _hand,
    messages.DisplayIs: _display,
    messages.Remote: _remote,
    messages.Stats: _stats,
    messages.End: _end,
    messages.Record: _record,
    messages.SwitchCaptions: _captions,
    messages.Ping: _ping,
}
