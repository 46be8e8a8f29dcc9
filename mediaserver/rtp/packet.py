"""RTP packets by offsets (RFC 3550 §5.1) and their header extensions (RFC 8285).

Nothing here builds an object per packet: a header is read into a tuple of offsets once
and the bytes are patched from there on.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

MIN_HEADER = 12
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000  # the low four bits are "appbits"
PADDING_BIT = 0x20
EXTENSION_BIT = 0x10

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

_FIXED = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")


class RtpError(ValueError):
    """The bytes are not an RTP packet."""


class Header(NamedTuple):
    """Fields and offsets of one packet. `payload` … `end` is the payload without padding."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extension: int
    """Offset of the first extension element; 0 when there is no extension."""
    extension_length: int
    extension_profile: int
    payload: int
    end: int


def parse_header(data: bytes) -> Header:
    """Read the header of `data`. Raises `RtpError` when anything points outside of it."""
    size = len(data)
    if size < MIN_HEADER:
        raise RtpError("shorter than an RTP header")
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != 2:
        raise RtpError("RTP version is not 2")
    offset = MIN_HEADER + 4 * (first & 0x0F)
    extension = length = profile = 0
    if first & EXTENSION_BIT:
        if size < offset + 4:
            raise RtpError("header extension is truncated")
        profile, words = _EXTENSION.unpack_from(data, offset)
        extension, length = offset + 4, 4 * words
        offset = extension + length
    end = size
    if first & PADDING_BIT:
        padding = data[-1]
        if padding == 0:
            raise RtpError("padding of length zero")
        end -= padding
    if end < offset:
        raise RtpError("header or padding is longer than the packet")
    return Header(
        bool(second & 0x80), second & 0x7F, sequence, timestamp, ssrc, extension, length, profile, offset, end
    )


def elements(data: bytes, header: Header) -> list[tuple[int, int, int]]:
    """The extension elements as `(id, offset, length)`. Raises `RtpError` when truncated.

    Profiles other than RFC 8285's two hold nothing that can be told apart: no elements.
    """
    found: list[tuple[int, int, int]] = []
    offset, end = header.extension, header.extension + header.extension_length
    if header.extension_profile == ONE_BYTE_PROFILE:
        while offset < end:
            byte = data[offset]
            if byte == 0:
                offset += 1
                continue
            identifier, length = byte >> 4, (byte & 0x0F) + 1
            if identifier in (0, 15):  # §4.2: stop at the reserved id, and at a padding byte with a length
                break
            offset += 1
            if offset + length > end:
                raise RtpError("header extension element is truncated")
            found.append((identifier, offset, length))
            offset += length
    elif header.extension_profile & 0xFFF0 == TWO_BYTE_PROFILE:
        while offset < end:
            identifier = data[offset]
            if identifier == 0:
                offset += 1
                continue
            if offset + 2 > end:
                raise RtpError("header extension element is truncated")
            length = data[offset + 1]
            offset += 2
            if offset + length > end:
                raise RtpError("header extension element is truncated")
            found.append((identifier, offset, length))
            offset += length
    return found


def pack_elements(items: Iterable[tuple[int, bytes]]) -> bytes:
    """A whole extension block, profile and length included; empty for no items.

    One-byte form when every id and length fits (RFC 8285 §4.2), else the two-byte form.
    """
    pairs = list(items)
    if not pairs:
        return b""
    if all(identifier < 15 and 1 <= len(value) <= 16 for identifier, value in pairs):
        profile = ONE_BYTE_PROFILE
        body = b"".join(bytes((identifier << 4 | (len(value) - 1),)) + value for identifier, value in pairs)
    else:
        profile = TWO_BYTE_PROFILE
        body = b"".join(bytes((identifier, len(value))) + value for identifier, value in pairs)
    body += bytes(-len(body) % 4)
    return _EXTENSION.pack(profile, len(body) // 4) + body


def rewrite(
    data: bytes,
    header: Header,
    *,
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    extension: bytes,
    prefix: bytes = b"",
) -> bytes:
    """`data` with another identity and extension block; CSRCs, marker, payload and padding are kept.

    :param extension: from `pack_elements`, may be empty.
    :param prefix: goes before the payload (the original sequence number of RFC 4588).
    """
    first = data[0] | EXTENSION_BIT if extension else data[0] & ~EXTENSION_BIT
    csrcs = data[MIN_HEADER : MIN_HEADER + 4 * (data[0] & 0x0F)]
    fixed = _FIXED.pack(first, (data[1] & 0x80) | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return fixed + csrcs + extension + prefix + data[header.payload :]


def unwrap_rtx(data: bytes, header: Header, *, payload_type: int, ssrc: int) -> bytes | None:
    """The original packet inside a retransmission (RFC 4588 §4); None when it only carries padding."""
    if header.end - header.payload < 2:
        return None
    sequence = int.from_bytes(data[header.payload : header.payload + 2], "big")
    fixed = _FIXED.pack(data[0], (data[1] & 0x80) | payload_type, sequence, header.timestamp, ssrc)
    return fixed + data[MIN_HEADER : header.payload] + data[header.payload + 2 :]


def abs_send_time(now_us: int) -> bytes:
    """24-bit 6.18 fixed-point seconds, as the abs-send-time extension wants it."""
    return (((now_us << 18) // 1_000_000) & 0xFFFFFF).to_bytes(3, "big")
