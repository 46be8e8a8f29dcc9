"""Which of the offered codecs, header extensions and feedback messages we take.

Nothing here is transcoded, so two payload types are interchangeable exactly when a packet
of one may be sent as the other: `Codec.key` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from mediaserver.rtp.sdp import Media, RtpMap

EXTENSIONS = (
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "urn:3gpp:video-orientation",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
)
"""Transport-wide congestion control is left out: publishers are steered with REMB."""

_EXTENSIONS = {uri: uri for uri in EXTENSIONS}

MAX_EXTENSION_ID = 14
"""The largest id of the one-byte form (RFC 8285 §4.2), the only form we write."""

FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")

_STATIC = {0: RtpMap("PCMU", 8000), 8: RtpMap("PCMA", 8000), 9: RtpMap("G722", 8000)}
"""Payload types that need no a=rtpmap (RFC 3551 §6)."""

_NAMES = {
    name.lower(): name
    for name in ("VP8", "VP9", "H264", "H265", "AV1", "opus", "red", "PCMU", "PCMA", "G722", "rtx", "ulpfec")
}


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of an m-line.

    :ivar name: canonical spelling (`VP8`, `H264`, `opus` …).
    :ivar fmtp: parameters to repeat in the answer, as written; empty when there are none.
    :ivar rtx_pt: payload type of its retransmissions (RFC 4588), None without.
    :ivar feedback: RTCP feedback that both sides take.
    :ivar key: equal keys mean that a packet of one may be sent as the other, byte for byte.
    """

    pt: int
    name: str
    kind: str
    clock_rate: int
    channels: int
    fmtp: str
    rtx_pt: int | None
    feedback: tuple[str, ...]
    key: str


def parameters(fmtp: str) -> dict[str, str]:
    """`a=1;b=2` as a dictionary; names in lower case."""
    pairs = (part.partition("=") for part in fmtp.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def offered(media: Media) -> list[Codec]:
    """Every codec of an m-line in the offer's order, retransmission formats left out."""
    retransmissions: dict[int, int] = {}
    found: list[tuple[int, str, RtpMap, str, tuple[str, ...]]] = []
    for payload_type in _payload_types(media):
        mapping = media.rtpmaps.get(payload_type) or _STATIC.get(payload_type)
        if mapping is None:
            continue
        fmtp = media.fmtps.get(payload_type, "")
        name = _NAMES.get(mapping.name.lower(), mapping.name)
        if name == "rtx":
            protected = parameters(fmtp).get("apt", "")
            if protected.isascii() and protected.isdigit() and len(protected) <= 3:
                retransmissions.setdefault(int(protected), payload_type)
            continue
        wanted = media.feedback(payload_type)
        feedback = tuple(kind for kind in FEEDBACK if kind in wanted)
        found.append((payload_type, name, mapping, fmtp, feedback))
    return [
        _codec(pt, name, media.kind, mapping.clock_rate, mapping.channels, fmtp, retransmissions.get(pt), feedback)
        for pt, name, mapping, fmtp, feedback in found
    ]


@lru_cache(maxsize=512)
def _codec(
    pt: int,
    name: str,
    kind: str,
    clock_rate: int,
    channels: int,
    fmtp: str,
    rtx_pt: int | None,
    feedback: tuple[str, ...],
) -> Codec:
    """One object for all who offer the same: a school full of one browser offers twenty codecs each."""
    return Codec(pt, name, kind, clock_rate, channels, fmtp, rtx_pt, feedback, _key(name, fmtp))


def _payload_types(media: Media) -> Iterable[int]:
    numeric = (int(form) for form in media.formats if form.isascii() and form.isdigit() and len(form) <= 3)
    return dict.fromkeys(number for number in numeric if number <= 127)


def _key(name: str, fmtp: str) -> str:
    values = parameters(fmtp)
    match name:
        case "H264":
            mode = values.get("packetization-mode", "0")
            return f"H264/{mode}/{_h264_profile(values.get('profile-level-id', '420010'))}"
        case "VP9":
            return f"VP9/{values.get('profile-id', '0')}"
        case "AV1":
            return f"AV1/{values.get('profile', '0')}"
        case "red":
            # The payload names the payload types inside (RFC 2198 §3), so these belong to the key.
            return f"red/{fmtp}"
        case _:
            return name


def _h264_profile(profile_level_id: str) -> str:
    """Profile without the level. Baseline and Constrained Baseline count as one, as browsers do:
    no WebRTC encoder uses what Baseline has beyond the constrained form (RFC 6184 §8.1, table 5)."""
    text = profile_level_id.lower()
    try:
        idc, constraints = int(text[0:2], 16), int(text[2:4], 16)
    except ValueError:
        return text
    if idc == 0x42 or (idc in (0x4D, 0x58) and constraints & 0x80):
        return "42e0"
    return text[0:4]


def _preference(codec: Codec) -> int:
    """Among variants of one codec, how much we like to be sent this one; smaller is better."""
    if codec.name == "H264":
        level_id = parameters(codec.fmtp).get("profile-level-id", "").lower()
        if codec.key != "H264/1/42e0":
            return 3
        return 0 if level_id == "42e01f" else 1 if level_id in ("42001f", "42c01f") else 2
    return 0 if codec.key in ("VP9/0", "AV1/0") else 1


def video_by_preference(media: Media, names: Sequence[str]) -> list[Codec]:
    """The offered video codecs among `names`, in the order of `names` and best variant first."""
    codecs = [codec for codec in offered(media) if codec.clock_rate == 90000]
    ordered: list[Codec] = []
    for name in names:
        canonical = _NAMES.get(name.lower(), name)
        ordered += sorted((codec for codec in codecs if codec.name == canonical), key=_preference)
    return ordered


def audio_by_preference(media: Media) -> list[Codec]:
    """Opus (RFC 7587) and then its redundant form (RFC 2198), where offered; nothing without Opus."""
    codecs = [codec for codec in offered(media) if (codec.clock_rate, codec.channels) == (48000, 2)]
    opus = next((codec for codec in codecs if codec.name == "opus"), None)
    if opus is None:
        return []
    redundant = (c for c in codecs if c.name == "red" and set(c.fmtp.split("/")) == {str(opus.pt)})
    return [opus, *redundant]


def with_inband_fec(opus: Codec) -> Codec:
    """The same with `useinbandfec=1`: what we receive should survive a lost packet (RFC 7587 §6.1)."""
    kept = [part.strip() for part in opus.fmtp.split(";") if part.strip()]
    kept = [part for part in kept if part.partition("=")[0].strip().lower() != "useinbandfec"]
    return replace(opus, fmtp=";".join([*kept, "useinbandfec=1"]))


def extensions(media: Media, *, sending: bool) -> tuple[dict[str, int], dict[str, str]]:
    """Header extensions taken from an offer.

    :param sending: whether we send on this m-line; an extension offered for the other way only is left out.
    :returns: uri → id, and uri → direction to write in the answer for those offered with one.
    """
    ids: dict[str, int] = {}
    directions: dict[str, str] = {}
    usable = ("sendrecv", "recvonly") if sending else ("sendrecv", "sendonly")
    for extension in media.extmaps:
        uri = _EXTENSIONS.get(extension.uri)  # our own text of it, which outlives the offer anyway
        if uri is None or extension.id > MAX_EXTENSION_ID or uri in ids or extension.id in ids.values():
            continue
        if extension.direction is not None:
            if extension.direction not in usable:
                continue
            directions[uri] = "sendonly" if sending else "recvonly"
        ids[uri] = extension.id
    return ids, directions
