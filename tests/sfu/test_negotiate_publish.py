from __future__ import annotations

import pytest

from mediaserver.rtp import sdp
from mediaserver.sfu.answer import LocalParameters, build_answer
from mediaserver.sfu.negotiate import NoCommonCodec, NoMedia, plan_publish
from mediaserver.sfu.plan import Negotiated
from tests import offers

ALL = frozenset(("camera", "screen", "microphone"))
LOCAL = LocalParameters(
    "wxyz",
    "0123456789abcdefghijkl",
    (("sha-256", ":".join(["AB"] * 32)),),
    ("1 1 udp 2130706431 127.0.0.1 8189 typ host", "2 1 udp 2130706175 ::1 8189 typ host"),
    4711,
    "cname",
)


def plan(text: str, video_codecs=("H264", "VP8", "VP9", "AV1"), sources=ALL) -> Negotiated:
    return plan_publish(sdp.parse(text), video_codecs=video_codecs, sources=sources)


def sources_of(negotiated: Negotiated) -> list[str]:
    return [media.source or f"-{media.refusal}" for media in negotiated.media]


@pytest.mark.parametrize("name", offers.PUBLISHERS)
def test_every_publisher_gets_an_answer_that_fits_its_offer(name):
    offer = sdp.parse(offers.load(name))
    negotiated = plan(offers.load(name))
    assert {"camera", "microphone"} <= set(sources_of(negotiated))
    text = build_answer(negotiated, LOCAL)
    answer = sdp.parse(text)
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    assert answer.ice_lite
    assert [(m.kind, m.mid, m.proto) for m in answer.media] == [(m.kind, m.mid, m.proto) for m in offer.media]
    for offered, answered in zip(offer.media, answer.media, strict=True):
        assert set(answered.formats) <= set(offered.formats)
        assert set(answered.extmaps) <= set(offered.extmaps)
        if answered.port == 0:
            continue
        assert answered.direction == "recvonly"
        assert answered.setup == ("active" if offered.setup == "passive" else "passive")
        assert (answered.ice_ufrag, answered.ice_pwd) == ("wxyz", "0123456789abcdefghijkl")
        assert answered.fingerprints == list(LOCAL.fingerprints)
        assert answered.rtcp_mux and answered.rtcp_rsize == offered.rtcp_rsize
        assert not answered.ssrcs
        assert ("end-of-candidates", None) in answered.attributes
        for payload_type, mapping in answered.rtpmaps.items():
            asked = offered.rtpmaps[payload_type]
            assert (mapping.clock_rate, mapping.channels) == (asked.clock_rate, asked.channels)
            assert set(answered.feedback(payload_type)) <= set(offered.feedback(payload_type))
            assert not any("transport-cc" in feedback for feedback in answered.feedback(payload_type))
        assert not any("transport-wide-cc" in extension.uri for extension in answered.extmaps)


def test_chromium_teacher():
    negotiated = plan(offers.load("chromium-publish"))
    camera, screen, microphone = negotiated.media
    assert sources_of(negotiated) == ["camera", "screen", "microphone"]
    assert negotiated.bundle == ("0", "1", "2")
    (codec,) = camera.codecs
    assert (codec.name, codec.pt, codec.rtx_pt, codec.key) == ("H264", 108, 109, "H264/1/42e0")
    assert "profile-level-id=42e01f" in codec.fmtp
    assert codec.feedback == ("nack", "nack pli", "ccm fir", "goog-remb")
    group = sdp.parse(offers.load("chromium-publish")).media[0].ssrc_groups[0]
    assert (camera.ssrc, camera.rtx_ssrc) == group.ssrcs
    assert screen.ssrc not in (None, camera.ssrc)
    opus, red = microphone.codecs
    assert (opus.pt, opus.channels, opus.clock_rate, opus.fmtp) == (111, 2, 48000, "minptime=10;useinbandfec=1")
    assert (red.name, red.fmtp) == ("red", "111/111")
    assert microphone.rtx_ssrc is None
    assert camera.extensions["urn:ietf:params:rtp-hdrext:sdes:mid"] == 9
    assert microphone.extensions["urn:ietf:params:rtp-hdrext:ssrc-audio-level"] == 14


