"""SDP fragments (RFC 8840 §9): examples, mistakes, and anything at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import UserError
from signalling import sdpfrag
from signalling.sdpfrag import Fragment

CREDENTIALS = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"

ice_char = st.sampled_from("ABCabc019+/")
ufrags = st.text(ice_char, min_size=4, max_size=32)
passwords = st.text(ice_char, min_size=22, max_size=64)


def test_trickle_of_a_browser() -> None:
    text = (
        CREDENTIALS
        + "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
        + "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n"
        + "a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host\r\na=end-of-candidates\r\n"
    )
    assert sdpfrag.parse(text) == Fragment("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1", 2, True, "audio 9 RTP/AVP 0", "0", None)


def test_same_credentials_in_every_m_line() -> None:
    text = "a=group:BUNDLE 0 1\n" + "".join(f"m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:{n}\n{CREDENTIALS}" for n in "01")
    read = sdpfrag.parse(text.replace("\r\n", "\n"))
    assert (read.ufrag, read.mid, read.bundle) == ("EsAw", "0", "BUNDLE 0 1")


def test_fragment_without_credentials() -> None:
    assert sdpfrag.parse("a=end-of-candidates") == Fragment(complete=True)
    assert sdpfrag.parse("a=x-unknown:1\r\ns=-\r\n") == Fragment()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "hello",
        "a=mid:0\r\n\r\na=mid:1\r\n",
        "A=mid:0",
        "a=ice-ufrag:EsAw",
        "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
        "a=ice-ufrag:abc\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
        "a=ice-ufrag:EsAw\r\na=ice-pwd:short",
        "a=ice-ufrag:Es w\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1",
        CREDENTIALS + CREDENTIALS.replace("EsAw", "Other"),
        "m=audio",
        "a=mid:\x01",
        "a=mid:",
        "a=group:BUNDLE \x7f",
        "a=x\r\n" * (sdpfrag.MAX_LINES + 1),
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(UserError) as caught:
        sdpfrag.parse(text)
    assert (caught.value.status, caught.value.code) == (400, "bad_sdp")


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = sdpfrag.parse(text)
    except UserError as error:
        assert error.code == "bad_sdp"
    else:
        assert (read.ufrag is None) == (read.password is None)


pieces = st.sampled_from(
    ["a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "a=mid:0", "a=candidate:1 1 udp", "a=", "m=", "a=\r"]
)


@given(st.lists(st.one_of(pieces, st.text(max_size=30)), max_size=20))
def test_lines_that_almost_fit(lines: list[str]) -> None:
    try:
        read = sdpfrag.parse("\r\n".join(lines))
    except UserError as error:
        assert error.code == "bad_sdp"
    else:
        assert read.candidates <= len(lines)


@given(ufrags, passwords, st.lists(st.just("1 1 udp 2130706431 192.0.2.1 40000 typ host"), max_size=4))
def test_answers_can_be_read_again(ufrag: str, password: str, candidates: list[str]) -> None:
    asked = sdpfrag.parse(f"a=group:BUNDLE a b\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:a\r\n{CREDENTIALS}")
    answered = sdpfrag.parse(sdpfrag.answer(asked, ufrag, password, candidates))
    assert answered == Fragment(ufrag, password, len(candidates), True, asked.media, "a", "BUNDLE a b")


def test_ufrag_of_an_offer() -> None:
    assert sdpfrag.offered_ufrag("v=0\r\na=ice-ufrag:abcd\r\na=mid:0\r\n") == "abcd"
    assert sdpfrag.offered_ufrag("v=0\na=ice-ufrag:abcd\n") == "abcd"
    assert sdpfrag.offered_ufrag("v=0\r\n") is None
