"""Makes any WHIP or WHEP answer digestible for aiortc.

Two things that answers may do (RFC 8829 §5.3.1, RFC 9143) and aiortc 1.16 does not follow:

* refuse an m-line with port 0: aiortc would start ICE for it on its own. Such an m-line becomes an
  inactive member of the bundle, which aiortc leaves alone;
* give the candidates in the first m-line of a bundle only: aiortc keeps those of the last. They are
  repeated in each.
"""

from __future__ import annotations

from dataclasses import dataclass

from mediaserver.api import UserError

_OF_TRANSPORT = ("a=ice-", "a=fingerprint:", "a=setup:", "a=candidate:", "a=end-of-candidates")
_OF_SENDER = ("a=ssrc:", "a=ssrc-group:", "a=msid:")
_DIRECTIONS = ("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive")


@dataclass(frozen=True, slots=True)
class Answer:
    """:ivar sdp: the answer for aiortc. :ivar refused: indices of the m-lines that the server refused."""

    sdp: str
    refused: tuple[int, ...]


def adapt_answer(offer: str, answer: str) -> Answer:
    """:param offer: what we sent. :param answer: what came back. Both as SDP text."""
    _, offered = _sections(offer)
    session, answered = _sections(answer)
    if len(answered) != len(offered):
        raise UserError(
            502,
            "bad_answer",
            f"The server answered {len(answered)} of {len(offered)} m-lines; it does not follow RFC 8829.",
        )
    refused = tuple(i for i, section in enumerate(answered) if section[0].split(" ")[1] == "0")
    accepted = [section for i, section in enumerate(answered) if i not in refused]
    if not accepted:
        raise UserError(
            422, "nothing_accepted", "The server accepted none of the offered media; check what the token allows."
        )
    transport = [line for line in accepted[0] if line.startswith(_OF_TRANSPORT)]
    candidates = [line for line in transport if line.startswith(("a=candidate:", "a=end-of-candidates"))]

    for i, section in enumerate(answered):
        if i in refused:
            answered[i] = _inactive(offered[i]) + transport
        elif not any(line.startswith("a=candidate:") for line in section):
            answered[i] = [line for line in section if line != "a=end-of-candidates"] + candidates

    mids = " ".join(_mid(section) for section in answered)
    session = [line for line in session if not line.startswith("a=group:BUNDLE")] + [f"a=group:BUNDLE {mids}"]
    lines = session + [line for section in answered for line in section]
    return Answer("\r\n".join(lines) + "\r\n", refused)


def _inactive(offered: list[str]) -> list[str]:
    media, port, rest = offered[0].split(" ", 2)
    dropped = _OF_TRANSPORT + _OF_SENDER + _DIRECTIONS
    kept = [line for line in offered[1:] if not line.startswith(dropped)]
    return [f"{media} 9 {rest}" if port == "0" else offered[0], *kept, "a=inactive"]


def _mid(section: list[str]) -> str:
    return next((line.removeprefix("a=mid:") for line in section if line.startswith("a=mid:")), "")


def _sections(sdp: str) -> tuple[list[str], list[list[str]]]:
    """Session lines, and the lines of each m-line."""
    session: list[str] = []
    media: list[list[str]] = []
    for line in sdp.splitlines():
        if line.startswith("m="):
            media.append([line])
        elif line:
            (media[-1] if media else session).append(line)
    return session, media
