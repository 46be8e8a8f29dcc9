"""What RTCP packets say, read by `mediaserver.rtp.rtcp.parse`. SSRCs are 32-bit numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """:ivar fraction_lost: 1/256. :ivar packets_lost: signed 24 bits. :ivar highest_sequence: extended, 32 bits.
    :ivar jitter: RTP clock ticks. :ivar lsr: middle 32 bits of the last SR's NTP time. :ivar dlsr: 1/65536 s."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """:ivar ntp: 64-bit NTP time (32.32). :ivar octets: of payload, modulo 2³²."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int
    reports: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    reports: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """:ivar cnames: (ssrc, CNAME or None) of each chunk."""

    cnames: tuple[tuple[int, str | None], ...]


@dataclass(frozen=True, slots=True)
class Goodbye:
    ssrcs: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Nack:
    """:ivar sequences: 16-bit sequence numbers in the order written."""

    sender_ssrc: int
    media_ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PictureLoss:
    sender_ssrc: int
    media_ssrc: int


@dataclass(frozen=True, slots=True)
class FullIntraRequest:
    """:ivar requests: (ssrc, 8-bit command sequence number)."""

    sender_ssrc: int
    requests: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Remb:
    """:ivar bitrate: bit/s for all `ssrcs` together."""

    sender_ssrc: int
    bitrate: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dlrr:
    """Answer to a receiver's reference time: `lrr` and `dlrr` as `ReportBlock`'s `lsr` and `dlsr`."""

    ssrc: int
    lrr: int
    dlrr: int


@dataclass(frozen=True, slots=True)
class ExtendedReport:
    """:ivar reference_ntp: of the RRTR block, None without one. Other block types are left out."""

    ssrc: int
    reference_ntp: int | None
    dlrr: tuple[Dlrr, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """:ivar count: the five-bit count or format field."""

    packet_type: int
    count: int


Packet = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Goodbye
    | Nack
    | PictureLoss
    | FullIntraRequest
    | Remb
    | ExtendedReport
    | Unknown
)
