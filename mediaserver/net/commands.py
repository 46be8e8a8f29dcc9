"""Answers commands: sessions are opened and closed, rooms told whom to show.

No call here waits for the network. The order in which things end is written down in
docs/architecture.md ("Teardown").
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Literal

from mediaserver import api
from mediaserver.net.addresses import Port
from mediaserver.net.feedback import NACK_BUDGET, START_RATE
from mediaserver.net.live import Live
from mediaserver.net.session import Session, msid_from, published_from, slots_from
from mediaserver.rtp import sdp
from mediaserver.settings import MediaSettings
from mediaserver.sfu.answer import LocalParameters, build_answer
from mediaserver.sfu.grant import PublisherRate
from mediaserver.sfu.negotiate import NoCommonCodec, NoMedia, plan_publish, plan_subscribe
from mediaserver.sfu.placement import SPREAD_AFTER, place
from mediaserver.sfu.plan import Negotiated
from mediaserver.sfu.room import Room, Subscriber

MAX_WATCHING = 2
"""Subscribing sessions of one participant; the oldest gives way (a page that was reloaded)."""


class Commands:
    """:param ports: one for each packet plane. :param bus: carries the events away.
    :param spread_after: see `sfu/placement.py`.
    """

    def __init__(
        self,
        settings: MediaSettings,
        live: Live,
        ports: Sequence[Port],
        bus: api.LocalBus,
        spread_after: int = SPREAD_AFTER,
    ) -> None:
        self._settings = settings
        self.live = live
        self._ports = ports
        self._bus = bus
        self._spread_after = spread_after
        self.draining = False

    def handle(self, command: api.Command) -> object:
        """Answer one command. Raises `UserError`."""
        match command:
            case api.Drain():
                self.draining = True
            case api.GetStats():
                return self.live.stats(command.room)
            case api.Publish() | api.Subscribe() if self.draining:
                raise api.UserError(503, "draining", "The server is shutting down; try again in a moment.")
            case api.Publish():
                return self._publish(command)
            case api.Subscribe():
                return self._subscribe(command)
            case api.RestartIce():
                return self._restart_ice(command)
            case api.CloseSession():
                if (session := self.live.sessions.get(command.session)) is not None:
                    self.live.close(session, command.reason)
            case api.CloseParticipant():
                for session in self.live.sessions.of(command.room, command.participant):
                    self.live.close(session, command.reason)
            case api.CloseRoom():
                for session in list(self.live.sessions.in_room(command.room)):
                    self.live.close(session, "room_ended" if command.reason == "ended" else command.reason)
                self.live.forget_room(command.room)
            case api.Call():
                self._call(command)
            case api.Mute():
                room = self.live.room(command.room)
                room.mute(command.participant, command.muted)
                self.live.apply(room)
                self.live.tell_tracks(room, command.participant)
            case api.ShowTiles():
                room = self.live.room(command.room)
                room.show_tiles(command.viewer, command.participants)
                self.live.apply(room)
        return None

    def _publish(self, command: api.Publish) -> api.SessionAnswer:
        replaced = self.live.sessions.of(command.room, command.participant, "publish")
        self._admit(command.room, len(replaced))
        offer = _parse(command.offer)
        plan = _plan(lambda: plan_publish(offer, video_codecs=self._settings.video_codecs, sources=command.sources))
        if command.role == "lead":
            self._take_the_lead(self.live.room(command.room), command)
        for old in replaced:
            self.live.close(old, "replaced")
        room = self.live.room(command.room)
        if command.role == "lead":
            room.set_lead(command.participant)
        session = self._session(room, command, "publish")
        session.rate = PublisherRate(START_RATE, session.created)
        session.published = [
            published_from(media, session=session, stream=self.live.next_id()) for media in plan.accepted
        ]
        return self._answer(session, plan)

    def _take_the_lead(self, room: Room, command: api.Publish) -> None:
        if room.lead in (None, command.participant):
            return
        other = room.lead or ""
        if not self.live.sessions.of(room.name, other, "publish"):
            return
        if not command.takeover:
            raise api.UserError(
                409,
                "room_has_lead",
                "Another teacher is live in this room; end that lesson first, or take it over.",
                lead=room.lead,
            )
        for session in self.live.sessions.of(room.name, other):
            self.live.close(session, "taken_over")

    def _subscribe(self, command: api.Subscribe) -> api.SessionAnswer:
        watching = self.live.sessions.of(command.room, command.participant, "subscribe")
        self._admit(command.room, len(watching))
        offer = _parse(command.offer)
        used: set[int] = set()
        plan = _plan(
            lambda: plan_subscribe(offer, video_codecs=self._settings.video_codecs, allocate=lambda: _fresh_ssrc(used))
        )
        while watching and (len(watching) >= MAX_WATCHING or self._full(command.room) is not None):
            self.live.close(watching.pop(0), "replaced")
        session = self._session(self.live.room(command.room), command, "subscribe")
        slots = slots_from(plan, lead=command.role == "lead", route=self.live.next_id)
        session.subscriber = Subscriber(session.id, command.participant, command.role, slots)
        session.slots_by_ssrc = {slot.ssrc: slot for slot in slots}
        return self._answer(session, plan)

    def _admit(self, room: str, leaving: int) -> None:
        """:param leaving: sessions that may give way to the new one: a page that reloads gets in where it was."""
        if (error := self._full(room, leaving)) is not None:
            raise error

    def _full(self, room: str, leaving: int = 0) -> api.UserError | None:
        if len(self.live.sessions) - leaving >= self._settings.max_sessions:
            return api.UserError(503, "too_many_sessions", "The server is full; try again later or use another one.")
        if len(self.live.sessions.in_room(room)) - leaving >= self._settings.max_peers_per_room:
            return api.UserError(429, "too_many_sessions", "This room is full; close a page that is not needed.")
        return None

    def _session(
        self, room: Room, command: api.Publish | api.Subscribe, direction: Literal["publish", "subscribe"]
    ) -> Session:
        return Session(
            id=secrets.token_urlsafe(16),
            key=self.live.next_id(),
            room=room,
            participant=command.participant,
            role=command.role,
            direction=direction,
            created=time.monotonic(),
            cname=secrets.token_urlsafe(12),
            port=self._place(room),
            nack_budget=NACK_BUDGET,
        )

    def _place(self, room: Room) -> Port:
        planes, sessions = len(self._ports), self.live.sessions
        sending = sessions.of(room.name, room.lead, "publish") if room.lead is not None else []
        lead = sending[-1].port.number if sending else None
        counted, of_room = sessions.on_planes(planes), sessions.of_room_on_planes(room.name, planes)
        return self._ports[place(counted, of_room, lead, spread_after=self._spread_after)]

    def _answer(self, session: Session, plan: Negotiated) -> api.SessionAnswer:
        credentials = self.live.open(session, plan)
        local = LocalParameters(
            ufrag=credentials.ufrag,
            password=credentials.password,
            fingerprints=self.live.certificate.fingerprints,
            candidates=session.port.candidates,
            session_id=secrets.randbits(62),
            cname=session.cname,
        )
        answer = build_answer(plan, local, msid=msid_from(plan, lead=session.role == "lead"))
        return api.SessionAnswer(session.id, answer, session.etag)

    def _restart_ice(self, command: api.RestartIce) -> api.IceRestarted:
        session = self.live.sessions.get(command.session)
        if session is None:
            raise api.UserError(404, "not_found", "This session is over; open a new one.")
        credentials = self.live.ice.restart(session.key)
        session.generation += 1
        return api.IceRestarted(credentials.ufrag, credentials.password, session.port.candidates, session.etag)

    def _call(self, command: api.Call) -> None:
        room = self.live.room(command.room)
        if room.called != command.participant:
            room.call(command.participant)
            self._bus.emit(api.CalledChanged(room.name, command.participant))
            self.live.apply(room)


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
