"""Offer → plan, as pure functions (RFC 9429; BUNDLE, RFC 9143; WHIP, RFC 9725; WHEP).

We are always the answerer, ICE-lite (RFC 8445 §2.5), DTLS server where the peer lets us, and on
one port: every accepted m-line shares one transport and multiplexes RTCP.

    plan = plan_publish(sdp.parse(offer), video_codecs=("H264", "VP8"), sources={"camera", "microphone"})
    text = answer.build_answer(plan, answer.LocalParameters(...))
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Literal

from mediaserver.rtp.sdp import Media, SdpError, Session
from mediaserver.sfu import codecs as codec_choice
from mediaserver.sfu.codecs import Codec
from mediaserver.sfu.plan import MediaPlan, Negotiated, Refusal

FINGERPRINT_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Hash functions we can check a DTLS certificate with, and the length of their digests."""

_SOURCES = {"video": ("camera", "screen"), "audio": ("microphone",)}
_RTP_PROTOCOLS = ("RTP/SAVPF", "RTP/SAVP", "RTP/AVPF", "RTP/AVP")


class NoMedia(SdpError):
    """The offer has no m-line that could be accepted, whatever its codecs."""


class NoCommonCodec(SdpError):
    """M-lines that were welcome otherwise offer no codec we take."""


def plan_publish(session: Session, *, video_codecs: Sequence[str], sources: Container[str]) -> Negotiated:
    """Plan the answer to a publisher's offer.

    The first video m-line is the camera, the second the screen, the first audio the microphone; others
    and those not in `sources` are refused. Each video gets one codec, so that what arrives is known.

    :param video_codecs: canonical names, the preferred first.
    :raises SdpError: `NoMedia`, `NoCommonCodec`, or the offer has no transport we can use.
    """
    seen = {"video": 0, "audio": 0}
    plans: list[MediaPlan] = []
    for index, media in enumerate(session.media):
        refusal = _refusal(session, media, ("sendrecv", "sendonly"))
        source = None
        if media.kind in seen:
            # By position alone: a refused first video does not make the second one the camera.
            names = _SOURCES[media.kind]
            source = names[seen[media.kind]] if seen[media.kind] < len(names) else None
            seen[media.kind] += 1
            if not refusal and source is None:
                refusal = "too_many"
            elif not refusal and source not in sources:
                refusal = "not_allowed"
        chosen = () if refusal else _publish_codecs(media, video_codecs)
        if not refusal and not chosen:
            refusal = "codec"
        if refusal:
            plans.append(_refused(index, media, refusal))
            continue
        ssrc, rtx_ssrc = _declared_ssrcs(media)
        plans.append(
            _accepted(
                index, media, chosen, ssrc, rtx_ssrc, sending=False, rids=_layers(media, chosen[0]), source=source
            )
        )
    return _negotiated(session, plans, "recvonly", video_codecs)


def plan_subscribe(session: Session, *, video_codecs: Sequence[str], allocate: Callable[[], int]) -> Negotiated:
    """Plan the answer to a subscriber's offer of receive-only slots.

    Every m-line takes all codecs that could be forwarded, because what plays in a slot changes later.

    :param video_codecs: canonical names, the preferred first.
    :param allocate: gives an SSRC that is fresh in this session.
    :raises SdpError: `NoMedia`, `NoCommonCodec`, or the offer has no transport we can use.
    """
    plans: list[MediaPlan] = []
    for index, media in enumerate(session.media):
        refusal = _refusal(session, media, ("sendrecv", "recvonly"))
        chosen: Sequence[Codec] = ()
        if not refusal:
            if media.kind == "video":
                chosen = codec_choice.video_by_preference(media, video_codecs)
            else:
                chosen = codec_choice.audio_by_preference(media)
            refusal = "" if chosen else "codec"
        if refusal:
            plans.append(_refused(index, media, refusal))
            continue
        rtx_ssrc = None
        ssrc = allocate()
        if any(codec.rtx_pt is not None for codec in chosen):
            rtx_ssrc = allocate()
        plans.append(_accepted(index, media, chosen, ssrc, rtx_ssrc, sending=True))
    return _negotiated(session, plans, "sendonly", video_codecs)


def _refusal(session: Session, media: Media, directions: Sequence[str]) -> Refusal:
    if media.kind not in _SOURCES:
        return "kind"
    if not media.proto.endswith(_RTP_PROTOCOLS):
        return "protocol"
    bundled = media.bundle_only and session.group_of("BUNDLE", media.mid) is not None
    if media.direction not in directions or (media.port == 0 and not bundled):
        return "direction"
    return ""


def _publish_codecs(media: Media, video_codecs: Sequence[str]) -> Sequence[Codec]:
    if media.kind == "video":
        return codec_choice.video_by_preference(media, video_codecs)[:1]
    chosen = codec_choice.audio_by_preference(media)
    return [codec_choice.with_inband_fec(chosen[0]), *chosen[1:]] if chosen else ()


def _declared_ssrcs(media: Media) -> tuple[int | None, int | None]:
    """The media stream's SSRC and that of its retransmissions (FID, RFC 5576 §4.2)."""
    for group in media.ssrc_groups:
        if group.semantics == "FID" and len(group.ssrcs) == 2:
            return group.ssrcs
    return next(iter(media.ssrcs), None), None


def _layers(media: Media, codec: Codec) -> tuple[str, ...]:
    """Simulcast layers offered for `codec`: the first alternative of each stream (RFC 8853 §5.2)."""
    usable = {rid.id for rid in media.rids if rid.direction == "send" and (not rid.formats or codec.pt in rid.formats)}
    streams = media.simulcast.get("send", ())
    first = (next((rid.id for rid in stream if rid.id in usable), None) for stream in streams)
    return tuple(dict.fromkeys(rid for rid in first if rid is not None))


