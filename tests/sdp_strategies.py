"""Hypothesis strategies for offers: arbitrary text, and real offers with lines changed."""

from __future__ import annotations

from hypothesis import strategies as st

from tests import offers

_LINES = sorted({line for name in offers.NAMES for line in offers.load(name).split("\r\n") if line})
_VALUES = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789 :;=/,~*-_abcdefsendrecv", max_size=30),
    st.integers(-1, 2**33).map(str),
)
_NAMES = st.sampled_from(
    (
        "mid",
        "rtpmap",
        "fmtp",
        "rtcp-fb",
        "extmap",
        "ssrc",
        "ssrc-group",
        "rid",
        "simulcast",
        "ice-ufrag",
        "ice-pwd",
        "fingerprint",
        "setup",
        "group",
        "rtcp-mux",
        "bundle-only",
        "sendonly",
        "inactive",
        "ice-lite",
        "ice-options",
    )
)
_ATTRIBUTES = st.builds("a={}:{}".format, _NAMES, _VALUES)
_SECTIONS = st.builds(
    "m={} {} {} {}".format,
    st.sampled_from(("audio", "video", "application")),
    st.sampled_from(("0", "9", "99999", "x")),
    st.sampled_from(("UDP/TLS/RTP/SAVPF", "RTP/AVP", "UDP/DTLS/SCTP", "")),
    st.one_of(st.lists(st.integers(0, 130), max_size=8).map(lambda numbers: " ".join(map(str, numbers))), _VALUES),
)


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    lines = offers.load(draw(st.sampled_from(offers.NAMES))).split("\r\n")
    for _ in range(draw(st.integers(1, 6))):
        position = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 6)):
            case 0:
                del lines[position : position + draw(st.integers(1, 20))]
                lines = lines or [""]
            case 1:
                lines.insert(position, lines[draw(st.integers(0, len(lines) - 1))])
            case 2:
                lines[position] = draw(st.sampled_from(_LINES))
            case 3:
                lines.insert(position, draw(_ATTRIBUTES))
            case 4:
                lines[position] = draw(_SECTIONS)
            case 5:
                line = lines[position]
                cut = draw(st.integers(0, len(line)))
                lines[position] = line[:cut] + draw(_VALUES) + line[cut + draw(st.integers(0, 5)) :]
            case 6:
                other = draw(st.integers(0, len(lines) - 1))
                lines[position], lines[other] = lines[other], lines[position]
    return draw(st.sampled_from(("\r\n", "\n"))).join(lines)


_BUILT = st.lists(st.one_of(_ATTRIBUTES, _SECTIONS, st.sampled_from(_LINES)), max_size=40).map(
    lambda lines: "\r\n".join(["v=0", *lines])
)

descriptions = st.one_of(_mutated(), _BUILT, st.text(), st.text().map("v=0\r\n{}".format))
