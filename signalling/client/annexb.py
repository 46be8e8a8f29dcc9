"""H.264 byte streams (ITU-T H.264 Annex B), as far as passing them on needs it."""

from __future__ import annotations

from collections.abc import Iterable

NON_IDR, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9
_MAX_ID = {SPS: 31, PPS: 255}


def nal_type(nal: bytes) -> int:
    return nal[0] & 0x1F


def split_nals(stream: bytes) -> list[bytes]:
    """NAL units of a byte stream, without start codes and trailing zeros."""
    nals = []
    start = stream.find(b"\0\0\1")
    while start >= 0:
        begin = start + 3
        start = stream.find(b"\0\0\1", begin)
        nal = stream[begin : start if start >= 0 else len(stream)].rstrip(b"\0")
        if nal:
            nals.append(nal)
    return nals


def join_nals(nals: Iterable[bytes]) -> bytes:
    """A byte stream with four-byte start codes."""
    return b"".join(b"\0\0\0\1" + nal for nal in nals)


class ParameterSets:
    """Repeats SPS and PPS before each IDR picture that comes without them.

    Whoever joins at an IDR picture can then decode it; many encoders send the sets once, or only in the SDP.

    :param extradata: Annex B byte stream of the container, or empty.
    """

    def __init__(self, extradata: bytes = b"") -> None:
        self._sets: dict[tuple[int, int], bytes] = {}
        self._remember(split_nals(extradata))

    def complete(self, nals: list[bytes]) -> list[bytes]:
        """The access unit with all parameter sets, where it is an IDR picture."""
        self._remember(nals)
        types = [nal_type(nal) for nal in nals]
        if IDR not in types:
            return nals
        missing = [nal for (kind, _), nal in sorted(self._sets.items()) if nal not in nals]
        at = 1 if types[0] == AUD else 0  # a delimiter stays the first (H.264 §7.4.1.2.3)
        return nals[:at] + missing + nals[at:]

    def _remember(self, nals: list[bytes]) -> None:
        for nal in nals:
            kind = nal_type(nal)
            if kind in _MAX_ID:
                number = _exp_golomb(nal[4:8] if kind == SPS else nal[1:5])
                if number <= _MAX_ID[kind]:
                    self._sets[kind, number] = nal


def _exp_golomb(data: bytes) -> int:
    """The first ue(v) of `data` (H.264 §9.1)."""
    bits = int.from_bytes(data, "big")
    width = 8 * len(data)
    zeros = width - bits.bit_length()
    if bits == 0 or 2 * zeros + 1 > width:
        return 1 << 16
    return (bits >> (width - 2 * zeros - 1)) - 1
