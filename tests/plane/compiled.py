"""The compiled plane's core with the attributes of the reference's, for tests that run over both."""

from __future__ import annotations

from dataclasses import replace

from mediaserver.net.dtls import SrtpLibrary
from mediaserver.plane.interface import Address, ControlPacket, PlaneSettings
from mediaserver.plane.native import Engine


class CompiledForwarder(Engine):
    def __init__(self, settings: PlaneSettings) -> None:
        super().__init__(replace(settings, srtp=SrtpLibrary()))
        self._outbox: list[tuple[Address, bytes]] = []
        self._events: list[ControlPacket] = []

    @property
    def outbox(self) -> list[tuple[Address, bytes]]:
        self._outbox += self.take_outbox()
        return self._outbox

    @property
    def events(self) -> list[ControlPacket]:
        self._events += self.take_events()
        return self._events

    @property
    def count(self) -> dict[str, int]:
        return self.counters()

    def clear(self) -> None:
        super().clear()
        self._outbox.clear()
        self._events.clear()
