from __future__ import annotations

import pytest

from mediaserver.rtp import sdp
from mediaserver.sfu.answer import build_answer, candidate_lines
from tests import offers
from tests.sfu.test_negotiate_publish import LOCAL, h264_offer, plan

OFFER = h264_offer("packetization-mode=1;profile-level-id=42e01f")


def without(text: str, attribute: str) -> str:
    return "\r\n".join(line for line in text.split("\r\n") if not line.startswith(f"a={attribute}"))


def test_the_peers_transport_is_in_the_plan():
    negotiated = plan(OFFER)
    assert (negotiated.ufrag, negotiated.password) == ("abcd", "abcdefghijklmnopqrstuv")
    assert negotiated.fingerprints == (("sha-256", ":".join(["00"] * 32)),)
    assert negotiated.setup == "actpass"
    assert negotiated.bundle == ()


@pytest.mark.parametrize(
    ("offer", "sentence"),
    [
        (without(OFFER, "ice-ufrag"), "ICE credentials"),
        (without(OFFER, "ice-pwd"), "ICE credentials"),
        (without(OFFER, "fingerprint"), "fingerprint"),
        (OFFER.replace("sha-256 ", "sha-1 "), "sha-256"),
        (OFFER.replace(":00\r\n", "\r\n"), "sha-256"),
        (OFFER.replace("setup:actpass", "setup:holdconn"), "setup:holdconn"),
        (without(OFFER, "rtcp-mux"), "rtcp-mux"),
        (OFFER.replace("a=ice-ufrag", "a=ice-lite\r\na=ice-ufrag"), "ICE-lite"),
    ],
)
def test_a_transport_we_cannot_use_is_refused(offer, sentence):
    with pytest.raises(sdp.SdpError, match=sentence) as raised:
        plan(offer)
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize(
    ("offered", "ours"), [("actpass", "passive"), ("active", "passive"), ("passive", "active"), (None, "passive")]
)
def test_we_are_the_dtls_server_where_the_peer_lets_us(offered, ours):
    text = OFFER.replace("a=setup:actpass", f"a=setup:{offered}") if offered else without(OFFER, "setup")
    negotiated = plan(text)
    assert negotiated.our_setup == ours
    assert f"a=setup:{ours}\r\n" in build_answer(negotiated, LOCAL)


def test_only_digests_we_can_check_are_taken():
    text = OFFER.replace("a=setup", "a=fingerprint:md5 " + ":".join(["11"] * 16) + "\r\na=setup")
    assert plan(text).fingerprints == (("sha-256", ":".join(["00"] * 32)),)


def test_protocols():
    for proto in ("RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/AVP"):
        assert f"m=video 9 {proto} 96\r\n" in build_answer(plan(OFFER.replace("UDP/TLS/RTP/SAVPF", proto)), LOCAL)
    with pytest.raises(sdp.SdpError):
        plan(OFFER.replace("UDP/TLS/RTP/SAVPF", "udp"))


def test_m_lines_without_mid_or_bundle_share_a_transport_when_theirs_are_equal():
    text = offers.load("embedded-no-mid")
    answer = build_answer(plan(text), LOCAL)
    assert "BUNDLE" not in answer and "a=mid" not in answer
    assert answer.count("a=candidate:1 ") == 2
    apart = text.replace("a=sendonly", "a=ice-ufrag:another\na=ice-pwd:0123456789012345678901\na=sendonly", 1)
    with pytest.raises(sdp.SdpError, match="BUNDLE"):
        plan(apart)


def test_m_lines_outside_the_group_need_the_same_transport():
    text = offers.load("chromium-publish").replace("BUNDLE 0 1 2", "BUNDLE 0 1")
    negotiated = plan(text)
    assert [media.accepted for media in negotiated.media] == [True, True, True]
    assert negotiated.bundle == ("0", "1")
    head, camera, screen, microphone = text.split("m=")
    apart = "m=".join([head, camera, screen, microphone.replace("a=ice-ufrag:", "a=ice-ufrag:other")])
    with pytest.raises(sdp.SdpError, match="m-line 3"):
        plan(apart)


def test_bundle_only_m_lines_are_accepted_on_port_zero():
    negotiated = plan(offers.load("firefox-publish"))
    assert [media.source for media in negotiated.media] == ["camera", "screen", "microphone"]
    answer = sdp.parse(build_answer(negotiated, LOCAL))
    assert [media.port for media in answer.media] == [9, 9, 9]


def test_port_zero_without_a_group_is_refused():
    text = offers.load("firefox-publish").replace("a=group:BUNDLE 0 1 2\r\n", "")
    assert [media.refusal for media in plan(text).media] == ["", "direction", ""]


def test_bundle_only_m_lines_may_leave_the_transport_to_the_tagged_one():
    text = offers.load("chromium-publish")
    head, camera, screen, microphone = text.split("m=")
    for attribute in ("ice-ufrag", "ice-pwd", "fingerprint", "setup"):
        screen, microphone = without(screen, attribute), without(microphone, attribute)
    negotiated = plan("m=".join([head, camera, screen, microphone]))
    assert len(negotiated.accepted) == 3
    only_sound = plan("m=".join([head, camera, screen, microphone]), sources=("microphone",))
    assert only_sound.ufrag == negotiated.ufrag
    assert only_sound.bundle == ("2",)


def test_the_groups_order_names_the_tagged_m_line():
    text = offers.load("chromium-publish").replace("BUNDLE 0 1 2", "BUNDLE 2 1 0")
    negotiated = plan(text)
    assert negotiated.bundle == ("2", "1", "0")
    assert "a=group:BUNDLE 2 1 0\r\n" in build_answer(negotiated, LOCAL)


def test_candidate_lines():
    assert candidate_lines(["1 1 udp 1 127.0.0.1 1 typ host"]) == [
        "a=candidate:1 1 udp 1 127.0.0.1 1 typ host",
        "a=end-of-candidates",
    ]
