"""Session descriptions: a tolerant and bounded parser (RFC 8866, attributes as in RFC 9429 §5).

Unknown lines and attributes are kept and ignored. A known attribute that cannot be read is
refused with one sentence, because guessing what a client meant would end in a black picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_LENGTH = 64 * 1024
"""Characters of a description. Chromium's offer of eight videos and one sound has 41,000."""
MAX_LINES = 3000
MAX_MEDIA = 32
MAX_ATTRIBUTES = 512
"""Per m-section, and for the session itself."""
MAX_MID = 32
"""Twice of what the one-byte form of its header extension holds (RFC 8285 §4.2)."""

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,10}")
_RID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2}")
_ICE_UFRAG = re.compile(r"[!-9;-~]{4,256}")  # no colon: it separates the two halves of a STUN username
_ICE_PWD = re.compile(r"[!-~]{22,256}")
# A lone CR, NUL or half a surrogate pair would come back out of an answer as something else than it went in.
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


class SdpError(ValueError):
    """A session description that cannot be used. The message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The `o=` line; ids stay text because clients write numbers beyond 64 bits."""

    username: str
    session_id: str
    session_version: str
    net_type: str
    address_type: str
    address: str


@dataclass(frozen=True, slots=True)
class RtpMap:
    name: str
    clock_rate: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class ExtMap:
    """RFC 8285 §8. :ivar direction: one of `DIRECTIONS`, or None where none was written."""

    id: int
    uri: str
    direction: str | None = None
    attributes: str = ""


@dataclass(frozen=True, slots=True)
class Rid:
    """RFC 8851. :ivar formats: payload types it is restricted to (empty: any)."""

    id: str
    direction: str
    formats: tuple[int, ...] = ()
    restrictions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimulcastRid:
    id: str
    paused: bool = False


SimulcastStreams = tuple[tuple[SimulcastRid, ...], ...]
"""Streams in order of preference, each with its alternatives (RFC 8853 §5.1)."""


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    semantics: str
    ssrcs: tuple[int, ...]


@dataclass(slots=True)
class Media:
    """One m-section, with what it inherits from the session level filled in."""

    kind: str
    port: int
    proto: str
    formats: tuple[str, ...]
    mid: str | None = None
    direction: str = "sendrecv"
    attributes: list[tuple[str, str | None]] = field(default_factory=list)
    """The section's own `a=` lines in order, known ones included."""
    rtpmaps: dict[int, RtpMap] = field(default_factory=dict)
    fmtps: dict[int, str] = field(default_factory=dict)
    rtcp_fb: dict[str, list[str]] = field(default_factory=dict)
    """By payload type as text, or `*`."""
    extmaps: list[ExtMap] = field(default_factory=list)
    ssrcs: dict[int, dict[str, str]] = field(default_factory=dict)
    """SSRC → its source-level attributes (RFC 5576), in the order written."""
    ssrc_groups: list[SsrcGroup] = field(default_factory=list)
    rids: list[Rid] = field(default_factory=list)
    simulcast: dict[str, SimulcastStreams] = field(default_factory=dict)
    """`send` and `recv`."""
    ice_ufrag: str | None = None
    ice_pwd: str | None = None
    ice_options: tuple[str, ...] = ()
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    """(hash function in lower case, upper-case hex pairs with colons), RFC 8122."""
    setup: str | None = None
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    bundle_only: bool = False

    def feedback(self, payload_type: int) -> tuple[str, ...]:
        """RTCP feedback offered for a payload type, the wildcard's included (RFC 4585 §4.2)."""
        return tuple(self.rtcp_fb.get(str(payload_type), ())) + tuple(self.rtcp_fb.get("*", ()))


@dataclass(slots=True)
class Session:
    origin: Origin | None
    groups: list[tuple[str, list[str]]]
    """(semantics, mids), RFC 5888."""
    attributes: list[tuple[str, str | None]]
    media: list[Media]
    ice_lite: bool = False

    def group_of(self, semantics: str, mid: str | None) -> list[str] | None:
        """The mids of the group of that kind which `mid` is in."""
        return next((mids for name, mids in self.groups if name == semantics and mid in mids), None)


