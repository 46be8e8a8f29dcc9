"""All rooms of this server: where pages, media sessions and the media server's events meet.

Everything runs on one event loop. Events of the media server may arrive while a command of ours
is still being answered, so no method here holds an iteration over its own tables across a request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from mediaserver import api
from signalling import messages
from signalling.lessons import Change, Lesson
from signalling.metrics import Metrics
from signalling.rights import TABLE
from signalling.tokens import Claims

log = structlog.get_logger("signalling.rooms")

LINGER_S = 600
"""An empty room is remembered so long, so that a display that reloads after the bell reads `ended`."""


class Page(Protocol):
    """One page's WebSocket, as rooms see it: never blocks, never raises."""

    claims: Claims

    def send(self, text: str, *, droppable: bool = False) -> None: ...

    def finish(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        """Say `bye`, then close with `code`."""


class Witness(Protocol):
    """Told of what happened in rooms, on the event loop and after it happened: never blocks, never raises."""

    def changed(self, room: str, lesson: Lesson, people: frozenset[str]) -> None:
        """`people` came, changed or left, or the lesson's state is another one."""

    def reported(self, room: str, participant: str, report: messages.Stats) -> None:
        """How the lesson looks from a participant's page."""

    def measured(self, room: str, sessions: tuple[api.SessionStats, ...]) -> None:
        """What the media server measured, every two seconds."""


class Captioner(Protocol):
    """Shows what teachers say: `switch` may raise UserError, `standing` is what is on the screens of a room now."""

    @property
    def available(self) -> bool: ...
    def switch(self, room: str, on: bool) -> None: ...
    def standing(self, room: str) -> messages.Captions | None: ...


@dataclass(slots=True)
class MediaSession:
    """A WHIP or WHEP resource. :ivar etag: without quotes. :ivar ufrag: the client's, to tell trickle from restart."""

    id: str
    direction: str
    claims: Claims
    etag: str
    ufrag: str | None


class Room:
    def __init__(self, now: float) -> None:
        self.lesson = Lesson(now)
        self.pages: dict[str, Page] = {}
        self.seen: dict[str, set[str]] = {}
        """For each page, the participants it was told of."""
        self.reports: dict[str, messages.Stats] = {}
        self.numbers: tuple[api.SessionStats, ...] = ()
        self.slots: dict[str, api.SlotsChanged] = {}
        """The latest slots of each WHEP session, for a page that connects again."""
        self.empty_since: float | None = now
        self.recording: messages.Recording | None = None
        self.captioning: messages.Captioning | None = None
        self.ended_by: str | None = None
        """The participant who ended the lesson."""


class Rooms:
    """:ivar admit: raises UserError for a token that opens its room at another time, or never.
    :ivar record: obeys somebody in a room, or raises UserError. :ivar witness: hears of everything.
    :ivar captioner: where the server has captions."""

    def __init__(self, bus: api.Bus, metrics: Metrics, clock: Callable[[], float]) -> None:
        self.bus = bus
        self.metrics = metrics
        self.clock = clock
        self.rooms: dict[str, Room] = {}
        self.sessions: dict[str, MediaSession] = {}
        self.admit: Callable[[Claims], Awaitable[None]] = _everybody
        self.record: Callable[[Claims, messages.Record], Awaitable[None]] = _nobody_records
        self.witness: Witness | None = None
        self.captioner: Captioner | None = None
        metrics.census = self._census
        bus.subscribe(self._on_event)

    def room(self, name: str) -> Room:
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = Room(self.clock())
        return room

    # ------------------------------------------------------------ pages

    def join(self, page: Page) -> None:
        """Enter a page after its `hello`: it gets the whole state, the others hear of it."""
        claims, now = page.claims, self.clock()
        room = self.room(claims.room)
        old = room.pages.pop(claims.participant, None)
        if old is not None:
            old.finish(4409, "replaced")
        change = room.lesson.connect(claims.participant, claims.name, claims.role, now)
        self._tell(claims.room, room, change)
        lesson = room.lesson
        visible = [id for id in lesson.people if _sees(room, page, id)]
        room.pages[claims.participant] = page
        room.seen[claims.participant] = set(visible)
        room.empty_since = None
        page.send(
            messages.Welcome(
                participant=claims.participant,
                role=claims.role,
                name=claims.name,
                room=claims.room,
                now=int(now * 1000),
                lesson=lesson.summary(),
                called=lesson.called,
                participants=[lesson.describe(id) for id in visible],
                captions=self.captioner is not None and self.captioner.available,
            ).text()
        )
        for slots in room.slots.values():
            if slots.participant == claims.participant:
                page.send(messages.Slots.of(slots).text())
        if (wanted := lesson.wanted.get(claims.participant)) is not None:
            page.send(_wanted_text(wanted))
        if room.recording is not None:
            page.send(_recording_text(room, page, room.recording))
        if room.captioning is not None:
            page.send(room.captioning.text())
        if self.captioner is not None and (standing := self.captioner.standing(claims.room)) is not None:
            page.send(standing.text())

    def leave(self, page: Page) -> None:
        """Its connection is gone. A page that was replaced has left already."""
        claims = page.claims
        room = self.rooms.get(claims.room)
        if room is None or room.pages.get(claims.participant) is not page:
            return
        del room.pages[claims.participant], room.seen[claims.participant]
        room.reports.pop(claims.participant, None)
        self._tell(claims.room, room, room.lesson.disconnect(claims.participant, self.clock()))

    def pages(self) -> list[Page]:
        return [page for room in self.rooms.values() for page in room.pages.values()]

    # ------------------------------------------------------------ media sessions

    async def publish(self, claims: Claims, offer: str, ufrag: str | None, takeover: bool) -> api.SessionAnswer:
        """:raises UserError: what the media server refuses, 403 when the token lets nothing be published."""
        if not claims.publish:
            raise api.UserError(
                403, "forbidden_role", f"The role {claims.role} with this token may not publish; watch instead."
            )
        command = api.Publish(
            claims.room, claims.participant, claims.role, offer, takeover=takeover, sources=claims.publish
        )
        answer = await self._open(claims, command, "publish", ufrag)
        if claims.participant in self.room(claims.room).lesson.muted:
            await self.bus.request(api.Mute(claims.room, claims.participant, True))
        return answer

    async def subscribe(self, claims: Claims, offer: str, ufrag: str | None) -> api.SessionAnswer:
        if not claims.subscribe:
            raise api.UserError(403, "forbidden_role", "This token does not allow watching; ask for one that does.")
        command = api.Subscribe(claims.room, claims.participant, claims.role, offer)
        return await self._open(claims, command, "subscribe", ufrag)

    async def _open(
        self, claims: Claims, command: api.Publish | api.Subscribe, direction: str, ufrag: str | None
    ) -> api.SessionAnswer:
        await self.admit(claims)
        room = self.room(claims.room)
        try:
            answer: api.SessionAnswer = await self.bus.request(command)
        except api.UserError as error:
            self.metrics.sessions_refused.labels(direction, error.code).inc()
            raise
        self.sessions[answer.session] = MediaSession(answer.session, direction, claims, answer.etag, ufrag)
        self.metrics.sessions_opened.labels(direction).inc()
        room.empty_since = None
        change = room.lesson.open_session(claims.participant, claims.name, claims.role, answer.session, self.clock())
        self._tell(claims.room, room, change)
        log.info(direction, room=claims.room, participant=claims.participant, role=claims.role)
        return answer

    def session(self, claims: Claims, id: str, direction: str) -> MediaSession:
        """The session behind a URL; only its own participant finds it.

        :raises UserError: 404 `not_found`: none, another's, or closed meanwhile.
        """
        session = self.sessions.get(id)
        if session is None or session.direction != direction or session.claims.participant != claims.participant:
            raise api.UserError(404, "not_found", "This session is closed or never was; open a new one.")
        return session

    async def restart(self, session: MediaSession, ufrag: str) -> api.IceRestarted:
        restarted: api.IceRestarted = await self.bus.request(api.RestartIce(session.id))
        session.etag, session.ufrag = restarted.etag, ufrag
        return restarted

    async def close(self, session: MediaSession, reason: str = "closed") -> None:
        await self.bus.request(api.CloseSession(session.id, reason))

    # ------------------------------------------------------------ what the lesson learns

    def changed(self, name: str, mutate: Callable[[Lesson, float], Change]) -> None:
        """Apply a change to a room's lesson and tell everybody who may know."""
        room = self.rooms.get(name)
        if room is not None:
            self._tell(name, room, mutate(room.lesson, self.clock()))

    async def end(self, name: str, by: str | None = None) -> None:
        """End a room's lesson for everybody. :param by: the participant who wanted it."""
        room = self.rooms.get(name)
        if room is None:
            return
        room.ended_by = by or room.ended_by
        # First the state, then the media: nobody reads "interrupted" while the sessions close.
        self.changed(name, lambda it, now: it.end(now))
        await self.bus.request(api.Call(name, None))
        await self.bus.request(api.CloseRoom(name, "room_ended"))

    def steer(self, name: str, display: str, remote: messages.Remote) -> None:
        """An assistant changes something of the display she stands beside."""
        if remote.hand is not None:
            up = remote.hand
            self.changed(name, lambda it, now: it.set_hand(display, up, held=True))
        room = self.rooms.get(name)
        wanted = room.lesson.want(display, remote) if room is not None else None
        if room is not None and wanted is not None and (page := room.pages.get(display)) is not None:
            page.send(_wanted_text(wanted))

    def tell_recording(self, name: str, recording: messages.Recording) -> None:
        """Everybody in a room is told whether it is recorded; who comes later, too."""
        room = self.rooms.get(name)
        if room is not None and room.recording != recording:
            room.recording = recording
            for page in room.pages.values():
                page.send(_recording_text(room, page, recording))

    def tell_captioning(self, name: str, captioning: messages.Captioning) -> None:
        """Everybody in a room is told whether the teacher's words are shown; who comes later, too."""
        room = self.rooms.get(name)
        if room is not None and room.captioning != captioning:
            room.captioning = captioning
            for page in room.pages.values():
                page.send(captioning.text())

    def tell_captions(self, name: str, captions: messages.Captions) -> None:
        """A page that is too slow for them misses some: each says all that is to be shown."""
        text = captions.text()
        for page in self.rooms[name].pages.values() if name in self.rooms else ():
            page.send(text, droppable=True)

    def report(self, claims: Claims, report: messages.Stats) -> None:
        """How the lesson looks from a page."""
        room = self.rooms.get(claims.room)
        if room is not None:
            room.reports[claims.participant] = report
            if self.witness is not None:
                self.witness.reported(claims.room, claims.participant, report)

    def _on_event(self, event: api.Event) -> None:
        """The bus calls this from inside the media server: a bug of ours is logged and stays here."""
        try:
            self._hear(event)
        except Exception:
            log.exception("bug", event_type=type(event).__name__)

    def _hear(self, event: api.Event) -> None:
        match event:
            case api.SessionChanged():
                self._session_changed(event)
            case api.SlotsChanged():
                room = self.rooms.get(event.room)
                if room is not None:
                    room.slots[event.session] = event
                    if (page := room.pages.get(event.participant)) is not None:
                        page.send(messages.Slots.of(event).text())
            case api.TracksChanged():
                self.changed(event.room, lambda it, now: it.set_tracks(event.participant, event.tracks, now))
            case api.CalledChanged():
                self.changed(event.room, lambda it, now: it.set_called(event.participant))
            case api.StatsReported():
                self._reported(event)

    def _session_changed(self, event: api.SessionChanged) -> None:
        room = self.rooms.get(event.room)
        if room is None:
            return
        if (page := room.pages.get(event.participant)) is not None:
            told = messages.Session(
                session=event.session, direction=event.direction, state=event.state, reason=event.reason
            )
            page.send(told.text())
        if event.state == "closed":
            room.slots.pop(event.session, None)
            if self.sessions.pop(event.session, None) is not None:
                self.metrics.closed(event.direction, event.reason)
                log.info("session_closed", room=event.room, participant=event.participant, reason=event.reason)
            self._tell(event.room, room, room.lesson.close_session(event.participant, event.session, self.clock()))

    def _reported(self, event: api.StatsReported) -> None:
        self.metrics.reported(event)
        room = self.rooms.get(event.room) if event.room is not None else None
        if room is None:
            return
        room.numbers = event.sessions
        if self.witness is not None and event.room is not None:
            self.witness.measured(event.room, event.sessions)
        watchers = [page for page in room.pages.values() if TABLE[page.claims.role].watches]
        if not watchers:
            return
        numbers = _numbers(room)
        text = messages.AllStats(participants=numbers).text()
        for page in watchers:
            if TABLE[page.claims.role].sees_all:
                page.send(text, droppable=True)
            else:
                seen = {id: numbers[id] for id in room.seen[page.claims.participant] if id in numbers}
                page.send(messages.AllStats(participants=seen).text(), droppable=True)

    # ------------------------------------------------------------ telling

    def _tell(self, name: str, room: Room, change: Change) -> None:
        """Send a change to every page that may know of it. Newcomers come before the messages that name them."""
        if change and self.witness is not None:
            self.witness.changed(name, room.lesson, change.people)
        if not change or not room.pages:
            return
        lesson = room.lesson
        texts = {
            id: messages.ParticipantChanged(participant=lesson.describe(id)).text()
            for id in change.people
            if id in lesson.people
        }
        called = messages.Called(participant=lesson.called).text() if change.called else None
        summary = messages.LessonChanged(lesson=lesson.summary()).text() if change.lesson else None
        for viewer, page in room.pages.items():
            seen, gone = room.seen[viewer], []
            for id in change.people:
                if _sees(room, page, id):
                    seen.add(id)
                    page.send(texts[id])
                elif id in seen:
                    seen.discard(id)
                    gone.append(id)
            if called is not None:
                page.send(called)
            if summary is not None:
                page.send(summary)
            for id in gone:
                page.send(messages.Left(id=id).text())

    # ------------------------------------------------------------ time

    async def tick(self) -> None:
        """Once a second: close what outlived its token, forget rooms that have long been empty."""
        now = self.clock()
        for page in self.pages():
            if now >= page.claims.valid_until:
                page.finish(4401, "token_expired")
        for session in [s for s in self.sessions.values() if now >= s.claims.valid_until]:
            await self.close(session, "token_expired")
        for name, room in list(self.rooms.items()):
            if room.pages or room.lesson.people:
                room.empty_since = None
            elif room.empty_since is None:
                room.empty_since = now
            elif now - room.empty_since >= LINGER_S:
                del self.rooms[name]

    def _census(self) -> dict[str, dict[str, float]]:
        rate: Counter[str] = Counter(publish=0, subscribe=0)
        for room in self.rooms.values():
            for numbers in room.numbers:
                if numbers.session in self.sessions:
                    rate[numbers.direction] += numbers.bitrate
        return {
            "rooms": dict(Counter(room.lesson.state for room in self.rooms.values())),
            "sessions": dict(Counter(session.direction for session in self.sessions.values())),
            "ws_connections": dict(Counter(page.claims.role for page in self.pages())),
            "bitrate": dict(rate),
        }


async def _nobody_records(claims: Claims, message: messages.Record) -> None:
    raise api.UserError(409, "recording_off", "This server does not record; ask its administrator to switch it on.")


async def _everybody(claims: Claims) -> None:
    """Who has a token for a room may enter it."""


def _sees(room: Room, page: Page, participant: str) -> bool:
    claims = page.claims
    return room.lesson.sees(claims.participant, claims.role, participant, claims.beside)


def _wanted_text(wanted: messages.Display) -> str:
    return messages.SetDisplay(**wanted.model_dump()).text()


def _recording_text(room: Room, page: Page, recording: messages.Recording) -> str:
    """To who does not see everybody, only those classrooms are named that he sees."""
    if TABLE[page.claims.role].sees_all:
        return recording.text()
    seen = [id for id in recording.excluded if _sees(room, page, id)]
    return recording.model_copy(update={"excluded": seen}).text()


def _numbers(room: Room) -> dict[str, messages.Numbers]:
    """Up, down and report of everybody in the room; with two sessions one way, the later one counts."""
    ups: dict[str, messages.Up] = {}
    downs: dict[str, messages.Down] = {}
    for stats in room.numbers:
        if stats.direction == "publish":
            levels = [track.level for track in stats.tracks if track.level is not None]
            ups[stats.participant] = messages.Up(
                loss=stats.loss, rtt_ms=stats.rtt_ms, bitrate=stats.bitrate, level=min(levels, default=None)
            )
        else:
            downs[stats.participant] = messages.Down(loss=stats.loss, rtt_ms=stats.rtt_ms, bitrate=stats.bitrate)
    return {
        id: messages.Numbers(up=ups.get(id), down=downs.get(id), report=room.reports.get(id))
        for id in room.lesson.people
    }
