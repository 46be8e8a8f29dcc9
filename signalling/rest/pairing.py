"""For a display without a key: a code to show, and the key once somebody has typed it."""

from __future__ import annotations

from collections.abc import Iterable

from signalling.access import ADDRESS, Rule, bearer
from signalling.devices import pairing
from signalling.devices.pairing import Begun, Progress
from signalling.devices.service import Devices
from signalling.people.throttle import network
from signalling.rest.operation import Call, Nothing, Operation


class PairingResource:
    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    def operations(self) -> Iterable[Operation]:
        yield Operation("POST", "/pairings", self.begin, status=201, rule=Rule.STRANGER)
        yield Operation("GET", "/pairing", self.progress, rule=Rule.STRANGER)

    async def begin(self, call: Call[Nothing, Nothing]) -> Begun:
        """A code to be shown on a screen, and the claim that its key is fetched with"""
        address = network(call.request[ADDRESS])
        await self._devices.take("Too many displays of this address ask to be paired", pairings=address)
        return await pairing.begin(call.database, call.now)

    async def progress(self, call: Call[Nothing, Nothing]) -> Progress:
        """What became of the code, for the display whose claim is the bearer token; the key comes once"""
        return await pairing.progress(call.database, call.now, bearer(call.request))
