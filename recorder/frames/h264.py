"""H.264 out of RTP (RFC 6184, packetization modes 0 and 1)."""

from __future__ import annotations

from recorder.frames import Frame, Start
from recorder.frames.bits import Bits, BitsError

_SLICE, _IDR, _SPS, _PPS, _DELIMITER, _FILLER, _STAP_A, _FU_A = 1, 5, 7, 8, 9, 12, 24, 28
_MAX_SETS = 8
_WITH_CHROMA = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))


class H264:
    """Remembers the parameter sets, which need not come with every key frame."""

    def __init__(self) -> None:
        self._sps: dict[int, bytes] = {}
        self._pps: dict[bytes, bytes] = {}
        self._start: Start | None = None

    def frame(self, payloads: list[bytes]) -> Frame | None:
        units = split(payloads)
        if units is None:
            return None
        pieces: list[bytes] = []
        key = slices = False
        for unit in units:
            kind = unit[0] & 0x1F
            if kind == _SPS:
                self._learn_sps(unit)
            elif kind == _PPS:
                self._learn_pps(unit)
            elif kind not in (_DELIMITER, _FILLER):
                if kind in (_SLICE, _IDR):
                    if not slices and (len(unit) < 2 or not unit[1] & 0x80):
                        return None  # it does not begin with the first macroblock
                    slices = True
                    key = key or kind == _IDR
                pieces += (len(unit).to_bytes(4, "big"), unit)
        if not slices:
            return None
        if not key:
            return Frame(b"".join(pieces), None)
        if self._start is None:
            self._start = self._describe()
        return Frame(b"".join(pieces), self._start) if self._start else None

    def picture_id(self, payload: bytes) -> int:
        return -1

    def _learn_sps(self, unit: bytes) -> None:
        if len(unit) < 5 or len(unit) > 512 or self._sps.get(0) == unit:
            return
        # One sequence at a time: no sender of live pictures uses two, and an old one must not stay.
        self._sps = {0: unit}
        self._start = None

    def _learn_pps(self, unit: bytes) -> None:
        try:
            identifier = Bits(unit[1:]).golomb()
        except BitsError:
            return
        key = identifier.to_bytes(4, "big")
        if len(unit) > 512 or self._pps.get(key) == unit or (key not in self._pps and len(self._pps) >= _MAX_SETS):
            return
        self._pps[key] = unit
        self._start = None

    def _describe(self) -> Start | None:
        """:returns: with the avcC box's content (ISO/IEC 14496-15 §5.3.3.1)."""
        if not self._sps or not self._pps:
            return None
        sps = self._sps[0]
        try:
            width, height = picture_size(sps)
        except BitsError:
            return None
        private = b"".join(
            (
                *(b"\x01", sps[1:4], b"\xff\xe1", len(sps).to_bytes(2, "big"), sps, bytes((len(self._pps),))),
                *(len(pps).to_bytes(2, "big") + pps for pps in self._pps.values()),
            )
        )
        if sps[1] in _WITH_CHROMA:
            private += _chroma(sps)
        return Start(width, height, private)


def split(payloads: list[bytes]) -> list[bytes] | None:
    """NAL units without length or start code; None when any is cut short or a fragment is missing."""
    units: list[bytes] = []
    fragments: list[bytes] = []
    for payload in payloads:
        if not payload or payload[0] & 0x80:
            return None
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            if len(payload) < 3:
                return None
            header = payload[1]
            if bool(header & 0x80) == bool(fragments):
                return None
            if header & 0x80:
                fragments.append(bytes((payload[0] & 0xE0 | header & 0x1F,)))
            fragments.append(payload[2:])
            if header & 0x40:
                units.append(b"".join(fragments))
                fragments = []
            continue
        if fragments:
            return None
        if kind == _STAP_A:
            offset = 1
            while offset < len(payload):
                end = offset + 2 + int.from_bytes(payload[offset : offset + 2], "big")
                if end > len(payload) or end <= offset + 2:
                    return None
                units.append(payload[offset + 2 : end])
                offset = end
        elif 0 < kind < _STAP_A:
            units.append(payload)
        else:
            return None
    return None if fragments else units


def _unescaped(unit: bytes) -> bytes:
    """Without emulation prevention (§7.4.1.1)."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


def _head(sps: bytes) -> tuple[Bits, int, int, int]:
    """Reader behind the depths; chroma format and depths of luma and chroma less 8. :raises BitsError:"""
    bits = Bits(_unescaped(sps)[4:])
    bits.golomb()
    chroma, luma_depth, chroma_depth = 1, 0, 0
    if sps[1] in _WITH_CHROMA:
        chroma = bits.golomb()
        if chroma > 3:
            raise BitsError("no such chroma format")
        if chroma == 3 and bits.take(1):
            raise BitsError("separate colour planes")
        luma_depth, chroma_depth = bits.golomb(), bits.golomb()
        if luma_depth > 6 or chroma_depth > 6:
            raise BitsError("no such depth")
    return bits, chroma, luma_depth, chroma_depth


def _chroma(sps: bytes) -> bytes:
    _, chroma, luma_depth, chroma_depth = _head(sps)
    return bytes((0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0))


def picture_size(sps: bytes) -> tuple[int, int]:
    """Width and height as shown, cropped (ITU-T H.264 §7.3.2.1.1). :raises BitsError:"""
    bits, chroma, _, _ = _head(sps)
    if sps[1] in _WITH_CHROMA:
        bits.take(1)
        if bits.take(1):
            for number in range(8 if chroma != 3 else 12):
                if bits.take(1):
                    _skip_list(bits, 16 if number < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.signed_golomb()
        bits.signed_golomb()
        for _ in range(min(bits.golomb(), 256)):
            bits.signed_golomb()
    bits.golomb()
    bits.take(1)
    columns, rows = bits.golomb() + 1, bits.golomb() + 1
    frames_only = bits.take(1)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    width, height = 16 * columns, 16 * rows * (2 - frames_only)
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        across = 2 if chroma in (1, 2) else 1
        down = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= across * (left + right)
        height -= down * (top + bottom)
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise BitsError("no such size")
    return width, height


def _skip_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last
