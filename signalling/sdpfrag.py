"""SDP fragments: `application/trickle-ice-sdpfrag` (RFC 8840 §9), as WHIP and WHEP use them in PATCH.

Only what an ICE-lite server has to know is read: the client's credentials, how many candidates
came, and the first m-line, which an answer repeats. Pure text in, plain data out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mediaserver.api import UserError

CONTENT_TYPE = "application/trickle-ice-sdpfrag"
MAX_LINES = 512
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
# Attribute values are repeated in answers and so kept to visible ASCII.
_M_LINE = re.compile(r"(audio|video|application) \d{1,5}(/\d{1,2})? [A-Z/0-9]{3,32}( [\x21-\x7e]{1,32}){1,64}")
_MID = re.compile(r"[\x21-\x7e]{1,64}")
_BUNDLE = re.compile(r"BUNDLE( [\x21-\x7e]{1,64}){0,64}")


@dataclass(frozen=True, slots=True)
class Fragment:
    """:ivar ufrag: the client's ICE user fragment, None when the fragment has no credentials.
    :ivar candidates: how many `a=candidate` lines it has.
    :ivar complete: it says `a=end-of-candidates`.
    :ivar media: value of the first m-line. :ivar bundle: value of `a=group:`. Both None when absent."""

    ufrag: str | None = None
    password: str | None = None
    candidates: int = 0
    complete: bool = False
    media: str | None = None
    mid: str | None = None
    bundle: str | None = None


def _bad(detail: str) -> UserError:
    return UserError(400, "bad_sdp", f"The SDP fragment cannot be read: {detail}.")


def parse(text: str) -> Fragment:
    """Read a fragment; unknown lines are ignored.

    :raises UserError: 400 `bad_sdp`: lines that are not `x=…`, malformed or differing credentials.
    """
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise _bad(f"it has more than {MAX_LINES} lines")
    ufrags: set[str] = set()
    passwords: set[str] = set()
    candidates, complete = 0, False
    media = mid = bundle = None
    for line in lines:
        if line == "" and len(lines) == 1:
            raise _bad("it is empty")
        if len(line) < 2 or line[1] != "=" or not line[0].islower() or not line[0].isascii():
            raise _bad("a line does not look like 'a=…'")
        name, _, value = line[2:].partition(":")
        if line.startswith("m="):
            media = media or _matching(_M_LINE, line[2:], "m-line")
        elif not line.startswith("a="):
            continue
        elif name == "ice-ufrag":
            ufrags.add(_matching(_UFRAG, value, "ice-ufrag"))
        elif name == "ice-pwd":
            passwords.add(_matching(_PASSWORD, value, "ice-pwd"))
        elif name == "mid":
            mid = mid or _matching(_MID, value, "mid")
        elif name == "group" and value.startswith("BUNDLE"):
            bundle = bundle or _matching(_BUNDLE, value, "group")
        elif name == "candidate":
            candidates += 1
        elif name == "end-of-candidates":
            complete = True
    if len(ufrags) > 1 or len(passwords) > 1:
        raise _bad("its m-lines have different ICE credentials, but one transport carries them all (BUNDLE)")
    if len(ufrags) != len(passwords):
        raise _bad("ice-ufrag and ice-pwd come together")
    return Fragment(
        ufrag=next(iter(ufrags), None),
        password=next(iter(passwords), None),
        candidates=candidates,
        complete=complete,
        media=media,
        mid=mid,
        bundle=bundle,
    )


def _matching(pattern: re.Pattern[str], value: str, name: str) -> str:
    if pattern.fullmatch(value) is None:
        raise _bad(f"{name} is malformed")
    return value


def offered_ufrag(offer: str) -> str | None:
    """The ICE user fragment of a whole SDP offer; None when it has none (the media server then refuses it)."""
    found = re.search(r"^a=ice-ufrag:([A-Za-z0-9+/]{4,256})\r?$", offer, re.MULTILINE)
    return found[1] if found else None


def answer(asked: Fragment, ufrag: str, password: str, candidates: Sequence[str]) -> str:
    """The server's fragment after an ICE restart (RFC 9725 §4.3.3): ICE-lite, all candidates at once."""
    lines = ["a=ice-lite"]
    if asked.bundle:
        lines.append(f"a=group:{asked.bundle}")
    # Credentials belong to an m-line; a client that sent none gets one that stands for the bundle.
    lines.append(f"m={asked.media or 'audio 9 UDP/TLS/RTP/SAVPF 0'}")
    lines.append(f"a=mid:{asked.mid or '0'}")
    lines += [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}"]
    lines += [f"a=candidate:{candidate}" for candidate in candidates]
    lines.append("a=end-of-candidates")
    return "\r\n".join(lines) + "\r\n"
