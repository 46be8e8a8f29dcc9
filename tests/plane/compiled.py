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
        self._targets: list[CompiledForwarder] = []

    def relay(self, stream: int, target: CompiledForwarder, since_us: int) -> None:
        super().relay(stream, target, since_us)
        self._targets.append(target)
        target.native.take_relayed()

    def receive(self, data: bytes, address: Address, now_us: int, *, wait: bool = False) -> None:
        super().receive(data, address, now_us, wait=wait)
        for target in self._targets:  # which has no thread to do it
            target.native.take_relayed()

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
