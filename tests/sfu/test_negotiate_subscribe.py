from __future__ import annotations

import itertools

import pytest

from mediaserver.rtp import sdp
from mediaserver.sfu.answer import build_answer
from mediaserver.sfu.negotiate import NoCommonCodec, NoMedia, plan_subscribe
from mediaserver.sfu.plan import Negotiated
from tests import offers
from tests.sfu.test_negotiate_publish import LOCAL


def plan(text: str, video_codecs=("H264", "VP8", "VP9", "AV1")) -> Negotiated:
    fresh = itertools.count(1000)
    return plan_subscribe(sdp.parse(text), video_codecs=video_codecs, allocate=lambda: next(fresh))


@pytest.mark.parametrize("name", offers.SUBSCRIBERS)
def test_every_subscriber_gets_an_answer_that_fits_its_offer(name):
    offer = sdp.parse(offers.load(name))
    negotiated = plan(offers.load(name))
    answer = sdp.parse(build_answer(negotiated, LOCAL))
    assert [(m.kind, m.mid) for m in answer.media] == [(m.kind, m.mid) for m in offer.media]
    used: list[int] = []
    for planned, offered, answered in zip(negotiated.media, offer.media, answer.media, strict=True):
        assert planned.accepted == (offered.kind != "application")
        if not planned.accepted:
            continue
        assert answered.direction == "sendonly"
        assert set(answered.formats) <= set(offered.formats)
        assert planned.ssrc is not None
        expected = [ssrc for ssrc in (planned.ssrc, planned.rtx_ssrc) if ssrc is not None]
        assert list(answered.ssrcs) == expected
        assert [group.ssrcs for group in answered.ssrc_groups] == ([tuple(expected)] if len(expected) == 2 else [])
        assert (planned.rtx_ssrc is not None) == any(codec.rtx_pt is not None for codec in planned.codecs)
        assert {described["cname"] for described in answered.ssrcs.values()} == {"cname"}
        for codec in planned.codecs:
            assert answered.rtpmaps[codec.pt].clock_rate == codec.clock_rate
            assert answered.fmtps.get(codec.pt, "") == codec.fmtp
            if codec.rtx_pt is not None:
                assert answered.fmtps[codec.rtx_pt] == f"apt={codec.pt}"
        used += expected
    assert len(set(used)) == len(used)


def test_all_codecs_that_could_be_forwarded_are_listed_in_our_order():
    keys = [codec.key for codec in plan(offers.load("chromium-subscribe-classroom")).media[0].codecs]
    assert keys[0] == "H264/1/42e0"
    names = list(dict.fromkeys(key.split("/")[0] for key in keys))
    assert names == ["H264", "VP8", "VP9", "AV1"]
    assert {"H264/0/42e0", "VP9/0", "VP9/2", "AV1/0"} <= set(keys)
    assert keys.index("VP9/0") < keys.index("VP9/2")


def test_red_counts_as_equal_only_when_the_payload_types_inside_agree():
    text = offers.load("chromium-subscribe-classroom")
    sound = plan(text).media[3]
    assert [codec.key for codec in sound.codecs] == ["opus", "red/111/111"]
    moved = text.replace("111", "112")
    assert [codec.key for codec in plan(moved).media[3].codecs] == ["opus", "red/112/112"]


def test_red_of_something_else_is_left_out():
    text = offers.load("chromium-subscribe-classroom").replace("a=fmtp:63 111/111", "a=fmtp:63 0/0")
    assert [codec.name for codec in plan(text).media[3].codecs] == ["opus"]


def test_streams_are_named_by_the_caller():
    negotiated = plan(offers.load("chromium-subscribe-classroom"))
    text = build_answer(negotiated, LOCAL, msid=lambda index: "teacher" if index in (0, 1, 3) else "called")
    sections = text.split("m=")[1:]
    assert [section.split("a=msid:")[1].split("\r\n")[0] for section in sections] == [
        "teacher video0",
        "teacher video1",
        "called video2",
        "teacher audio3",
        "called audio4",
    ]
    assert f"a=ssrc:{negotiated.media[2].ssrc} msid:called video2\r\n" in sections[2]


def test_without_retransmissions_there_is_one_ssrc():
    negotiated = plan(offers.load("werift-subscribe"))
    assert negotiated.media[0].rtx_ssrc is None
    assert "FID" not in build_answer(negotiated, LOCAL)


def test_extensions_the_subscriber_only_receives():
    uri = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
    negotiated = plan(offers.load("firefox-subscribe"))
    assert negotiated.media[0].extensions[uri] == 6
    assert f"a=extmap:6/sendonly {uri}\r\n" in build_answer(negotiated, LOCAL)


def test_a_publishers_offer_is_not_a_subscribers():
    with pytest.raises(NoMedia, match="recvonly"):
        plan(offers.load("chromium-publish"))


def test_no_common_codec():
    with pytest.raises(NoCommonCodec, match="PCMU"):
        offer = offers.load("werift-subscribe").replace("VP8/", "H263/").replace("OPUS/48000/2", "L16/48000/2")
        plan(offer)
