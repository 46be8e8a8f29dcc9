"""The media server's life: its packet planes, their UDP ports, and control over them.

Everything but the packet planes' own threads runs on one event loop. The order in which things end is written
down in docs/architecture.md ("Teardown").
"""

from __future__ import annotations

from mediaserver import api
from mediaserver.net import dtls as dtls_seam
from mediaserver.net.addresses import Port, ports
from mediaserver.net.commands import Commands
from mediaserver.net.live import Live
from mediaserver.net.taps import Taps
from mediaserver.plane import load_plane
from mediaserver.plane.group import PlaneGroup
from mediaserver.plane.interface import Plane, PlaneSettings
from mediaserver.settings import MediaSettings
from mediaserver.sfu.placement import SPREAD_AFTER


class MediaServer:
    """:param bus: its commands are answered here, and it carries the events away.
    :param spread_after: see `sfu/placement.py`.

    :ivar taps: for a recorder. :ivar port: UDP port of the first plane; the others have the ports after it.
    """

    def __init__(self, settings: MediaSettings, bus: api.LocalBus, spread_after: int = SPREAD_AFTER) -> None:
        self._settings = settings
        self._bus = bus
        self._plane = _load(settings)
        self.live = Live(settings, self._plane, bus)
        self.taps = Taps(self.live, self._plane)
        self.ports: list[Port] = []
        self._commands = Commands(settings, self.live, self.ports, bus, spread_after)
        self.port = 0

    @property
    def plane_name(self) -> str:
        return self._plane.name

    async def start(self) -> None:
        """Bind the UDP ports and answer commands. `OSError` when one is taken; nothing stays bound then."""
        try:
            bound = self._plane.open(self._settings.host, self._settings.port)
        except OSError:
            await self.stop()
            raise
        self.ports += ports(bound, self._settings.announce)
        self.port = self.ports[0].port
        self.live.start()
        self._bus.serve(self.handle)

    async def stop(self) -> None:
        """Tell every peer, wait shortly for the farewells to leave, free everything. Twice is once."""
        self._commands.draining = True
        await self.live.stop()
        self._plane.close()

    def handle(self, command: api.Command) -> object:
        """Answer one command. Raises `UserError`."""
        return self._commands.handle(command)


def _load(settings: MediaSettings) -> Plane:
    """One plane, or a group that looks like one."""
    bounds = PlaneSettings(
        video_history=_power_of_two(settings.history_video_packets),
        audio_history=_power_of_two(settings.history_audio_packets),
        replay_max_packets=settings.replay_max_packets,
        replay_max_age_us=settings.replay_max_age_ms * 1000,
        srtp_error=dtls_seam.SrtpError,
        srtp=dtls_seam.SrtpLibrary(),
    )
    planes = [load_plane(settings.plane, bounds) for _ in range(settings.threads)]
    return planes[0] if len(planes) == 1 else PlaneGroup(planes)


def _power_of_two(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()
