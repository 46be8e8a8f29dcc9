"""The media server: answers commands, owns the packet plane and everything above it.

Everything runs on one event loop; no call here waits for the network. The order in which
things end is written down in docs/architecture.md ("Teardown").
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Literal

from mediaserver import api
from mediaserver.net import dtls as dtls_seam
from mediaserver.net.addresses import announced, candidates
from mediaserver.net.feedback import NACK_BUDGET, START_RATE
from mediaserver.net.live import Live
from mediaserver.net.remb import PublisherRate
from mediaserver.net.session import Session, msid_from, published_from, slots_from
from mediaserver.plane import load_plane
from mediaserver.plane.interface import PlaneSettings
from mediaserver.rtp import sdp
from mediaserver.settings import MediaSettings
from mediaserver.sfu.answer import LocalParameters, build_answer
from mediaserver.sfu.negotiate import NoCommonCodec, NoMedia, plan_publish, plan_subscribe
from mediaserver.sfu.plan import Negotiated
from mediaserver.sfu.room import Room, Subscriber

MAX_WATCHING = 2
"""Subscribing sessions of one participant; the oldest gives way (a page that was reloaded)."""


class MediaServer:
    """:param bus: its commands are answered here, and it carries the events away."""

    def __init__(self, settings: MediaSettings, bus: api.LocalBus) -> None:
        self._settings = settings
        self._bus = bus
        self._plane = load_plane(
            settings.plane,
            PlaneSettings(
                video_history=_power_of_two(settings.history_video_packets),
                audio_history=_power_of_two(settings.history_audio_packets),
                replay_max_packets=settings.replay_max_packets,
                replay_max_age_us=settings.replay_max_age_ms * 1000,
                srtp_error=dtls_seam.SrtpError,
                srtp=dtls_seam.SrtpLibrary(),
            ),
        )
        self._live = Live(settings, self._plane, bus)
        self._draining = False
        self.port = 0
        self.candidates: tuple[str, ...] = ()

    # ------------------------------------------------------------ life

    @property
    def plane_name(self) -> str:
        return self._plane.name

    async def start(self) -> None:
        """Bind the UDP port and answer commands. `OSError` when the port is taken."""
        bound = self._plane.open(self._settings.host, self._settings.port)
        self.port = bound[0][1]
        self.candidates = candidates(announced(bound, self._settings.announce))
        self._live.start()
        self._bus.serve(self.handle)

    async def stop(self) -> None:
        """Tell every peer, wait shortly for the farewells to leave, free everything. Twice is once."""
        self._draining = True
        await self._live.stop()
        self._plane.close()

    # ------------------------------------------------------------ commands

    def handle(self, command: api.Command) -> object:
        """Answer one command. Raises `UserError`."""
        match command:
            case api.Publish():
                return self._publish(command)
            case api.Subscribe():
                return self._subscribe(command)
            case api.RestartIce():
                return self._restart_ice(command)
            case api.CloseSession():
                if (session := self._live.sessions.get(command.session)) is not None:
                    self._live.close(session, command.reason)
            case api.CloseParticipant():
                for session in self._live.sessions_of(command.room, command.participant):
                    self._live.close(session, command.reason)
            case api.CloseRoom():
                for session in [s for s in self._live.sessions.values() if s.room.name == command.room]:
                    self._live.close(session, "room_ended" if command.reason == "ended" else command.reason)
                self._live.forget_room(command.room)
            case api.Call():
                self._call(command)
            case api.Mute():
                room = self._live.room(command.room)
                room.mute(command.participant, command.muted)
                self._live.apply(room)
                self._live.tell_tracks(room, command.participant)
            case api.ShowTiles():
                room = self._live.room(command.room)
                room.show_tiles(command.viewer, command.participants)
                self._live.apply(room)
            case api.GetStats():
                return self._live.stats(command.room)
            case api.Drain():
                self._draining = True
        return None

    def _publish(self, command: api.Publish) -> api.SessionAnswer:
        replaced = self._live.sessions_of(command.room, command.participant, "publish")
        self._admit(command.room, len(replaced))
        offer = _parse(command.offer)
        plan = _plan(lambda: plan_publish(offer, video_codecs=self._settings.video_codecs, sources=command.sources))
        if command.role == "lead":
            self._take_the_lead(self._live.room(command.room), command)
        for old in replaced:
            self._live.close(old, "replaced")
        room = self._live.room(command.room)
        if command.role == "lead":
            room.set_lead(command.participant)
        session = self._session(room, command, "publish")
        session.rate = PublisherRate(START_RATE, session.created)
        session.published = [
            published_from(media, session=session, stream=self._live.next_id()) for media in plan.accepted
        ]
        return self._answer(session, plan)

    def _take_the_lead(self, room: Room, command: api.Publish) -> None:
        if room.lead in (None, command.participant):
            return
        other = room.lead or ""
        if not self._live.sessions_of(room.name, other, "publish"):
            return
        if not command.takeover:
            raise api.UserError(
                409,
                "room_has_lead",
                "Another teacher is live in this room; end that lesson first, or take it over.",
                lead=room.lead,
            )
        for session in self._live.sessions_of(room.name, other):
            self._live.close(session, "taken_over")

    def _subscribe(self, command: api.Subscribe) -> api.SessionAnswer:
        watching = self._live.sessions_of(command.room, command.participant, "subscribe")
        self._admit(command.room, len(watching))
        offer = _parse(command.offer)
        used: set[int] = set()
        plan = _plan(
            lambda: plan_subscribe(offer, video_codecs=self._settings.video_codecs, allocate=lambda: _fresh_ssrc(used))
        )
        while watching and (len(watching) >= MAX_WATCHING or self._full(command.room) is not None):
            self._live.close(watching.pop(0), "replaced")
        session = self._session(self._live.room(command.room), command, "subscribe")
        slots = slots_from(plan, lead=command.role == "lead", route=self._live.next_id)
        session.subscriber = Subscriber(session.id, command.participant, command.role, slots)
        session.slots_by_ssrc = {slot.ssrc: slot for slot in slots}
        return self._answer(session, plan)

    def _admit(self, room: str, leaving: int) -> None:
        """:param leaving: sessions that may give way to the new one: a page that reloads gets in where it was."""
        if self._draining:
            raise api.UserError(503, "draining", "The server is shutting down; try again in a moment.")
        if (error := self._full(room, leaving)) is not None:
            raise error

    def _full(self, room: str, leaving: int = 0) -> api.UserError | None:
        if len(self._live.sessions) - leaving >= self._settings.max_sessions:
            return api.UserError(503, "too_many_sessions", "The server is full; try again later or use another one.")
        here = sum(1 for session in self._live.sessions.values() if session.room.name == room)
        if here - leaving >= self._settings.max_peers_per_room:
            return api.UserError(429, "too_many_sessions", "This room is full; close a page that is not needed.")
        return None

    def _session(
        self, room: Room, command: api.Publish | api.Subscribe, direction: Literal["publish", "subscribe"]
    ) -> Session:
        return Session(
            id=secrets.token_urlsafe(16),
            key=self._live.next_id(),
            room=room,
            participant=command.participant,
            role=command.role,
            direction=direction,
            created=time.monotonic(),
            cname=secrets.token_urlsafe(12),
            nack_budget=NACK_BUDGET,
        )

    def _answer(self, session: Session, plan: Negotiated) -> api.SessionAnswer:
        credentials = self._live.open(session, plan)
        local = LocalParameters(
            ufrag=credentials.ufrag,
            password=credentials.password,
            fingerprints=dtls_seam.fingerprints(self._live.certificate),
            candidates=self.candidates,
            session_id=secrets.randbits(62),
            cname=session.cname,
        )
        answer = build_answer(plan, local, msid=msid_from(plan, lead=session.role == "lead"))
        return api.SessionAnswer(session.id, answer, session.etag)

    def _restart_ice(self, command: api.RestartIce) -> api.IceRestarted:
        session = self._live.sessions.get(command.session)
        if session is None:
            raise api.UserError(404, "not_found", "This session is over; open a new one.")
        credentials = self._live.ice.restart(session.key)
        session.generation += 1
        return api.IceRestarted(credentials.ufrag, credentials.password, self.candidates, session.etag)

    def _call(self, command: api.Call) -> None:
        room = self._live.room(command.room)
        if room.called != command.participant:
            room.call(command.participant)
            self._bus.emit(api.CalledChanged(room.name, command.participant))
            self._live.apply(room)


def _power_of_two(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()


def _parse(offer: str) -> sdp.Session:
    try:
        return sdp.parse(offer)
    except sdp.SdpError as error:
        raise api.UserError(400, "bad_sdp", str(error)) from error


def _plan(plan: Callable[[], Negotiated]) -> Negotiated:
    try:
        return plan()
    except NoCommonCodec as error:
        raise api.UserError(422, "no_common_codec", str(error)) from error
    except NoMedia as error:
        raise api.UserError(400, "no_media", str(error)) from error
    except sdp.SdpError as error:
        raise api.UserError(400, "bad_sdp", str(error)) from error


def _fresh_ssrc(used: set[int]) -> int:
    while True:
        ssrc = secrets.randbits(32)
        if ssrc and ssrc not in used:
            used.add(ssrc)
            return ssrc
