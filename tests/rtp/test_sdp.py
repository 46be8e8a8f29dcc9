from __future__ import annotations

import pytest

from mediaserver.rtp import sdp
from mediaserver.rtp.sdp import ExtMap, Rid, RtpMap, SdpError, SimulcastRid, SsrcGroup
from tests import offers

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


def video(*attributes: str, session: tuple[str, ...] = ()) -> sdp.Media:
    lines = [f"a={attribute}" for attribute in session]
    lines += ["m=video 9 UDP/TLS/RTP/SAVPF 96 97", *(f"a={attribute}" for attribute in attributes)]
    return sdp.parse(HEAD + "".join(f"{line}\r\n" for line in lines)).media[0]


@pytest.mark.parametrize("name", offers.NAMES)
def test_every_offer_is_read(name):
    text = offers.load(name)
    session = sdp.parse(text)
    assert len(session.media) == text.count("\nm=")
    for media in session.media:
        assert media.kind in ("audio", "video", "application")
        assert media.ice_ufrag and media.ice_pwd and media.fingerprints
        if media.kind != "application":
            assert media.rtcp_mux
            assert set(media.rtpmaps) <= {int(form) for form in media.formats}
            assert media.direction == ("recvonly" if "subscribe" in name else media.direction)
            assert media.direction != "inactive"


def test_chromium_in_detail():
    session = sdp.parse(offers.load("chromium-publish"))
    camera, screen, microphone = session.media
    assert session.origin is not None and session.origin.address == "127.0.0.1"
    assert session.groups == [("BUNDLE", ["0", "1", "2"])]
    assert ("extmap-allow-mixed", None) in session.attributes
    assert [media.mid for media in session.media] == ["0", "1", "2"]
    assert camera.rtpmaps[96] == RtpMap("VP8", 90000)
    assert microphone.rtpmaps[111] == RtpMap("opus", 48000, 2)
    assert camera.fmtps[97] == "apt=96"
    assert camera.feedback(96) == ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
    assert ExtMap(9, "urn:ietf:params:rtp-hdrext:sdes:mid") in camera.extmaps
    assert camera.ssrc_groups == [SsrcGroup("FID", tuple(camera.ssrcs))]
    assert all("cname" in described for described in screen.ssrcs.values())
    assert camera.setup == "actpass" and camera.rtcp_rsize and camera.ice_options == ("trickle",)
    (algorithm, digest) = camera.fingerprints[0]
    assert algorithm == "sha-256" and len(digest) == 95


def test_simulcast_in_detail():
    media = sdp.parse(offers.load("chromium-publish-simulcast")).media[0]
    assert media.rids == [Rid("q", "send"), Rid("h", "send"), Rid("f", "send")]
    assert media.simulcast == {"send": ((SimulcastRid("q"),), (SimulcastRid("h"),), (SimulcastRid("f"),))}
    assert media.ssrcs == {}


def test_simulcast_alternatives_and_pauses():
    media = video("rid:1 send pt=96,97;max-width=1280;max-fps=30", "rid:2 recv", "simulcast:send 1,~4;~2 recv 2")
    assert media.rids[0] == Rid("1", "send", (96, 97), {"max-width": "1280", "max-fps": "30"})
    assert media.simulcast["send"] == ((SimulcastRid("1"), SimulcastRid("4", paused=True)), (SimulcastRid("2", True),))
    assert media.simulcast["recv"] == ((SimulcastRid("2"),),)


