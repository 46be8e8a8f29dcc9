"""The few lines of SDP that the generator writes and reads, as a browser would offer them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

PICTURE_TYPE, SOUND_TYPE = 96, 111
LEVEL_ID, SEND_TIME_ID, MID_ID = 1, 3, 4
_EXTENSIONS = {
    MID_ID: "urn:ietf:params:rtp-hdrext:sdes:mid",
    SEND_TIME_ID: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
}
_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
_PICTURE_LINES = (
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 goog-remb",
    "a=rtcp-fb:96 ccm fir",
    "a=rtcp-fb:96 nack",
    "a=rtcp-fb:96 nack pli",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
)
_SOUND_LINES = ("a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1")

Kind = Literal["video", "audio"]


@dataclass(frozen=True)
class Local:
    """Our side of one transport.

    :ivar fingerprint: SHA-256 of our certificate as hex pairs.
    """

    fingerprint: str
    port: int
    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(12))


@dataclass(frozen=True)
class Remote:
    """What their description says of the transport. `setup`: `active`, `passive` or `actpass`."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    address: tuple[str, int]
    setup: str
    mids: tuple[str, ...]
    header_extensions: dict[str, int]


def offer(local: Local, kinds: Sequence[Kind], ssrcs: Sequence[int] = ()) -> str:
    """An offer to receive `kinds`, or, with an SSRC for each, to send them."""
    return _description(local, kinds, ssrcs, "actpass", [str(index) for index in range(len(kinds))])


def answer(local: Local, kinds: Sequence[Kind], mids: Sequence[str]) -> str:
    """The answer to an offer that sends VP8 as 96 and Opus as 111: receive all of it."""
    return _description(local, kinds, (), "active", mids)


def _description(local: Local, kinds: Sequence[Kind], ssrcs: Sequence[int], setup: str, mids: Sequence[str]) -> str:
    lines = ["v=0", f"o=- {secrets.randbits(62)} 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [f"a=group:BUNDLE {' '.join(mids)}", "a=msid-semantic: WMS load"]
    for index, kind in enumerate(kinds):
        formats = "96 97" if kind == "video" else "111"
        lines += [
            f"m={kind} {local.port} UDP/TLS/RTP/SAVPF {formats}",
            "c=IN IP4 127.0.0.1",
            f"a=mid:{mids[index]}",
            f"a=candidate:1 1 udp 2130706431 127.0.0.1 {local.port} typ host",
            "a=end-of-candidates",
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            f"a=fingerprint:sha-256 {local.fingerprint}",
            f"a=setup:{setup}",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            *(f"a=extmap:{number} {uri}" for number, uri in _EXTENSIONS.items()),
        ]
        if kind == "audio":
            lines.append(f"a=extmap:{LEVEL_ID} {_LEVEL}")
        lines += _PICTURE_LINES if kind == "video" else _SOUND_LINES
        lines.append("a=sendonly" if ssrcs else "a=recvonly")
        if ssrcs:
            lines += ["a=msid:load " + kind, f"a=ssrc:{ssrcs[index]} cname:b"]
    return "\r\n".join([*lines, ""])


def read(description: str) -> Remote:
    """Their answer or offer; IPv4 candidates on loopback are preferred. ValueError when something is missing."""

    def first(pattern: str) -> str:
        found = re.search(pattern, description, re.M)
        if found is None:
            raise ValueError(f"the description has no {pattern}:\n{description}")
        return found.group(1).strip()

    candidates = re.findall(r"^a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host", description, re.M | re.I)
    if not candidates:
        raise ValueError(f"the description has no IPv4 candidate:\n{description}")
    host, port = min(candidates, key=lambda candidate: not candidate[0].startswith("127."))
    return Remote(
        ufrag=first(r"^a=ice-ufrag:(\S+)"),
        password=first(r"^a=ice-pwd:(\S+)"),
        fingerprints=tuple(dict.fromkeys(re.findall(r"^a=fingerprint:(\S+) (\S+)", description, re.M))),
        address=(host, int(port)),
        setup=first(r"^a=setup:(\S+)"),
        mids=tuple(re.findall(r"^a=mid:(\S+)", description, re.M)),
        header_extensions={
            uri: int(number) for number, uri in re.findall(r"^a=extmap:(\d+)(?:/\S+)? (\S+)", description, re.M)
        },
    )


def accepts_send_time(remote: Remote) -> bool:
    return _EXTENSIONS[SEND_TIME_ID] in remote.header_extensions


def accepts_level(remote: Remote) -> bool:
    return _LEVEL in remote.header_extensions
