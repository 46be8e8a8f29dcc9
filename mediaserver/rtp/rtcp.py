"""RTCP: reading compound packets and building the ones we send.

Reports and BYE as in RFC 3550 §6, feedback as in RFC 4585 §6 and RFC 5104 §4.3, REMB as in
draft-alvestrand-rmcat-remb-03, extended reports as in RFC 3611 §4.4–4.5. Bounds are strict,
unknown types are not: they come back as `Unknown`, for the caller to count.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence

from mediaserver.rtp.rtcp_types import (
    Dlrr,
    ExtendedReport,
    FullIntraRequest,
    Goodbye,
    Nack,
    Packet,
    PictureLoss,
    ReceiverReport,
    Remb,
    ReportBlock,
    SenderReport,
    SourceDescription,
    Unknown,
)

MAX_PACKETS = 64
"""Packets in one compound; a real one has fewer than ten."""
MAX_REPORTS = 31

SR, RR, SDES, BYE, APP, RTPFB, PSFB, XR = range(200, 208)

_NACK, _PLI, _FIR, _AFB = 1, 1, 4, 15
_CNAME = 1
_RRTR, _DLRR = 4, 5

_U32 = 0xFFFFFFFF
_NTP_OF_1970 = 2_208_988_800


class RtcpError(ValueError):
    """A compound packet whose lengths do not add up, or a value that does not fit on the wire."""


# ---------------------------------------------------------------- reading


def parse(data: bytes) -> list[Packet]:
    """Read a compound packet, reduced-size ones included (RFC 5506). APP packets are left out. Raises `RtcpError`."""
    packets: list[Packet] = []
    position = count = 0
    if not data:
        raise RtcpError("RTCP packet is empty")
    while position < len(data):
        if len(data) - position < 4:
            raise RtcpError("RTCP header is cut short")
        if (count := count + 1) > MAX_PACKETS:
            raise RtcpError(f"RTCP compound has more than {MAX_PACKETS} packets")
        first, packet_type, words = struct.unpack_from("!BBH", data, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2:
            raise RtcpError("RTCP version is not 2")
        if end > len(data):
            raise RtcpError("RTCP length goes beyond the datagram")
        body = data[position + 4 : end]
        if first & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                raise RtcpError("RTCP padding is longer than its packet")
            body = body[: -body[-1]]
        if packet_type != APP:
            reader = _READERS.get(packet_type)
            packets.append(reader(first & 0x1F, body) if reader else Unknown(packet_type, first & 0x1F))
        position = end
    return packets


def _need(body: bytes, length: int, what: str) -> None:
    if len(body) < length:
        raise RtcpError(f"{what} is cut short")


def _report_blocks(count: int, body: bytes, offset: int) -> tuple[ReportBlock, ...]:
    _need(body, offset + 24 * count, "report")
    blocks = []
    for position in range(offset, offset + 24 * count, 24):
        ssrc, lost, highest, jitter, lsr, dlsr = struct.unpack_from("!6I", body, position)
        total = lost & 0xFFFFFF
        signed = total - (1 << 24) if total & 0x800000 else total
        blocks.append(ReportBlock(ssrc, lost >> 24, signed, highest, jitter, lsr, dlsr))
    return tuple(blocks)


def _read_sr(count: int, body: bytes) -> Packet:
    reports = _report_blocks(count, body, 24)
    ssrc, ntp, timestamp, packets, octets = struct.unpack_from("!IQIII", body)
    return SenderReport(ssrc, ntp, timestamp, packets, octets, reports)


def _read_rr(count: int, body: bytes) -> Packet:
    reports = _report_blocks(count, body, 4)
    return ReceiverReport(int.from_bytes(body[:4], "big"), reports)


def _read_sdes(count: int, body: bytes) -> Packet:
    chunks: list[tuple[int, str | None]] = []
    position = 0
    for _ in range(count):
        _need(body, position + 4, "SDES chunk")
        ssrc = int.from_bytes(body[position : position + 4], "big")
        position += 4
        cname = None
        while True:
            _need(body, position + 1, "SDES item")
            item = body[position]
            if item == 0:
                break
            _need(body, position + 2, "SDES item")
            end = position + 2 + body[position + 1]
            _need(body, end, "SDES item")
            if item == _CNAME:
                cname = body[position + 2 : end].decode("utf-8", "replace")
            position = end
        position = (position // 4 + 1) * 4  # at least one null octet, then up to the next word
        chunks.append((ssrc, cname))
    return SourceDescription(tuple(chunks))


def _read_bye(count: int, body: bytes) -> Packet:
    _need(body, 4 * count, "BYE")
    reason = b""
    if len(body) > 4 * count:
        length = body[4 * count]
        _need(body, 4 * count + 1 + length, "BYE reason")
        reason = body[4 * count + 1 : 4 * count + 1 + length]
    return Goodbye(struct.unpack_from(f"!{count}I", body), reason.decode("utf-8", "replace"))


def _read_rtpfb(kind: int, body: bytes) -> Packet:
    if kind != _NACK:
        return Unknown(RTPFB, kind)
    _need(body, 8, "NACK")
    sender, media = struct.unpack_from("!II", body)
    if len(body) % 4:
        raise RtcpError("NACK is not made of whole words")
    sequences: list[int] = []
    for packet_id, bitmask in struct.iter_unpack("!HH", body[8:]):
        sequences.append(packet_id)
        sequences += [(packet_id + bit + 1) & 0xFFFF for bit in range(16) if bitmask >> bit & 1]
    return Nack(sender, media, tuple(sequences))


def _read_psfb(kind: int, body: bytes) -> Packet:
    _need(body, 8, "payload-specific feedback")
    sender, media = struct.unpack_from("!II", body)
    if kind == _PLI:
        return PictureLoss(sender, media)
    if kind == _FIR:
        if len(body) % 8:
            raise RtcpError("FIR is not made of whole entries")
        entries = struct.iter_unpack("!IB3x", body[8:])
        return FullIntraRequest(sender, tuple((ssrc, number) for ssrc, number in entries))
    if kind == _AFB and body[8:12] == b"REMB":
        _need(body, 16, "REMB")
        count, high, low = struct.unpack_from("!BBH", body, 12)
        _need(body, 16 + 4 * count, "REMB")
        bitrate = ((high & 0x03) << 16 | low) << (high >> 2)
        return Remb(sender, bitrate, struct.unpack_from(f"!{count}I", body, 16))
    return Unknown(PSFB, kind)


def _read_xr(_: int, body: bytes) -> Packet:
    _need(body, 4, "XR")
    reference = None
    answers: list[Dlrr] = []
    position = 4
    while position < len(body):
        _need(body, position + 4, "XR block")
        kind, words = struct.unpack_from("!BxH", body, position)
        start, position = position + 4, position + 4 + 4 * words
        _need(body, position, "XR block")
        if kind == _RRTR:
            if words != 2:
                raise RtcpError("XR reference time is not 8 octets long")
            reference = int.from_bytes(body[start:position], "big")
        elif kind == _DLRR:
            if words % 3:
                raise RtcpError("XR DLRR block is not made of whole entries")
            answers += [Dlrr(*entry) for entry in struct.iter_unpack("!III", body[start:position])]
    return ExtendedReport(int.from_bytes(body[:4], "big"), reference, tuple(answers))


_READERS: dict[int, Callable[[int, bytes], Packet]] = {
    SR: _read_sr,
    RR: _read_rr,
    SDES: _read_sdes,
    BYE: _read_bye,
    RTPFB: _read_rtpfb,
    PSFB: _read_psfb,
    XR: _read_xr,
}


# ---------------------------------------------------------------- building


def compound(*packets: bytes) -> bytes:
    """One datagram; a report belongs first unless rtcp-rsize was negotiated (RFC 3550 §6.1)."""
    return b"".join(packets)


def _packet(packet_type: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, packet_type, len(body) // 4) + body


def _blocks(reports: Sequence[ReportBlock]) -> bytes:
    if len(reports) > MAX_REPORTS:
        raise RtcpError(f"a report has at most {MAX_REPORTS} blocks, not {len(reports)}")
    return b"".join(
        struct.pack(
            "!6I",
            block.ssrc,
            block.fraction_lost << 24 | max(-0x800000, min(block.packets_lost, 0x7FFFFF)) & 0xFFFFFF,
            block.highest_sequence,
            block.jitter,
            block.lsr,
            block.dlsr,
        )
        for block in reports
    )


def sender_report(
    ssrc: int, ntp: int, rtp_timestamp: int, packets: int, octets: int, reports: Sequence[ReportBlock] = ()
) -> bytes:
    """:param ntp: 64-bit NTP time. Counters wrap at 2³² by themselves; at most 31 reports."""
    info = struct.pack("!IQIII", ssrc, ntp, rtp_timestamp & _U32, packets & _U32, octets & _U32)
    return _packet(SR, len(reports), info + _blocks(reports))


def receiver_report(ssrc: int, reports: Sequence[ReportBlock] = ()) -> bytes:
    return _packet(RR, len(reports), struct.pack("!I", ssrc) + _blocks(reports))


def sdes_cname(ssrc: int, cname: str) -> bytes:
    """:param cname: at most 255 octets of UTF-8."""
    text = _octets(cname)
    chunk = struct.pack("!IBB", ssrc, _CNAME, len(text)) + text + b"\0"
    return _packet(SDES, 1, chunk + bytes(-len(chunk) % 4))


def bye(ssrcs: Sequence[int], reason: str = "") -> bytes:
    """:param ssrcs: at most 31."""
    if len(ssrcs) > MAX_REPORTS:
        raise RtcpError(f"a BYE has at most {MAX_REPORTS} sources, not {len(ssrcs)}")
    text = _octets(reason)
    tail = bytes((len(text),)) + text if text else b""
    body = struct.pack(f"!{len(ssrcs)}I", *ssrcs) + tail
    return _packet(BYE, len(ssrcs), body + bytes(-len(body) % 4))


def _octets(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > 255:
        raise RtcpError("a text in RTCP has at most 255 octets")
    return encoded


def nack(sender_ssrc: int, media_ssrc: int, sequences: Iterable[int]) -> bytes:
    """Ask again for packets, in as few (PID, BLP) pairs as they need (RFC 4585 §6.2.1).

    The result has 12 octets and 4 for each pair; a pair covers 17 consecutive numbers.
    """
    pairs = _nack_pairs(sequences)
    fields = [number for pair in pairs for number in pair]
    return _packet(RTPFB, _NACK, struct.pack(f"!II{len(fields)}H", sender_ssrc, media_ssrc, *fields))


def _nack_pairs(sequences: Iterable[int]) -> list[tuple[int, int]]:
    numbers = sorted({number & 0xFFFF for number in sequences})
    # Numbers lie on a circle; starting after its widest gap makes the greedy cover the smallest one.
    gaps = [(numbers[i] - numbers[i - 1]) & 0xFFFF for i in range(len(numbers))]
    start = gaps.index(max(gaps)) if gaps else 0
    pairs: list[tuple[int, int]] = []
    for number in numbers[start:] + numbers[:start]:
        distance = (number - pairs[-1][0]) & 0xFFFF if pairs else 17
        if distance <= 16:
            packet_id, bitmask = pairs[-1]
            pairs[-1] = packet_id, bitmask | 1 << (distance - 1)
        else:
            pairs.append((number, 0))
    return pairs


def pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    return _packet(PSFB, _PLI, struct.pack("!II", sender_ssrc, media_ssrc))


def fir(sender_ssrc: int, media_ssrc: int, sequence: int) -> bytes:
    """:param sequence: modulo 256; one more for each new request, the same for its repetitions (RFC 5104 §4.3.1)."""
    return _packet(PSFB, _FIR, struct.pack("!IIIB3x", sender_ssrc, 0, media_ssrc, sequence & 0xFF))


def remb(sender_ssrc: int, bitrate: int, ssrcs: Sequence[int]) -> bytes:
    """:param bitrate: bit/s, rounded down to 18 significant bits. :param ssrcs: at most 255."""
    exponent = max(0, bitrate.bit_length() - 18)
    if not 0 <= bitrate or exponent > 63 or len(ssrcs) > 255:
        raise RtcpError("REMB takes a rate from 0 to 2⁸¹ bit/s and at most 255 sources")
    mantissa = bitrate >> exponent
    head = struct.pack(
        "!II4sBBH", sender_ssrc, 0, b"REMB", len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF
    )
    return _packet(PSFB, _AFB, head + struct.pack(f"!{len(ssrcs)}I", *ssrcs))


# ---------------------------------------------------------------- clocks


def ntp_from_unix(seconds: float) -> int:
    """64-bit NTP time, 32.32 fixed point, modulo its era of 2³² s (RFC 3550 §4)."""
    whole = int(seconds // 1)
    return ((whole + _NTP_OF_1970) << 32 | int((seconds - whole) * (1 << 32))) & 0xFFFFFFFFFFFFFFFF


def unix_from_ntp(ntp: int) -> float:
    """Seconds since 1970; a clear highest bit means the era that begins in 2036 (RFC 4330 §3)."""
    era = 0 if ntp >> 63 else 1 << 32
    return (ntp >> 32) + era - _NTP_OF_1970 + (ntp & _U32) / (1 << 32)


def compact_ntp(ntp: int) -> int:
    """The middle 32 bits (16.16 seconds), as in LSR."""
    return ntp >> 16 & _U32


def rtt_from_report(lsr: int, dlsr: int, now_ntp: int) -> float | None:
    """Round trip in seconds (RFC 3550 §6.4.1), None when there was no report or the numbers cannot be true."""
    if lsr == 0:
        return None
    ticks = (compact_ntp(now_ntp) - lsr - dlsr) & _U32
    if ticks >= 1 << 31:
        # A few ticks below zero are DLSR rounded up on a very short line.
        return 0.0 if (1 << 32) - ticks <= 66 else None
    return ticks / 65536
