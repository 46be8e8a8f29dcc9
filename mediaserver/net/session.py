"""One WHIP or WHEP session: its peer, and what it publishes or watches."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from mediaserver.net.addresses import Port
from mediaserver.net.dtls import DtlsSrtp
from mediaserver.plane import interface as plane
from mediaserver.rtp.packet import ABS_SEND_TIME_URI, AUDIO_LEVEL_URI, MID_URI
from mediaserver.sfu.grant import PublisherRate
from mediaserver.sfu.loss import NackSchedule, ReceptionReporter
from mediaserver.sfu.ntp import ClockOffset, StreamClock
from mediaserver.sfu.plan import MediaPlan, Negotiated
from mediaserver.sfu.room import Room, Slot, Subscriber, Track
from mediaserver.sfu.slots import STREAM_OF_SLOT, slot_names

_OURS = frozenset(
    (
        MID_URI,
        ABS_SEND_TIME_URI,
        "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    )
)
"""Header extensions whose values are written anew for every subscriber, never copied."""


@dataclass(slots=True)
class Published:
    """One incoming stream and what is owed to its sender.

    :ivar report: the sender's latest report: its NTP time, the RTP timestamp, and when it came (monotonic µs).
    """

    track: Track
    spec: plane.Stream
    reporter: ReceptionReporter
    clock: StreamClock
    nacks: NackSchedule = field(default_factory=NackSchedule)
    report: tuple[int, int, int] | None = None
    bytes_reported: int = 0
    bitrate: int = 0


@dataclass(slots=True)
class Session:
    """:ivar key: the transport's id in the plane and in ICE. :ivar port: of ours, the one it has to use.
    :ivar generation: counts ICE restarts.
    :ivar nack_budget: packets this peer may still ask for again before the budget is filled up."""

    id: str
    key: int
    room: Room
    participant: str
    role: str
    direction: Literal["publish", "subscribe"]
    created: float
    cname: str
    port: Port
    dtls: DtlsSrtp | None = None
    connected: bool = False
    generation: int = 0
    published: list[Published] = field(default_factory=list)
    clock: ClockOffset = field(default_factory=ClockOffset)
    rate: PublisherRate | None = None
    granted: int | None = None
    subscriber: Subscriber | None = None
    slots_by_ssrc: dict[int, Slot] = field(default_factory=dict)
    nack_budget: int = 0
    bytes_reported: int = 0
    bitrate: int = 0

    @property
    def etag(self) -> str:
        return f"{self.id[:8]}-{self.generation}"


def published_from(media: MediaPlan, *, session: Session, stream: int) -> Published:
    """The stream of one accepted m-line of a publisher's offer."""
    video = media.kind == "video"
    clock_rate = media.codecs[0].clock_rate
    track = Track(
        participant=session.participant,
        source=media.source or "",
        kind="video" if video else "audio",
        stream=stream,
        codecs=media.codecs,
        extensions=media.extensions,
    )
    spec = plane.Stream(
        id=stream,
        transport=session.key,
        video=video,
        clock_rate=clock_rate,
        payload_types={codec.pt: codec.name for codec in media.codecs},
        rtx_payload_types={codec.rtx_pt: codec.pt for codec in media.codecs if codec.rtx_pt is not None},
        ssrc=media.ssrc,
        rtx_ssrc=media.rtx_ssrc,
        mid=media.mid.encode(),
        mid_extension=media.extensions.get(MID_URI, 0),
        abs_send_time_extension=media.extensions.get(ABS_SEND_TIME_URI, 0),
        audio_level_extension=media.extensions.get(AUDIO_LEVEL_URI, 0),
    )
    return Published(track, spec, ReceptionReporter(), StreamClock(clock_rate))


def slots_from(plan: Negotiated, *, lead: bool, route: Callable[[], int]) -> list[Slot]:
    """The slots of a subscriber's offer, in the order of m-lines; rejected m-lines have none."""
    slots: list[Slot] = []
    for kind in ("video", "audio"):
        lines = [media for media in plan.media if media.kind == kind]
        for media, name in zip(lines, slot_names(kind, len(lines), lead=lead), strict=True):
            if media.accepted and media.ssrc is not None:
                slots.append(
                    Slot(
                        route=route(),
                        mid=media.mid,
                        kind="video" if kind == "video" else "audio",
                        name=name,
                        codecs=media.codecs,
                        extensions=media.extensions,
                        ssrc=media.ssrc,
                        rtx_ssrc=media.rtx_ssrc,
                    )
                )
    return slots


def route_from(slot: Slot, track: Track | None, *, transport: int, cname: str) -> plane.Route:
    """The plane's route that lets `slot` play `track`."""
    extensions: dict[int, int] = {}
    payload_types: dict[int, int] = {}
    if track is not None:
        payload_types = slot.payload_types(track)
        for uri, identifier in track.extensions.items():
            if uri not in _OURS and uri in slot.extensions:
                extensions[identifier] = slot.extensions[uri]
    mid = slot.extensions.get(MID_URI)
    return plane.Route(
        id=slot.route,
        transport=transport,
        stream=track.stream if track is not None else None,
        ssrc=slot.ssrc,
        clock_rate=slot.codecs[0].clock_rate,
        payload_types=payload_types,
        rtx_ssrc=slot.rtx_ssrc,
        rtx_payload_types={codec.pt: codec.rtx_pt for codec in slot.codecs if codec.rtx_pt is not None},
        extensions=extensions,
        constants=((mid, slot.mid.encode()),) if mid and slot.mid else (),
        abs_send_time_extension=slot.extensions.get(ABS_SEND_TIME_URI, 0),
        cname=cname,
        first_sequence=secrets.randbits(15),
        first_rtx_sequence=secrets.randbits(15),
        first_timestamp=secrets.randbits(32),
    )


def msid_from(plan: Negotiated, *, lead: bool) -> Callable[[int], str]:
    """M-line index → MediaStream id: what belongs together is kept in lip sync by the browser."""
    names: dict[int, str] = {}
    for kind in ("video", "audio"):
        lines = [media for media in plan.media if media.kind == kind]
        for media, name in zip(lines, slot_names(kind, len(lines), lead=lead), strict=True):
            names[media.index] = STREAM_OF_SLOT.get(name, name or "none")
    return lambda index: names.get(index, "none")