def parse(text: str) -> Session:
    """Read an offer or an answer. Lines end in CRLF or LF. Raises `SdpError`."""
    if len(text) > MAX_LENGTH:
        raise SdpError(f"The session description has {len(text)} characters; at most {MAX_LENGTH} are taken.")
    session_lines, sections = _split(text)
    origin = None
    for kind, value in session_lines:
        if kind == "o":
            origin = _origin(value)
    attributes = _attributes(session_lines, "The session")
    groups = [_group(value) for name, value in attributes if name == "group"]
    media = [_media(number, lines, attributes) for number, lines in enumerate(sections, 1)]
    mids = [section.mid for section in media if section.mid is not None]
    if len(set(mids)) != len(mids):
        raise SdpError("Two m-lines have the same a=mid; each needs its own.")
    return Session(origin, groups, attributes, media, ice_lite=any(name == "ice-lite" for name, _ in attributes))


Lines = list[tuple[str, str]]


def _split(text: str) -> tuple[Lines, list[Lines]]:
    session: Lines = []
    sections: list[Lines] = []
    current = session
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        raise SdpError(f"The session description has {len(lines)} lines; at most {MAX_LINES} are taken.")
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r").rstrip(" \t")
        if not line:
            continue
        if len(line) < 2 or line[1] != "=" or not line[0].isalpha():
            raise SdpError(f"Line {number} of the session description is not of the form x=value.")
        if _FORBIDDEN.search(line):
            raise SdpError(f"Line {number} of the session description contains a control character.")
        kind, value = line[0], line[2:]
        if not session and (kind, value) != ("v", "0"):
            raise SdpError("The session description does not begin with v=0.")
        if kind == "m":
            if len(sections) == MAX_MEDIA:
                raise SdpError(f"The session description has more than {MAX_MEDIA} m-lines.")
            current = []
            sections.append(current)
        current.append((kind, value))
    if not session:
        raise SdpError("The session description is empty.")
    return session, sections


def _attributes(lines: Lines, where: str) -> list[tuple[str, str | None]]:
    attributes: list[tuple[str, str | None]] = []
    for kind, line in lines:
        if kind == "a":
            name, colon, value = line.partition(":")
            attributes.append((name, value if colon else None))
    if len(attributes) > MAX_ATTRIBUTES:
        raise SdpError(f"{where} has {len(attributes)} attributes; at most {MAX_ATTRIBUTES} are taken.")
    return attributes


def _origin(value: str) -> Origin:
    fields = value.split()
    if len(fields) != 6:
        raise SdpError("The o= line does not have six fields.")
    return Origin(*fields)


def _group(value: str | None) -> tuple[str, list[str]]:
    fields = (value or "").split()
    if not fields or not all(_TOKEN.fullmatch(mid) for mid in fields):
        raise SdpError("An a=group line is malformed.")
    return fields[0], fields[1:]


def _media(number: int, lines: Lines, session_attributes: list[tuple[str, str | None]]) -> Media:
    fields = lines[0][1].split()
    if len(fields) < 4 or not _TOKEN.fullmatch(fields[0]) or not all(_TOKEN.fullmatch(form) for form in fields[3:]):
        raise SdpError(f"m-line {number} is not of the form m=kind port protocol formats.")
    if not all(_TOKEN.fullmatch(part) for part in fields[2].split("/")):
        raise SdpError(f"m-line {number} is not of the form m=kind port protocol formats.")
    port = _number(fields[1].partition("/")[0], 65535, "port")
    media = Media(fields[0], port, fields[2], tuple(fields[3:]))
    media.attributes = _attributes(lines, f"m-line {number}")
    own = {_family(name) for name, _ in media.attributes}
    for name, value in session_attributes:
        if name == "extmap" or (_family(name) in _INHERITED and _family(name) not in own):
            _READERS[name](media, value or "")
    for name, value in media.attributes:
        if reader := _READERS.get(name):
            reader(media, value or "")
    return media