def _refused(index: int, media: Media, refusal: Refusal) -> MediaPlan:
    return MediaPlan(index, media.mid or "", media.kind, False, media.proto, media.formats, refusal)


def _accepted(
    index: int,
    media: Media,
    chosen: Sequence[Codec],
    ssrc: int | None,
    rtx_ssrc: int | None,
    *,
    sending: bool,
    rids: tuple[str, ...] = (),
    source: str | None = None,
) -> MediaPlan:
    extensions, directions = codec_choice.extensions(media, sending=sending)
    return MediaPlan(
        index=index,
        mid=media.mid or "",
        kind=media.kind,
        accepted=True,
        protocol=media.proto,
        formats=media.formats,
        codecs=tuple(chosen),
        extensions=extensions,
        extension_directions=directions,
        ssrc=ssrc,
        rtx_ssrc=rtx_ssrc,
        rids=rids,
        source=source,
        rtcp_rsize=media.rtcp_rsize,
    )


# ---------------------------------------------------------------- the one transport


def _negotiated(
    session: Session, plans: list[MediaPlan], direction: Literal["recvonly", "sendonly"], video_codecs: Sequence[str]
) -> Negotiated:
    accepted = [plan for plan in plans if plan.accepted]
    if not accepted:
        raise _nothing_accepted(session, plans, direction, video_codecs)
    if session.ice_lite:
        raise SdpError("The offer is ICE-lite and so is this server; one side must send the connectivity checks.")
    group = session.group_of("BUNDLE", accepted[0].mid) if accepted[0].mid else None
    bundle = tuple(mid for mid in group or () if any(plan.mid == mid for plan in accepted))
    tagged = next((plan for plan in accepted if bundle and plan.mid == bundle[0]), accepted[0])
    transport = session.media[tagged.index]
    if group and transport.ice_ufrag is None:  # bundle-only m-lines may leave it all to the tagged one
        members = (media for media in session.media if media.mid in group)
        transport = next((media for media in members if media.ice_ufrag is not None), transport)
    _check_transport(transport)
    for plan in accepted:
        media = session.media[plan.index]
        if not (media.rtcp_mux or (plan.mid in bundle and transport.rtcp_mux)):
            raise SdpError(f"m-line {plan.index + 1} has no a=rtcp-mux; RTCP on a port of its own is not supported.")
        if plan.mid not in bundle and _transport_of(media) != _transport_of(transport):
            raise SdpError(
                f"m-line {plan.index + 1} has a transport of its own; offer all m-lines in one a=group:BUNDLE."
            )
    _check_numbers(accepted)
    return Negotiated(
        ufrag=transport.ice_ufrag or "",
        password=transport.ice_pwd or "",
        fingerprints=_usable_fingerprints(transport),
        setup=transport.setup or "active",
        media=tuple(plans),
        bundle=bundle,
        direction=direction,
    )


def _transport_of(media: Media) -> tuple[object, ...]:
    return media.ice_ufrag, media.ice_pwd, set(media.fingerprints), media.setup


def _usable_fingerprints(media: Media) -> tuple[tuple[str, str], ...]:
    return tuple(
        (algorithm, digest)
        for algorithm, digest in media.fingerprints
        if len(digest) == 3 * FINGERPRINT_BYTES.get(algorithm, 0) - 1
    )


def _check_transport(media: Media) -> None:
    if media.ice_ufrag is None or media.ice_pwd is None:
        raise SdpError("The offer has no ICE credentials (a=ice-ufrag and a=ice-pwd).")
    if not _usable_fingerprints(media):
        raise SdpError("The offer has no a=fingerprint of its DTLS certificate with sha-256, sha-384 or sha-512.")
    # Without a=setup an offer means active (RFC 4145 §4). FFmpeg's WHIP muxer offers passive.
    if media.setup not in ("actpass", "active", "passive", None):
        raise SdpError(f"The offer has a=setup:{media.setup}; offer actpass, active or passive.")


def _check_numbers(accepted: Iterable[MediaPlan]) -> None:
    """Payload types and extension ids mean the same in all m-lines of one transport (RFC 9143 §9.1, RFC 8285 §6)."""
    payload_types: dict[int, str] = {}
    extension_ids: dict[int, str] = {}
    for plan in accepted:
        for codec in plan.codecs:
            meanings = [(codec.pt, codec.key)]
            if codec.rtx_pt is not None:
                meanings.append((codec.rtx_pt, f"rtx of {codec.pt}"))
            for payload_type, meaning in meanings:
                known = payload_types.setdefault(payload_type, meaning)
                if known != meaning:
                    raise SdpError(f"Payload type {payload_type} stands for both {known} and {meaning}.")
        for uri, number in plan.extensions.items():
            if extension_ids.setdefault(number, uri) != uri:
                raise SdpError(f"Header extension id {number} stands for both {extension_ids[number]} and {uri}.")


def _nothing_accepted(
    session: Session, plans: list[MediaPlan], direction: str, video_codecs: Sequence[str]
) -> SdpError:
    unmatched = [session.media[plan.index] for plan in plans if plan.refusal == "codec"]
    if unmatched:
        names = dict.fromkeys(codec.name for media in unmatched for codec in codec_choice.offered(media))
        listed = ", ".join(list(names)[:12]) or "nothing known"
        return NoCommonCodec(f"The offer has {listed}; this server takes {', '.join([*video_codecs, 'opus'])}.")
    if any(plan.refusal == "not_allowed" for plan in plans):
        return NoMedia("None of the offered m-lines may be published with this token.")
    wanted = "sendonly or sendrecv" if direction == "recvonly" else "recvonly or sendrecv"
    return NoMedia(f"The offer has no audio or video m-line that is {wanted}.")