@pytest.mark.parametrize(
    ("codecs", "chosen"),
    [
        (("VP8", "H264"), "VP8"),
        (("H264", "VP8"), "H264/1/42e0"),
        (("VP9",), "VP9/0"),
        (("AV1", "VP8"), "AV1/0"),
        (("H265", "vp8"), "VP8"),
    ],
)
def test_our_order_of_codecs_decides(codecs, chosen):
    (codec,) = plan(offers.load("chromium-publish"), codecs).media[0].codecs
    assert codec.key == chosen
    assert codec.rtx_pt is not None


def h264_offer(*fmtps: str) -> str:
    numbers = range(96, 96 + len(fmtps))
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuv",
        "a=fingerprint:sha-256 " + ":".join(["00"] * 32),
        "a=setup:actpass",
        f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, numbers))}",
        "a=rtcp-mux",
        "a=sendonly",
    ]
    for number, fmtp in zip(numbers, fmtps, strict=True):
        lines.append(f"a=rtpmap:{number} h264/90000")
        if fmtp:
            lines.append(f"a=fmtp:{number} {fmtp}")
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize(
    ("fmtps", "index", "key"),
    [
        (
            ("packetization-mode=0;profile-level-id=42e01f", "packetization-mode=1;profile-level-id=42001f"),
            1,
            "H264/1/42e0",
        ),
        (
            ("packetization-mode=1;profile-level-id=42001f", "packetization-mode=1;profile-level-id=42E01F"),
            1,
            "H264/1/42e0",
        ),
        (
            ("packetization-mode=1;profile-level-id=42e034", "packetization-mode=1;profile-level-id=42c01f"),
            1,
            "H264/1/42e0",
        ),
        (
            ("packetization-mode=1;profile-level-id=640c1f", "packetization-mode=1;profile-level-id=4d8028"),
            1,
            "H264/1/42e0",
        ),
        (
            ("packetization-mode=1;profile-level-id=640c1f", "packetization-mode=0;profile-level-id=42e01f"),
            0,
            "H264/1/640c",
        ),
        (("", "packetization-mode=0;profile-level-id=64001f"), 0, "H264/0/42e0"),
        (("packetization-mode=1;profile-level-id=nonsense",), 0, "H264/1/nonsense"),
    ],
)
def test_which_h264_is_chosen(fmtps, index, key):
    (codec,) = plan(h264_offer(*fmtps)).media[0].codecs
    assert (codec.pt, codec.key, codec.name) == (96 + index, key, "H264")


def test_in_band_fec_is_asked_for():
    offer = offers.load("chromium-publish").replace("minptime=10;useinbandfec=1", "stereo=1; useinbandfec=0")
    negotiated = plan(offer)
    assert negotiated.media[2].codecs[0].fmtp == "stereo=1;useinbandfec=1"
    assert "a=fmtp:111 stereo=1;useinbandfec=1\r\n" in build_answer(negotiated, LOCAL)


def test_simulcast_is_kept_and_its_first_layer_accepted():
    negotiated = plan(offers.load("chromium-publish-simulcast"))
    camera = negotiated.media[0]
    assert camera.rids == ("q", "h", "f")
    assert camera.ssrc is None
    text = build_answer(negotiated, LOCAL)
    assert "a=rid:q recv\r\na=simulcast:recv q\r\n" in text
    assert text.count("a=rid:") == 1


def test_layers_bound_to_another_codec_are_passed_over():
    offer = offers.load("chromium-publish-simulcast").replace("a=rid:q send", "a=rid:q send pt=96")
    assert plan(offer, ("H264",)).media[0].rids == ("h", "f")
    assert plan(offer, ("VP8",)).media[0].rids == ("q", "h", "f")


