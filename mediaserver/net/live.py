"""What happens between commands: peers come and go, packets cause feedback, slots follow their rooms.

`Live` owns the tables of sessions, rooms and streams, and everything that runs by itself.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from itertools import count

from mediaserver import api
from mediaserver.net import dtls as dtls_seam
from mediaserver.net.dtls import DtlsSrtp, Outcome
from mediaserver.net.feedback import NACK_BUDGET, Feedback
from mediaserver.net.ice import Credentials, IceLite
from mediaserver.net.reports import Reports
from mediaserver.net.roster import Roster
from mediaserver.net.session import Published, Session, route_from
from mediaserver.plane.interface import Address, ControlPacket, Kind, Plane
from mediaserver.rtp import rtcp
from mediaserver.settings import MediaSettings
from mediaserver.sfu.keyframes import KeyframeArbiter
from mediaserver.sfu.plan import Negotiated
from mediaserver.sfu.room import ACTIVE_S, Play, Room, Slot

_log = logging.getLogger(__name__)

TICK_S = 0.1
NACK_TICK_S = 0.02
REPORT_S = 1.0
STATS_S = 2.0
CONNECT_TIMEOUT_S = 30.0
"""A session whose peer has not finished DTLS by then is given up."""
CLOSE_TIMEOUT_S = 1.0
ROOM_LINGER_S = 30.0
"""A room without sessions keeps who is called, muted and shown for so long, should they all come back."""


class Live:
    """:param bus: carries the events away."""

    def __init__(self, settings: MediaSettings, plane: Plane, bus: api.LocalBus) -> None:
        self._settings = settings
        self._plane = plane
        self._bus = bus
        self._arbiter = KeyframeArbiter(settings.keyframe_min_interval_ms / 1000)
        # The wall clock is read once: NTP times sent to peers must not jump when it is set.
        self._epoch = time.time() - time.monotonic()
        self._feedback = Feedback(plane, self._arbiter, secrets.randbits(32), self._ntp_now)
        self._reports = Reports(plane, self._ntp_at)
        self.ice = IceLite(plane.send, self._moved, self._checked)
        self.certificate = dtls_seam.generate_certificate()
        self.rooms: dict[str, Room] = {}
        self.sessions = Roster()
        self._by_key: dict[int, Session] = {}
        self._streams: dict[int, tuple[Session, Published]] = {}
        self._ids = count(1)
        self._closing: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._nack_timer: asyncio.TimerHandle | None = None
        self._next_report = self._next_stats = 0.0
        self.before_leaving: Callable[[Session, str], None] | None = None
        """Told of a session before the streams that it publishes end, and of the reason. Never raises."""
        self._count = dict.fromkeys(
            ("session_published", "session_subscribed", "session_closed", "drop_dtls_unknown", "drop_dtls_queue"), 0
        )

    def _ntp_now(self) -> int:
        return rtcp.ntp_from_unix(self._epoch + time.monotonic())

    def _ntp_at(self, now_us: int) -> int:
        return rtcp.ntp_from_unix(self._epoch + now_us / 1e6)

    # ------------------------------------------------------------ life

    def start(self) -> None:
        self._plane.start(self._control)
        self._ticker = asyncio.get_running_loop().create_task(self._tick_for_ever())

    async def stop(self) -> None:
        """Timers, then sessions, then their farewells. Twice is once."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait([self._ticker])
            self._ticker = None
        if self._nack_timer is not None:
            self._nack_timer.cancel()
            self._nack_timer = None
        for session in list(self.sessions.values()):
            self.close(session, "shutdown")
        if self._closing:
            _, late = await asyncio.wait(self._closing, timeout=CLOSE_TIMEOUT_S)
            for task in late:
                task.cancel()
        self.rooms.clear()

    # ------------------------------------------------------------ sessions

    def next_id(self) -> int:
        """Ids of transports, streams and routes are unique in a process."""
        return next(self._ids)

    def room(self, name: str) -> Room:
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = Room(name)
        return room

    def forget_room(self, name: str) -> None:
        """Its sessions are closed; nobody is called there any more."""
        room = self.rooms.pop(name, None)
        if room is not None and room.called is not None:
            self._bus.emit(api.CalledChanged(name, None))

    def open(self, session: Session, plan: Negotiated) -> Credentials:
        """Enter a new session into the tables, with what it publishes; its peer may connect from now on."""
        session.dtls = DtlsSrtp(
            self.certificate,
            plan.fingerprints,
            lambda data: self._send_dtls(session.key, data),
            lambda outcome: self._dtls_changed(session, outcome),
            active=plan.our_setup == "active",
        )
        self.sessions.add(session)
        self._by_key[session.key] = session
        for published in session.published:
            self._streams[published.spec.id] = (session, published)
            session.room.add_track(published.track)
        if session.subscriber is not None:
            session.room.add_subscriber(session.subscriber)
        self._count["session_published" if session.direction == "publish" else "session_subscribed"] += 1
        credentials = self.ice.add(session.key, session.created, session.port.sockets)
        self._tell_session(session, "connecting")
        if session.published:
            self.tell_tracks(session.room, session.participant)
        self.apply(session.room)
        return credentials

    def _moved(self, key: int, address: Address) -> None:
        self._plane.move_transport(key, address)
        self._plane.set_consent(key, *self.ice.consent(key))
        session = self._by_key.get(key)
        if session is not None and session.dtls is not None:
            session.dtls.begin()

    def _checked(self, key: int) -> float:
        stats = self._plane.transport_stats(key)
        return stats.consent_us / 1e6 if stats is not None else 0.0

    def _send_dtls(self, key: int, data: bytes) -> None:
        address = self.ice.address(key)
        if address is not None:
            self._plane.send(address, data)

    def _dtls_changed(self, session: Session, outcome: Outcome) -> None:
        if session.id not in self.sessions:
            return
        if outcome is Outcome.FAILED:
            self.close(session, "dtls_failed")
        elif outcome is Outcome.CLOSED:
            self.close(session, "peer_closed")
        else:
            self._connected(session)

    def _connected(self, session: Session) -> None:
        address = self.ice.address(session.key)
        if address is None or session.dtls is None:
            return
        inbound, outbound = session.dtls.sessions
        self._plane.add_transport(session.key, address, inbound, outbound)
        self._plane.set_consent(session.key, *self.ice.consent(session.key))
        session.connected = True
        for published in session.published:
            self._plane.add_stream(published.spec)
        if session.subscriber is not None:
            for slot in session.subscriber.slots:
                self._plane.set_route(route_from(slot, slot.playing, transport=session.key, cname=session.cname))
        self._tell_session(session, "connected")
        if session.subscriber is not None:
            self._tell_slots(session)
        if session.published:
            self._play_waiting(session)

    def _play_waiting(self, publisher: Session) -> None:
        """Tracks published before their transport was there may be played only now."""
        for other in publisher.room.subscribers.values():
            for slot in other.slots:
                if slot.playing is not None and any(slot.playing is p.track for p in publisher.published):
                    self._play(self.sessions[other.session], slot)

    def close(self, session: Session, reason: str) -> None:
        """Out of the tables first, so that nothing finds a session that is ending; farewells last."""
        if session.published and self.before_leaving is not None and session.id in self.sessions:
            self.before_leaving(session, reason)
        if not self.sessions.remove(session):
            return
        del self._by_key[session.key]
        room = session.room
        streams = {published.spec.id for published in session.published}
        for stream in streams:
            self._streams.pop(stream, None)
            self._arbiter.forget(stream)
        room.remove_tracks(session.participant, streams)
        room.remove_subscriber(session.id)
        self.apply(room)
        self._feedback.goodbye(session)
        self._plane.remove_transport(session.key)
        if session.dtls is not None:
            task = asyncio.get_running_loop().create_task(self._say_goodbye(session.dtls, session.key))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            session.dtls = None  # they hold each other, and with them 75 kB, until a full collection
        self._reports.forget(session.id)
        self._count["session_closed"] += 1
        self._tell_session(session, "closed", reason)
        if session.published:
            self.tell_tracks(room, session.participant)

    async def _say_goodbye(self, dtls: DtlsSrtp, key: int) -> None:
        try:
            await dtls.close()
        finally:
            self.ice.remove(key)

    # ------------------------------------------------------------ from the plane

    def _control(self, batch: list[ControlPacket]) -> None:
        for packet in batch:
            try:
                self._take(packet, packet.now_us / 1e6)
            except Exception:
                # A bug that one peer's packet found must not cost the others theirs.
                _log.exception("a %s packet was not handled", packet.kind.value)
        self._request_keyframes()

    def _take(self, packet: ControlPacket, now: float) -> None:
        if packet.kind is Kind.RTCP:
            if (session := self._by_key.get(packet.transport)) is not None:
                self._feedback.receive(session, packet.data, now)
        elif packet.kind is Kind.STUN and packet.address is not None:
            self.ice.receive(packet.data, packet.address, now)
        elif packet.kind is Kind.DTLS and packet.address is not None:
            self._dtls(packet.data, packet.address)
        elif (found := self._streams.get(packet.stream)) is not None:
            self._stream_event(packet, *found, now)

    def _dtls(self, data: bytes, address: Address) -> None:
        key = self.ice.peer_at(address)
        session = self._by_key.get(key) if key is not None else None
        if session is None or session.dtls is None:
            self._count["drop_dtls_unknown"] += 1
        elif not session.dtls.feed(data):
            self._count["drop_dtls_queue"] += 1

    def _stream_event(self, packet: ControlPacket, session: Session, published: Published, now: float) -> None:
        if packet.kind is Kind.GAP:
            self._schedule_nacks()
        elif packet.kind is Kind.KEYFRAME_WANTED:
            self._arbiter.request(packet.stream, now)
        elif packet.kind is Kind.STARTED:
            self._feedback.started(published, packet.route)
        elif packet.kind is Kind.BOUND:
            if session.room.update_track(published.track, active=True, level=published.track.level):
                self.apply(session.room)
                self.tell_tracks(session.room, session.participant)

    def report_of(self, stream: int) -> tuple[int, int, int] | None:
        """See `Published.report`."""
        found = self._streams.get(stream)
        return found[1].report if found is not None else None

    def want_keyframe(self, stream: int) -> None:
        if stream in self._streams:
            self._arbiter.request(stream, time.monotonic())
            self._request_keyframes()

    def _schedule_nacks(self) -> None:
        if self._nack_timer is None:
            self._nack_timer = asyncio.get_running_loop().call_later(NACK_TICK_S, self._ask_missing)

    def _ask_missing(self) -> None:
        self._nack_timer = None
        now = time.monotonic()
        if any([self._feedback.ask_missing(session, published, now) for session, published in self._streams.values()]):
            self._schedule_nacks()

    def _request_keyframes(self) -> None:
        now = time.monotonic()
        for stream in self._arbiter.waiting:
            stats = self._plane.stream_stats(stream)
            if stats is None:
                self._arbiter.forget(stream)
            else:
                self._arbiter.arrived(stream, stats.last_keyframe_us / 1e6)
        for stream in self._arbiter.due(now):
            found = self._streams.get(stream)
            if found is not None:
                self._feedback.request_keyframe(*found)

    # ------------------------------------------------------------ to the rooms

    def apply(self, room: Room) -> None:
        for action in room.changes(time.monotonic()):
            session = self.sessions.get(action.subscriber.session)
            if session is None or not session.connected:
                continue  # once connected it is given everything at once
            if isinstance(action, Play):
                self._play(session, action.slot)
            else:
                self._tell_slots(session)

    def _play(self, session: Session, slot: Slot) -> None:
        if session.connected:
            self._plane.set_route(route_from(slot, slot.playing, transport=session.key, cname=session.cname))

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._tick(time.monotonic())
            except Exception:
                # One bad tick must not stop the clock of every lesson on this machine.
                _log.exception("tick failed")

    def _tick(self, now: float) -> None:
        for session, published in list(self._streams.values()):
            stats = self._plane.stream_stats(published.spec.id)
            if stats is None:
                continue
            active = stats.last_us > 0 and now - stats.last_us / 1e6 < ACTIVE_S
            if session.room.update_track(published.track, active=active, level=stats.level):
                self.tell_tracks(session.room, session.participant)
                if active and published.spec.video:
                    # It was gone for a while, and whoever joined meanwhile has asked in vain.
                    self._arbiter.request(published.spec.id, now)
        for room in list(self.rooms.values()):
            self.apply(room)
            if not room.empty:
                room.empty_since = None
            elif room.empty_since is None:
                room.empty_since = now
            elif now - room.empty_since > ROOM_LINGER_S:
                self.forget_room(room.name)
        self._request_keyframes()
        for session in self.sessions.values():
            session.nack_budget = NACK_BUDGET
        if now >= self._next_report:
            self._next_report = now + REPORT_S
            self._report(now)
        if now >= self._next_stats:
            self._next_stats = now + STATS_S
            for room in list(self.rooms):
                self._bus.emit(self.stats(room))

    def _report(self, now: float) -> None:
        for session in list(self.sessions.values()):
            if not session.connected:
                if now - session.created > CONNECT_TIMEOUT_S:
                    self.close(session, "ice_timeout")
                continue
            transport = self._plane.transport_stats(session.key)
            heard = max(self.ice.heard(session.key), transport.last_us / 1e6 if transport is not None else 0.0)
            if now - heard > self._settings.consent_timeout_s:
                self.close(session, "consent_expired")
            elif session.direction == "publish":
                settings = self._settings
                self._feedback.report(
                    session, least=settings.min_publish_bitrate, most=settings.max_publish_bitrate, now=now
                )

    # ------------------------------------------------------------ events

    def _tell_session(self, session: Session, state: api.SessionState, reason: str = "") -> None:
        self._bus.emit(
            api.SessionChanged(session.room.name, session.id, session.participant, session.direction, state, reason)
        )

    def _tell_slots(self, session: Session) -> None:
        if session.subscriber is not None:
            self._bus.emit(self._reports.slots(session, session.subscriber))

    def tell_tracks(self, room: Room, participant: str) -> None:
        self._bus.emit(self._reports.tracks(room, participant))

    def stats(self, room: str | None) -> api.StatsReported:
        sessions = self.sessions.values() if room is None else self.sessions.in_room(room)
        return self._reports.stats(room, sessions, self.counters(), time.monotonic())

    def counters(self) -> dict[str, int]:
        """Named counts of the plane and of what is above it."""
        return {
            **self._plane.counters(),
            **self.ice.count,
            **self._feedback.count,
            **self._count,
            "keyframes_merged": self._arbiter.merged,
        }