# ---------------------------------------------------------------- attributes of an m-section


def _number(text: str, highest: int, what: str, lowest: int = 0) -> int:
    if not _DIGITS.fullmatch(text) or not lowest <= int(text) <= highest:
        raise SdpError(f"A {what} is not a number from {lowest} to {highest}: {_shown(text)}.")
    return int(text)


def _shown(text: str) -> str:
    """Quoted and short enough for an error message."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _matched(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise SdpError(f"The value of a={what} is malformed: {_shown(text)}.")
    return text


def _payload_type(value: str, what: str) -> tuple[int, str]:
    first, _, rest = value.partition(" ")
    return _number(first, 127, f"payload type of a={what}"), rest.strip()


def _read_mid(media: Media, value: str) -> None:
    media.mid = _matched(_TOKEN, value.strip(), "mid")
    if len(media.mid) > MAX_MID:
        raise SdpError(f"An a=mid has {len(media.mid)} characters; at most {MAX_MID} are taken.")


def _read_rtpmap(media: Media, value: str) -> None:
    payload_type, encoding = _payload_type(value, "rtpmap")
    name, *numbers = encoding.split("/")
    _matched(_TOKEN, name, "rtpmap")
    if not 1 <= len(numbers) <= 2:
        raise SdpError(f"The value of a=rtpmap is malformed: {_shown(value)}.")
    rate = _number(numbers[0], 2**32 - 1, "clock rate", lowest=1)
    channels = _number(numbers[1], 255, "number of channels", lowest=1) if len(numbers) == 2 else 1
    media.rtpmaps[payload_type] = RtpMap(name, rate, channels)


def _read_fmtp(media: Media, value: str) -> None:
    first, _, parameters = value.partition(" ")
    if first.isascii() and first.isdigit():  # other formats (data channels) have parameters too
        media.fmtps.setdefault(_number(first, 127, "payload type of a=fmtp"), parameters.strip())


def _read_rtcp_fb(media: Media, value: str) -> None:
    target, _, kind = value.partition(" ")
    if target != "*":
        target = str(_number(target, 127, "payload type of a=rtcp-fb"))
    if not kind.strip():
        raise SdpError(f"The value of a=rtcp-fb is malformed: {_shown(value)}.")
    media.rtcp_fb.setdefault(target, []).append(" ".join(kind.split()))


def _read_extmap(media: Media, value: str) -> None:
    fields = value.split(None, 2)
    if len(fields) < 2:
        raise SdpError(f"The value of a=extmap is malformed: {_shown(value)}.")
    number, slash, direction = fields[0].partition("/")
    if slash and direction not in DIRECTIONS:
        raise SdpError(f"The value of a=extmap is malformed: {_shown(value)}.")
    # 4096–4351 stand for "any id, you choose" in an offer with too many extensions (RFC 8285 §8).
    identifier = _number(number, 4351, "header extension id", lowest=1)
    media.extmaps.append(ExtMap(identifier, fields[1], direction or None, fields[2] if len(fields) == 3 else ""))


def _read_ssrc(media: Media, value: str) -> None:
    first, _, attribute = value.partition(" ")
    described = media.ssrcs.setdefault(_number(first, 2**32 - 1, "SSRC"), {})
    if attribute:
        name, _, content = attribute.strip().partition(":")
        described[name] = content


def _read_ssrc_group(media: Media, value: str) -> None:
    semantics, *ssrcs = value.split() or [""]
    _matched(_TOKEN, semantics, "ssrc-group")
    media.ssrc_groups.append(SsrcGroup(semantics, tuple(_number(ssrc, 2**32 - 1, "SSRC") for ssrc in ssrcs)))


def _read_rid(media: Media, value: str) -> None:
    fields = value.split(None, 2)
    if len(fields) < 2 or not _RID.fullmatch(fields[0]) or fields[1] not in ("send", "recv"):
        raise SdpError(f"The value of a=rid is malformed: {_shown(value)}.")
    formats: tuple[int, ...] = ()
    restrictions: dict[str, str] = {}
    for restriction in fields[2].split(";") if len(fields) == 3 else ():
        name, _, content = restriction.strip().partition("=")
        if name == "pt":
            formats = tuple(_number(item.strip(), 127, "payload type of a=rid") for item in content.split(","))
        elif name:
            restrictions[name] = content
    media.rids.append(Rid(fields[0], fields[1], formats, restrictions))


def _read_simulcast(media: Media, value: str) -> None:
    fields = value.split()
    if len(fields) not in (2, 4) or not set(fields[::2]) <= {"send", "recv"}:
        raise SdpError(f"The value of a=simulcast is malformed: {_shown(value)}.")
    for direction, streams in zip(fields[::2], fields[1::2], strict=True):
        media.simulcast[direction] = tuple(
            tuple(_simulcast_rid(alternative) for alternative in stream.split(",")) for stream in streams.split(";")
        )


def _simulcast_rid(text: str) -> SimulcastRid:
    return SimulcastRid(_matched(_RID, text.removeprefix("~"), "simulcast"), text.startswith("~"))


def _read_ufrag(media: Media, value: str) -> None:
    media.ice_ufrag = _matched(_ICE_UFRAG, value.strip(), "ice-ufrag")


def _read_pwd(media: Media, value: str) -> None:
    if not _ICE_PWD.fullmatch(value.strip()):
        raise SdpError("The value of a=ice-pwd is malformed.")  # a secret is not repeated in a message
    media.ice_pwd = value.strip()


def _read_ice_options(media: Media, value: str) -> None:
    media.ice_options = tuple(value.split())


def _read_fingerprint(media: Media, value: str) -> None:
    algorithm, _, digest = value.strip().partition(" ")
    _matched(_TOKEN, algorithm, "fingerprint")
    media.fingerprints.append((algorithm.lower(), _matched(_FINGERPRINT, digest.strip(), "fingerprint").upper()))


def _read_setup(media: Media, value: str) -> None:
    if value.strip() not in ("active", "passive", "actpass", "holdconn"):
        raise SdpError(f"The value of a=setup is malformed: {_shown(value)}.")
    media.setup = value.strip()


def _direction_reader(direction: str) -> Callable[[Media, str], None]:
    def read(media: Media, _: str) -> None:
        media.direction = direction

    return read


def _flag_reader(name: str) -> Callable[[Media, str], None]:
    def read(media: Media, _: str) -> None:
        setattr(media, name, True)

    return read


_READERS: dict[str, Callable[[Media, str], None]] = {
    "mid": _read_mid,
    "rtpmap": _read_rtpmap,
    "fmtp": _read_fmtp,
    "rtcp-fb": _read_rtcp_fb,
    "extmap": _read_extmap,
    "ssrc": _read_ssrc,
    "ssrc-group": _read_ssrc_group,
    "rid": _read_rid,
    "simulcast": _read_simulcast,
    "ice-ufrag": _read_ufrag,
    "ice-pwd": _read_pwd,
    "ice-options": _read_ice_options,
    "fingerprint": _read_fingerprint,
    "setup": _read_setup,
    "rtcp-mux": _flag_reader("rtcp_mux"),
    "rtcp-rsize": _flag_reader("rtcp_rsize"),
    "bundle-only": _flag_reader("bundle_only"),
    **{direction: _direction_reader(direction) for direction in DIRECTIONS},
}

_INHERITED = frozenset(("ice-ufrag", "ice-pwd", "ice-options", "fingerprint", "setup", "direction"))
"""Session-level attributes that hold for every m-section without its own. Header extensions add up instead."""


def _family(name: str) -> str:
    return "direction" if name in DIRECTIONS else name