def test_what_the_token_does_not_allow_is_refused():
    negotiated = plan(offers.load("chromium-publish"), sources=("camera", "microphone"))
    assert sources_of(negotiated) == ["camera", "-not_allowed", "microphone"]
    assert negotiated.bundle == ("0", "2")
    text = build_answer(negotiated, LOCAL)
    assert "a=group:BUNDLE 0 2\r\n" in text
    refused = sdp.parse(text).media[1]
    assert (refused.port, refused.mid, refused.direction) == (0, "1", "inactive")
    assert refused.ice_ufrag is None


def test_a_refused_first_video_does_not_promote_the_second():
    negotiated = plan(offers.load("chromium-publish").replace("a=sendonly", "a=inactive", 1))
    assert sources_of(negotiated) == ["-direction", "screen", "microphone"]
    assert negotiated.bundle == ("1", "2")
    answer = sdp.parse(build_answer(negotiated, LOCAL))
    assert ("end-of-candidates", None) in answer.media[1].attributes


def test_third_video_second_audio_and_data_channel_are_refused():
    text = offers.load("chromium-publish")
    head, camera, screen, microphone = text.split("m=")
    data = (
        "application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:5\r\na=sctp-port:5000\r\n"
        "a=max-message-size:262144\r\n"
    )
    sections = [
        data,
        camera,
        screen,
        camera.replace("a=mid:0", "a=mid:3"),
        microphone,
        microphone.replace("a=mid:2", "a=mid:4"),
    ]
    negotiated = plan("m=".join([head.replace("BUNDLE 0 1 2", "BUNDLE 5 0 1 3 2 4"), *sections]))
    assert sources_of(negotiated) == ["-kind", "camera", "screen", "-too_many", "microphone", "-too_many"]
    assert negotiated.bundle == ("0", "1", "2")
    refused = build_answer(negotiated, LOCAL).split("m=")[1]
    assert refused == (
        "application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:5\r\na=inactive\r\n"
    )


def test_one_video_without_a_common_codec_does_not_spoil_the_rest():
    negotiated = plan(offers.load("wrtc-publish"), ("H264",))
    assert sources_of(negotiated) == ["-codec", "-codec", "microphone"]


def test_no_common_codec_names_both_sides():
    offer = offers.load("wrtc-publish").split("m=audio")[0]
    with pytest.raises(NoCommonCodec) as raised:
        plan(offer, ("H264",))
    message = str(raised.value)
    assert "VP8" in message and "AV1" in message and "H264" in message
    assert len(message) < 300


def test_no_media_is_told_apart():
    with pytest.raises(NoMedia, match="sendonly"):
        plan(offers.load("chromium-subscribe-classroom"))
    with pytest.raises(NoMedia, match="token"):
        plan(offers.load("chromium-publish"), sources=())
    with pytest.raises(NoMedia):
        plan("v=0\r\n")


def test_extensions_with_ids_of_the_two_byte_form_are_left_out():
    uri = "urn:ietf:params:rtp-hdrext:sdes:mid"
    for number, taken in ((14, True), (15, False), (4096, False)):
        negotiated = plan(h264_offer("packetization-mode=1") + f"a=extmap:{number} {uri}\r\n")
        assert (uri in negotiated.media[0].extensions) is taken


def test_one_way_extensions():
    uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
    offer = h264_offer("packetization-mode=1")
    sent = plan(offer + f"a=extmap:3/sendonly {uri}\r\n")
    assert sent.media[0].extensions == {uri: 3}
    assert f"a=extmap:3/recvonly {uri}\r\n" in build_answer(sent, LOCAL)
    assert plan(offer + f"a=extmap:3/recvonly {uri}\r\n").media[0].extensions == {}


def test_numbers_that_mean_two_things_are_refused():
    text = offers.load("chromium-publish")
    head, camera, screen, microphone = text.split("m=")
    renumbered = "m=".join([head, camera, screen, microphone.replace("111", "108")])
    with pytest.raises(sdp.SdpError, match="Payload type 108"):
        plan(renumbered)
    swapped = microphone.replace("a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid", "").replace(
        "a=extmap:14", "a=extmap:9"
    )
    with pytest.raises(sdp.SdpError, match="extension id 9"):
        plan("m=".join([head, camera, screen, swapped.replace("\r\n\r\n", "\r\n")]))
