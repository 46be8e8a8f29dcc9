"""Where a keyframe starts, read from a payload's first bytes without decoding anything."""

from __future__ import annotations

from collections.abc import Callable

_H264_IDR, _H264_SPS, _H264_STAP_A, _H264_FU_A = 5, 7, 24, 28


def vp8_keyframe(payload: bytes) -> bool:
    """RFC 7741 §4.2–4.3: first packet of partition 0, inverse key frame flag clear."""
    if len(payload) < 2:
        return False
    first = payload[0]
    if not first & 0x10 or first & 0x07:
        return False
    offset = 1
    if first & 0x80:
        extended = payload[1]
        offset = 2
        if extended & 0x80:
            if len(payload) <= offset:
                return False
            offset += 2 if payload[offset] & 0x80 else 1
        if extended & 0x40:
            offset += 1
        if extended & 0x30:
            offset += 1
    return len(payload) > offset and not payload[offset] & 0x01


def h264_keyframe(payload: bytes) -> bool:
    """RFC 6184: a sequence parameter set or the start of an IDR slice, alone, aggregated or fragmented."""
    if len(payload) < 2:
        return False
    kind = payload[0] & 0x1F
    if kind in (_H264_SPS, _H264_IDR):
        return True
    if kind == _H264_STAP_A:
        offset = 1
        while offset + 3 <= len(payload):
            if payload[offset + 2] & 0x1F in (_H264_SPS, _H264_IDR):
                return True
            offset += 2 + int.from_bytes(payload[offset : offset + 2], "big")
        return False
    return kind == _H264_FU_A and bool(payload[1] & 0x80) and payload[1] & 0x1F in (_H264_SPS, _H264_IDR)


def vp9_keyframe(payload: bytes) -> bool:
    """RFC 9628 §4.2: begin of a frame that is not inter-picture predicted, lowest spatial layer."""
    if not payload:
        return False
    first = payload[0]
    if first & 0x40 or not first & 0x08:
        return False
    if not first & 0x20:
        return True
    offset = 1
    if first & 0x80:
        if len(payload) <= offset:
            return False
        offset += 2 if payload[offset] & 0x80 else 1
    return len(payload) > offset and not payload[offset] >> 1 & 0x07


def av1_keyframe(payload: bytes) -> bool:
    """AV1 RTP specification §4.4: N, the first packet of a coded video sequence."""
    return len(payload) > 1 and bool(payload[0] & 0x08) and not payload[0] & 0x80


KEYFRAME_TESTS: dict[str, Callable[[bytes], bool]] = {
    "VP8": vp8_keyframe,
    "H264": h264_keyframe,
    "VP9": vp9_keyframe,
    "AV1": av1_keyframe,
}
"""By codec name. A codec that is not listed has no keyframes: every packet is a place to start."""
