"""What the media server needs to know before it starts.

Signalling reads configuration files and environment variables; the media server gets this
plain object and looks at neither. Every default is safe to use in a test: loopback only,
ports chosen by the kernel. docs/configuration.md describes each value for operators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VideoCodec = Literal["VP8", "H264", "VP9", "AV1"]
PlaneChoice = Literal["auto", "reference", "native"]


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Settings of one media server (one process).

    :ivar host: literal IPv4 and IPv6 addresses to bind, all on the same port. An address
        whose family this machine lacks is skipped as long as another one can be bound.
    :ivar port: UDP port; 0 lets the kernel choose one.
    :ivar announce: `(address, port)` pairs for the ICE candidates of every answer, in order of
        preference; port 0 stands for the bound port. Empty: the bound addresses, and where a
        wildcard is bound, the addresses of this machine's interfaces.
    :ivar video_codecs: codecs that may be negotiated, the preferred one first.
    :ivar consent_timeout_s: a peer that sent nothing authentic for so long, be it STUN, SRTP or SRTCP, is closed
        (RFC 7675; media counts too, because some encoders check their path only once).
    :ivar history_video_packets: packets kept per video stream for NACK, joiners and taps.
    :ivar history_audio_packets: packets kept per sound stream.
    :ivar replay_max_packets: a joiner gets the latest picture group from the history when it has
        at most this many packets; otherwise a keyframe is asked for.
    :ivar replay_max_age_ms: … and when its keyframe is at most this old.
    :ivar threads: packet planes, each on a thread and a UDP port of its own (`port`, `port` + 1, …). Lessons
        are laid out over them, and a large one is spread; the reference plane gains nothing.
    :ivar max_sessions: publishing and subscribing sessions of the whole process.
    :ivar max_peers_per_room: sessions of one room.
    :ivar min_publish_bitrate: least bit/s granted to one publisher (REMB).
    :ivar max_publish_bitrate: most bit/s granted to one publisher.
    :ivar keyframe_min_interval_ms: least time between two keyframe requests for one stream.
    :ivar plane: which packet plane carries the media; `auto` takes the native one where it loads.
    """

    host: tuple[str, ...] = ("127.0.0.1", "::1")
    port: int = 0
    announce: tuple[tuple[str, int], ...] = ()
    video_codecs: tuple[VideoCodec, ...] = ("VP8", "H264", "VP9", "AV1")
    consent_timeout_s: float = 30.0
    history_video_packets: int = 2048
    history_audio_packets: int = 512
    replay_max_packets: int = 768
    replay_max_age_ms: int = 5_000
    threads: int = 1
    max_sessions: int = 1000
    max_peers_per_room: int = 500
    min_publish_bitrate: int = 200_000
    max_publish_bitrate: int = 6_000_000
    keyframe_min_interval_ms: int = 500
    plane: PlaneChoice = "auto"
