"""What an offer came to: the fate of each m-line and the one transport under them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mediaserver.sfu.codecs import Codec

Refusal = Literal["", "kind", "direction", "protocol", "not_allowed", "too_many", "codec"]


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """What becomes of one m-line of the offer.

    :ivar mid: empty where the offer has none.
    :ivar codecs: publish: video one codec, audio Opus and then RED; subscribe: all that may be sent.
    :ivar extensions: header extensions, uri → id (1–14).
    :ivar ssrc, rtx_ssrc: publish: as declared in the offer, None where it declares none;
        subscribe: ours, `rtx_ssrc` None where no codec has retransmissions.
    :ivar rids: simulcast layers offered, most preferred first; the answer takes the first of them.
    :ivar refusal: why it is not accepted; empty when it is.
    """

    index: int
    mid: str
    kind: str
    accepted: bool
    protocol: str
    formats: tuple[str, ...]
    refusal: Refusal = ""
    codecs: tuple[Codec, ...] = ()
    extensions: dict[str, int] = field(default_factory=dict)
    extension_directions: dict[str, str] = field(default_factory=dict)
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    rids: tuple[str, ...] = ()
    source: str | None = None
    rtcp_rsize: bool = False


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The offer's transport and the fate of each of its m-lines.

    :ivar ufrag, password, fingerprints, setup: the peer's; `setup` is `actpass`, `active` or `passive`.
    :ivar bundle: mids of the answer's BUNDLE group, the tagged one first; empty without a group.
    :ivar direction: of every accepted m-line in the answer.
    """

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    media: tuple[MediaPlan, ...]
    bundle: tuple[str, ...]
    direction: Literal["recvonly", "sendonly"]

    @property
    def our_setup(self) -> Literal["active", "passive"]:
        """Passive whenever the peer lets us: the DTLS server chooses the SRTP profile."""
        return "active" if self.setup == "passive" else "passive"

    @property
    def accepted(self) -> tuple[MediaPlan, ...]:
        return tuple(media for media in self.media if media.accepted)
