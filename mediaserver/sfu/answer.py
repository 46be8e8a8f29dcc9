"""Plan → answer: the text of a session description (RFC 8866, RFC 9429 §5.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mediaserver.sfu.codecs import Codec
from mediaserver.sfu.plan import MediaPlan, Negotiated


@dataclass(frozen=True, slots=True)
class LocalParameters:
    """Our side of the transport.

    :ivar fingerprints: (hash function, hex pairs with colons) of our certificate.
    :ivar candidates: values of `a=candidate:` without the prefix (RFC 8839 §5.1).
    :ivar session_id: of the `o=` line, below 2⁶³ (RFC 9429 §5.2.1).
    :ivar cname: RTCP canonical name of all we send (RFC 7022: random, new for each session).
    """

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[str, ...]
    session_id: int
    cname: str


def candidate_lines(candidates: Iterable[str]) -> list[str]:
    """All our candidates and the end of them, for an answer or the fragment of an ICE restart (RFC 8840 §4.4)."""
    return [*(f"a=candidate:{candidate}" for candidate in candidates), "a=end-of-candidates"]


def build_answer(plan: Negotiated, local: LocalParameters, *, msid: Callable[[int], str] | None = None) -> str:
    """The answer, with CRLF after each line.

    :param msid: m-line index → MediaStream id (RFC 8830) of what we send there; the browser keeps tracks
        of one stream in lip sync. By default all m-lines are in one stream.
    """
    lines = ["v=0", f"o=- {local.session_id} 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if plan.bundle:
        lines.append(f"a=group:BUNDLE {' '.join(plan.bundle)}")
    lines += ["a=ice-lite", "a=ice-options:trickle ice2", "a=msid-semantic:WMS *"]
    for media in plan.media:
        if not media.accepted:
            lines += _refused_lines(media)
            continue
        lines += _transport_lines(media, local, setup=plan.our_setup)
        lines.append(f"a={plan.direction}")
        for uri, number in media.extensions.items():
            direction = media.extension_directions.get(uri)
            lines.append(f"a=extmap:{number}{f'/{direction}' if direction else ''} {uri}")
        for codec in media.codecs:
            lines += _codec_lines(codec)
        if plan.direction == "sendonly":
            lines += _source_lines(media, local.cname, msid(media.index) if msid else local.cname)
        elif media.rids:
            lines += [f"a=rid:{media.rids[0]} recv", f"a=simulcast:recv {media.rids[0]}"]
    return "\r\n".join(lines) + "\r\n"


def _refused_lines(media: MediaPlan) -> list[str]:
    lines = [f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}", "c=IN IP4 0.0.0.0"]
    if media.mid:
        lines.append(f"a=mid:{media.mid}")
    return [*lines, "a=inactive"]


def _transport_lines(media: MediaPlan, local: LocalParameters, *, setup: str) -> list[str]:
    numbers: list[int] = []
    for codec in media.codecs:
        numbers.append(codec.pt)
        if codec.rtx_pt is not None:
            numbers.append(codec.rtx_pt)
    lines = [f"m={media.kind} 9 {media.protocol} {' '.join(map(str, numbers))}", "c=IN IP4 0.0.0.0"]
    if media.mid:
        lines.append(f"a=mid:{media.mid}")
    lines += [f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.password}"]
    lines += [f"a=fingerprint:{algorithm} {digest}" for algorithm, digest in local.fingerprints]
    lines += [f"a=setup:{setup}", "a=rtcp-mux"]
    if media.rtcp_rsize:
        lines.append("a=rtcp-rsize")
    # RFC 9143 §7.3 wants them in the tagged m-line alone; aiortc reads those of the last one, and nobody minds both.
    return lines + candidate_lines(local.candidates)


def _codec_lines(codec: Codec) -> list[str]:
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{codec.pt} {codec.name}/{codec.clock_rate}{channels}"]
    lines += [f"a=rtcp-fb:{codec.pt} {kind}" for kind in codec.feedback]
    if codec.fmtp:
        lines.append(f"a=fmtp:{codec.pt} {codec.fmtp}")
    if codec.rtx_pt is not None:
        lines += [f"a=rtpmap:{codec.rtx_pt} rtx/{codec.clock_rate}", f"a=fmtp:{codec.rtx_pt} apt={codec.pt}"]
    return lines


def _source_lines(media: MediaPlan, cname: str, stream: str) -> list[str]:
    identity = f"{stream} {media.kind}{media.index}"
    lines = [f"a=msid:{identity}"]
    ssrcs = [media.ssrc] if media.rtx_ssrc is None else [media.ssrc, media.rtx_ssrc]
    if media.rtx_ssrc is not None:
        lines.append(f"a=ssrc-group:FID {media.ssrc} {media.rtx_ssrc}")
    for ssrc in ssrcs:
        lines += [f"a=ssrc:{ssrc} cname:{cname}", f"a=ssrc:{ssrc} msid:{identity}"]
    return lines