def test_firefox_bundle_only_lines_and_one_way_extensions():
    camera, screen, _ = sdp.parse(offers.load("firefox-publish")).media
    assert (camera.port, screen.port) == (9, 0)
    assert not camera.bundle_only and screen.bundle_only
    assert camera.fingerprints == screen.fingerprints  # from the session level
    assert ExtMap(6, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", "recvonly") in camera.extmaps


def test_session_level_attributes_are_inherited_unless_overridden():
    session = (
        "ice-ufrag:abcd",
        "ice-pwd:aaaaaaaaaaaaaaaaaaaaaa",
        "setup:active",
        "sendonly",
        "fingerprint:sha-256 " + ":".join(["aa"] * 32),
        "extmap:1 urn:one",
    )
    plain = video(session=session)
    assert (plain.ice_ufrag, plain.setup, plain.direction) == ("abcd", "active", "sendonly")
    assert plain.fingerprints == [("sha-256", ":".join(["AA"] * 32))]
    own = video(
        "ice-ufrag:efgh",
        "setup:actpass",
        "recvonly",
        "fingerprint:SHA-384 " + ":".join(["BB"] * 48),
        "extmap:2 urn:two",
        session=session,
    )
    assert (own.ice_ufrag, own.ice_pwd, own.setup, own.direction) == (
        "efgh",
        "aaaaaaaaaaaaaaaaaaaaaa",
        "actpass",
        "recvonly",
    )
    assert own.fingerprints == [("sha-384", ":".join(["BB"] * 48))]
    assert [extension.uri for extension in own.extmaps] == ["urn:one", "urn:two"]


def test_extmap_with_direction_and_attributes():
    media = video("extmap:5/sendonly urn:example:a with attributes", "extmap:4096 urn:example:b")
    assert media.extmaps == [ExtMap(5, "urn:example:a", "sendonly", "with attributes"), ExtMap(4096, "urn:example:b")]


def test_wildcard_feedback_holds_for_all_payload_types():
    media = video("rtcp-fb:* nack", "rtcp-fb:96  ccm  fir")
    assert media.feedback(96) == ("ccm fir", "nack")
    assert media.feedback(97) == ("nack",)


def test_unknown_attributes_are_kept():
    media = video("x-vendor:anything at all:1", "x-flag", "mid:0")
    assert media.attributes == [("x-vendor", "anything at all:1"), ("x-flag", None), ("mid", "0")]


def test_line_ends_blank_lines_and_unknown_lines():
    text = "v=0\ns=-\n\nt=0 0\nm=audio 9 RTP/SAVPF 0\r\nb=AS:64\nc=IN IP4 0.0.0.0\nz=1\n\n"
    session = sdp.parse(text)
    assert session.origin is None
    assert session.media[0].formats == ("0",)


def test_unicode_names_are_fine():
    assert sdp.parse("v=0\r\ns=同上一堂课\r\nt=0 0\r\n").media == []


@pytest.mark.parametrize(
    "attribute",
    [
        "mid:",
        "mid:two words",
        "rtpmap:96",
        "rtpmap:96 VP8",
        "rtpmap:128 VP8/90000",
        "rtpmap:96 VP8/0",
        "rtpmap:96 VP8/90000/1/2",
        "rtpmap:96 V P/90000",
        "rtpmap:٣ VP8/90000",
        "rtpmap:1_0 VP8/90000",
        "rtpmap:" + "9" * 5000 + " VP8/90000",
        "fmtp:200 a=b",
        "rtcp-fb:96",
        "rtcp-fb:200 nack",
        "extmap:1",
        "extmap:0 urn:a",
        "extmap:5000 urn:a",
        "extmap:1/both urn:a",
        "extmap:1/ urn:a",
        "ssrc:4294967296 cname:a",
        "ssrc:x",
        "ssrc-group:FID 1 x",
        "ssrc-group:",
        "rid:1",
        "rid:a b send",
        "rid:1 both",
        "rid:1 send pt=x",
        "simulcast:send",
        "simulcast:both 1",
        "simulcast:send 1;;2",
        "simulcast:send 1 recv",
        "ice-ufrag:abc",
        "ice-ufrag:ab:cd",
        "ice-pwd:short",
        "fingerprint:sha-256",
        "fingerprint:sha-256 zz:zz",
        "fingerprint:sha-256 AA",
        "setup:maybe",
        "setup",
    ],
)
def test_malformed_attributes_are_refused_with_a_sentence(attribute):
    with pytest.raises(SdpError) as raised:
        video(attribute)
    message = str(raised.value)
    assert message.endswith(".") and len(message) < 200
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "v=1\r\n",
        "s=-\r\n",
        "hello",
        "v=0\r\nm=video\r\n",
        "v=0\r\nm=video 9 RTP/SAVPF\r\n",
        "v=0\r\nm=video x RTP/SAVPF 96\r\n",
        "v=0\r\nm=video 65536 RTP/SAVPF 96\r\n",
        "v=0\r\nm=vi\u2028deo 9 RTP/SAVPF 96\r\n",
        "v=0\r\nm=video 9 RTP//SAVPF 96\r\n",
        "v=0\r\no=- 1\r\n",
        "v=0\r\nnot a line\r\n",
        "v=0\r\na=x\x00y\r\n",
        "v=0\r\na=x\ry\r\n",
        "v=0\r\na=\ud800\r\n",
        "v=0\r\na=group:\r\n",
        "v=0\r\n1=2\r\n",
        "v=0\r\nm=audio 9 RTP/SAVPF 0\r\na=mid:0\r\nm=audio 9 RTP/SAVPF 0\r\na=mid:0\r\n",
    ],
)
def test_malformed_descriptions_are_refused_with_a_sentence(text):
    with pytest.raises(SdpError) as raised:
        sdp.parse(text)
    assert str(raised.value).endswith(".")


def test_a_secret_is_not_repeated_in_the_message():
    with pytest.raises(SdpError) as raised:
        video("ice-pwd:secret secret secret secret")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("v=0\r\n" + "s=" + "x" * sdp.MAX_LENGTH, sdp.MAX_LENGTH),
        ("v=0\n" * (sdp.MAX_LINES + 1), sdp.MAX_LINES),
        ("v=0\n" + "m=audio 9 RTP/SAVPF 0\n" * (sdp.MAX_MEDIA + 1), sdp.MAX_MEDIA),
        ("v=0\n" + "a=x\n" * (sdp.MAX_ATTRIBUTES + 1), sdp.MAX_ATTRIBUTES),
        ("v=0\nm=audio 9 RTP/SAVPF 0\n" + "a=x\n" * (sdp.MAX_ATTRIBUTES + 1), sdp.MAX_ATTRIBUTES),
        ("v=0\nm=audio 9 RTP/SAVPF 0\na=mid:" + "m" * (sdp.MAX_MID + 1), sdp.MAX_MID),
    ],
)
def test_limits(text, limit):
    with pytest.raises(SdpError, match=str(limit)):
        sdp.parse(text)


def test_at_the_limits():
    sdp.parse("v=0\n" + "m=audio 9 RTP/SAVPF 0\n" * sdp.MAX_MEDIA)
    sdp.parse("v=0\n" + "a=x\n" * sdp.MAX_ATTRIBUTES)
    sdp.parse("v=0\nm=audio 9 RTP/SAVPF 0\na=mid:" + "m" * sdp.MAX_MID)
    sdp.parse("v=0\ns=".ljust(sdp.MAX_LENGTH, "x"))
