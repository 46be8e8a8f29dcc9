"""Publishes tracks into a room over WHIP."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiortc import MediaStreamTrack
from aiortc.stats import RTCOutboundRtpStreamStats, RTCRemoteInboundRtpStreamStats

from mediaserver.api import UserError
from signalling.client.http import SignallingClient
from signalling.client.peer import CONNECT_TIMEOUT, Peer, prefer_codecs

PASSING = frozenset(("unreachable", "draining", "too_many_sessions", "no_media_path", "media_unavailable"))
"""Codes of problems that pass by themselves."""
BACKOFF = (0.5, 10.0)
"""First and longest pause, in seconds, between two attempts to publish."""


@dataclass(frozen=True, slots=True)
class SendStatistics:
    """Of one track. `loss` is the fraction (0–1) and `rtt_ms` the round trip that the server last reported."""

    kind: str
    packets: int
    bytes: int
    loss: float | None
    rtt_ms: float | None


class Publisher(Peer):
    """One WHIP session that sends.

        async with Publisher(client, "demo", [camera, screen, microphone]) as publisher:
            await publisher.lost.wait()

    Tracks that give frames are encoded by aiortc; tracks that give packets (`PacketTrack` of
    `signalling.client.source`) go out as they are, and only their codec is offered. A keyframe request can
    then not be honoured: pictures for late joiners depend on the source's own keyframe interval and on the
    server's replay.

    :param tracks: in the order of m-lines: the first video is the camera, the second the screen.
    :param takeover: end the session of another lead who is in the room.
    :param video_codecs: what to offer for tracks that are encoded here, best first.
    """

    def __init__(
        self,
        client: SignallingClient,
        room: str,
        tracks: Sequence[MediaStreamTrack],
        *,
        takeover: bool = False,
        video_codecs: tuple[str, ...] = ("VP8", "H264"),
    ) -> None:
        super().__init__("whip", client, room, takeover=takeover)
        for track in tracks:
            transceiver = self.connection.addTransceiver(track, direction="sendonly")
            codec = getattr(track, "codec", None)
            if codec is not None:
                prefer_codecs(transceiver, (codec,))
            elif track.kind == "video":
                prefer_codecs(transceiver, video_codecs)

    async def open(self, timeout: float = CONNECT_TIMEOUT) -> None:
        await super().open(timeout)
        if self.refused:
            kinds = " and ".join(sorted({transceiver.kind for transceiver in self.refused}))
            raise UserError(
                403, "track_refused", f"The server refused part of the {kinds}; use a token that may publish all of it."
            )

    async def statistics(self) -> list[SendStatistics]:
        """One entry per track, in the order of m-lines."""
        result = []
        for sender in self.connection.getSenders():
            report = list((await sender.getStats()).values())
            sent = next(s for s in report if isinstance(s, RTCOutboundRtpStreamStats))
            heard = next((s for s in report if isinstance(s, RTCRemoteInboundRtpStreamStats)), None)
            result.append(
                SendStatistics(
                    kind=sender.kind,
                    packets=sent.packetsSent,
                    bytes=sent.bytesSent,
                    loss=heard.fractionLost / 256 if heard else None,
                    rtt_ms=1000 * heard.roundTripTime if heard and heard.roundTripTime is not None else None,
                )
            )
        return result


async def keep_publishing(
    client: SignallingClient,
    room: str,
    tracks: Callable[[], Sequence[MediaStreamTrack]],
    *,
    takeover: bool = False,
    say: Callable[[str, str], None],
    backoff: tuple[float, float] = BACKOFF,
) -> None:
    """Publish until cancelled: open the session again whenever it is lost.

    :param tracks: makes the tracks of one session; aiortc ends them with it.
    :param takeover: for the first session only. Whoever takes the room over later keeps it.
    :param say: told (`published`, `lost` or `waiting`, a sentence).
    :raises UserError: what does not pass by itself; `taken_over` when another lead has the room now.
    """
    published = False
    pause, longest = backoff
    while True:
        try:
            async with Publisher(client, room, tracks(), takeover=takeover and not published) as publisher:
                published, pause = True, backoff[0]
                say("published", f"Publishing into room {room}.")
                await publisher.lost.wait()
            say("lost", "The connection to the server is lost; trying again.")
        except UserError as error:
            if published and error.code == "room_has_lead":
                raise UserError(409, "taken_over", "Another teacher has taken this lesson over.") from error
            if error.code not in PASSING:
                raise
            say("waiting", f"{error.detail} Next attempt in {pause:.0f} s.")
        await asyncio.sleep(pause * random.uniform(0.75, 1.25))
        pause = min(2 * pause, longest)
