"""Answers as servers give them, made digestible for aiortc."""

from __future__ import annotations

import pytest

from mediaserver.api import UserError
from signalling.client.answer import adapt_answer

OFFER = """v=0
a=group:BUNDLE 0 1
m=video 9 UDP/TLS/RTP/SAVPF 97
a=mid:0
a=sendonly
a=ice-ufrag:mine
a=ssrc:1 cname:x
a=rtpmap:97 VP8/90000
m=audio 9 UDP/TLS/RTP/SAVPF 96
a=mid:1
a=sendonly
a=rtpmap:96 opus/48000/2
"""
ACCEPTED = """m=video 9 UDP/TLS/RTP/SAVPF 97
a=mid:0
a=recvonly
a=ice-ufrag:server
a=ice-pwd:secret
a=fingerprint:sha-256 00
a=setup:passive
a=rtpmap:97 VP8/90000
a=candidate:1 1 udp 1 127.0.0.1 5000 typ host
a=end-of-candidates
"""
HEAD = "v=0\na=group:BUNDLE 0\na=ice-lite\n"


def media(sdp: str, index: int) -> list[str]:
    return ("m=" + sdp.split("m=")[index + 1]).split("\r\n")


def test_candidates_of_the_first_m_line_are_repeated() -> None:
    audio = "m=audio 9 UDP/TLS/RTP/SAVPF 96\na=mid:1\na=recvonly\na=rtpmap:96 opus/48000/2\n"
    answer = adapt_answer(OFFER, HEAD + ACCEPTED + audio)
    assert answer.refused == ()
    assert "a=candidate:1 1 udp 1 127.0.0.1 5000 typ host" in media(answer.sdp, 1)
    assert "a=group:BUNDLE 0 1" in answer.sdp and "a=ice-lite" in answer.sdp


def test_a_refused_m_line_becomes_an_inactive_one_of_the_bundle() -> None:
    answer = adapt_answer(OFFER, HEAD + ACCEPTED + "m=audio 0 UDP/TLS/RTP/SAVPF 96\na=mid:1\n")
    assert answer.refused == (1,)
    lines = media(answer.sdp, 1)
    assert lines[0] == "m=audio 9 UDP/TLS/RTP/SAVPF 96"
    assert "a=inactive" in lines and "a=sendonly" not in lines
    assert "a=ice-pwd:secret" in lines and "a=setup:passive" in lines
    assert "a=group:BUNDLE 0 1" in answer.sdp


def test_an_answer_that_accepts_nothing_is_said() -> None:
    nothing = HEAD + "m=video 0 UDP/TLS/RTP/SAVPF 97\na=mid:0\nm=audio 0 UDP/TLS/RTP/SAVPF 96\na=mid:1\n"
    with pytest.raises(UserError, match=r"accepted none"):
        adapt_answer(OFFER, nothing)


def test_an_answer_with_another_number_of_m_lines_is_said() -> None:
    with pytest.raises(UserError, match=r"answered 1 of 2 m-lines"):
        adapt_answer(OFFER, HEAD + ACCEPTED)
