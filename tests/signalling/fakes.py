"""A media server that keeps sessions and forwards nothing: enough to test what is above the bus."""

from __future__ import annotations

import itertools
from typing import Any

from mediaserver import api
from mediaserver.settings import MediaSettings

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
    "a=ice-ufrag:clnt\r\na=ice-pwd:clientclientclientclient\r\na=sendrecv\r\n"
)
SERVER_UFRAG = "srvr"
SERVER_PASSWORD = "serverserverserverserver"


class FakeMedia:
    """Answers commands on the bus; `commands` keeps them all, `say` emits an event."""

    def __init__(self, settings: MediaSettings, bus: api.LocalBus) -> None:
        self.settings = settings
        self.bus = bus
        self.port = 40404
        self.plane_name = "fake"
        self.taps = None
        self.commands: list[api.Command] = []
        self.sessions: dict[str, api.Publish | api.Subscribe] = {}
        self.started = self.stopped = self.draining = False
        self._ids = (f"session{number:015d}" for number in itertools.count(1))

    async def start(self) -> None:
        self.started = True
        self.bus.serve(self._answer)

    async def stop(self) -> None:
        self.stopped = True
        for session in list(self.sessions):
            self._close(session, "shutdown")

    def say(self, event: api.Event) -> None:
        self.bus.emit(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]

    def session_of(self, participant: str) -> str:
        return next(id for id, command in self.sessions.items() if command.participant == participant)

    def send(self, participant: str, *, active: bool, room: str = "r1") -> None:
        """The participant's camera begins or ceases to arrive."""
        tracks = (api.TrackState("camera", "video", "VP8", active=active),)
        self.say(api.TracksChanged(room, participant, tracks))

    def _close(self, session: str, reason: str) -> None:
        command = self.sessions.pop(session, None)
        if command is None:
            return
        direction = "publish" if isinstance(command, api.Publish) else "subscribe"
        if direction == "publish":
            self.say(api.TracksChanged(command.room, command.participant, ()))
        self.say(api.SessionChanged(command.room, session, command.participant, direction, "closed", reason))

    def _answer(self, command: api.Command) -> Any:
        self.commands.append(command)
        match command:
            case api.Publish() | api.Subscribe():
                return self._open(command)
            case api.RestartIce():
                return api.IceRestarted(SERVER_UFRAG, SERVER_PASSWORD, ("1 1 udp 1 192.0.2.1 5 typ host",), "gen2")
            case api.CloseSession():
                self._close(command.session, command.reason)
            case api.CloseRoom():
                for id in [id for id, it in self.sessions.items() if it.room == command.room]:
                    self._close(id, command.reason)
            case api.Call():
                self.say(api.CalledChanged(command.room, command.participant))
            case api.Drain():
                self.draining = True
        return None

    def _open(self, command: api.Publish | api.Subscribe) -> api.SessionAnswer:
        if self.draining:
            raise api.UserError(503, "draining", "The server is about to stop.")
        if not command.offer.startswith("v=0"):
            raise api.UserError(400, "bad_sdp", "The offer cannot be read.")
        if isinstance(command, api.Publish) and command.role == "lead":
            others = [
                id
                for id, it in self.sessions.items()
                if isinstance(it, api.Publish) and it.role == "lead" and it.participant != command.participant
            ]
            if others and not command.takeover:
                raise api.UserError(409, "room_has_lead", "Somebody else teaches here already.")
            for id in others:
                self._close(id, "taken_over")
        session = next(self._ids)
        self.sessions[session] = command
        return api.SessionAnswer(session, "v=0\r\n", "gen1")
