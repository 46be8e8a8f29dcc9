"""ICE-lite for many peers on one port (RFC 8445 §2.5): who is who, and where they are now.

Peers are told apart by our half of the STUN username; a datagram that is not STUN belongs to
whoever proved, with a message integrity made with our password, to be behind its address.
"""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from mediaserver.plane.interface import Address
from mediaserver.rtp import stun

_MAX_ADDRESSES = 16
"""Addresses remembered per peer; the one unused for longest is forgotten."""
_SILENT_S = 6.0
"""A selected address without checks for so long is left for one that has them, nominated or not. Browsers
check a quiet pair every 2.5 s and aioice every 5 s; a check of another pair in between must not win."""


def _random(octets: int) -> str:
    """Four characters for three octets; the alphabet of base64 is that of ICE (RFC 8839 §5.4, ice-char)."""
    return base64.b64encode(secrets.token_bytes(octets)).decode()


@dataclass(frozen=True, slots=True)
class Credentials:
    """RFC 8839 §5.4: at least 24 and 128 bits of randomness."""

    ufrag: str
    password: str

    @classmethod
    def generate(cls) -> Credentials:
        return cls(_random(6), _random(18))


@dataclass(slots=True)
class IcePeer:
    """What ICE knows of one peer.

    :ivar sockets: ours that its answer named.
    :ivar selected: where to send. :ivar heard: time of its latest authentic check that came here; it is its consent
        (RFC 7675). :ivar remote: the peer's ufrag, as its checks say it.
    """

    key: int
    credentials: Credentials
    heard: float
    sockets: Set[int]
    remote: str = ""
    selected: Address | None = None
    selected_heard: float = 0.0
    next_credentials: Credentials | None = None
    addresses: OrderedDict[Address, None] = field(default_factory=OrderedDict)


class IceLite:
    """:param moved: called with a peer's key and address when it is first found or found elsewhere, and when
        `consent` has changed.
    :param checked: when the plane answered the latest check from a peer's selected address, in the time of `now`.
    """

    def __init__(
        self,
        send: Callable[[Address, bytes], None],
        moved: Callable[[int, Address], None],
        checked: Callable[[int], float] = lambda key: 0.0,
    ) -> None:
        self._send = send
        self._moved = moved
        self._checked = checked
        self._by_ufrag: dict[str, IcePeer] = {}
        self._by_address: dict[Address, IcePeer] = {}
        self._peers: dict[int, IcePeer] = {}
        self.count = dict.fromkeys(
            (
                "stun_ok",
                "drop_stun_malformed",
                "drop_stun_unknown_ufrag",
                "drop_stun_wrong_port",
                "drop_stun_integrity",
                "stun_role_conflict",
            ),
            0,
        )

    def add(self, key: int, now: float, sockets: Set[int]) -> Credentials:
        credentials = Credentials.generate()
        peer = IcePeer(key, credentials, now, sockets)
        self._peers[key] = peer
        self._by_ufrag[credentials.ufrag] = peer
        return credentials

    def restart(self, key: int) -> Credentials:
        """New credentials beside the old ones, which go when the new ones are first used (RFC 8445 §9)."""
        peer = self._peers[key]
        if peer.next_credentials is not None:
            del self._by_ufrag[peer.next_credentials.ufrag]
        peer.next_credentials = Credentials.generate()
        self._by_ufrag[peer.next_credentials.ufrag] = peer
        return peer.next_credentials

    def remove(self, key: int) -> None:
        peer = self._peers.pop(key, None)
        if peer is None:
            return
        for credentials in (peer.credentials, peer.next_credentials):
            if credentials is not None:
                self._by_ufrag.pop(credentials.ufrag, None)
        for address in peer.addresses:
            if self._by_address.get(address) is peer:
                del self._by_address[address]

    def peer_at(self, address: Address) -> int | None:
        """Key of the peer that was authentic at this address last."""
        peer = self._by_address.get(address)
        return peer.key if peer is not None else None

    def heard(self, key: int) -> float:
        """Time of the latest authentic check, here or in the plane."""
        return max(self._peers[key].heard, self._checked(key))

    def consent(self, key: int) -> tuple[bytes, bytes]:
        """USERNAME and password of the checks that this peer sends now (RFC 8445 §7.2.2)."""
        peer = self._peers[key]
        return f"{peer.credentials.ufrag}:{peer.remote}".encode(), peer.credentials.password.encode()

    def address(self, key: int) -> Address | None:
        peer = self._peers.get(key)
        return peer.selected if peer is not None else None

    def receive(self, data: bytes, address: Address, now: float) -> None:
        """Answer one STUN datagram. What cannot be authenticated is counted and not answered."""
        try:
            request = stun.parse_request(data)
        except stun.StunError:
            self.count["drop_stun_malformed"] += 1
            return
        peer = self._by_ufrag.get(request.local)
        if peer is None:
            self.count["drop_stun_unknown_ufrag"] += 1
            return
        if address.socket not in peer.sockets:
            self.count["drop_stun_wrong_port"] += 1
            return
        credentials = peer.credentials
        if peer.next_credentials is not None and request.local == peer.next_credentials.ufrag:
            credentials = peer.next_credentials
        if not request.authentic(credentials.password):
            self.count["drop_stun_integrity"] += 1
            return
        if request.peer_is_controlled:
            self.count["stun_role_conflict"] += 1
            self._send(address, stun.role_conflict(request, credentials.password))
            return
        changed = credentials is peer.next_credentials or request.remote != peer.remote
        peer.remote = request.remote
        if credentials is peer.next_credentials:
            del self._by_ufrag[peer.credentials.ufrag]
            peer.credentials, peer.next_credentials = credentials, None
        self.count["stun_ok"] += 1
        peer.heard = now
        changed = changed or self._by_address.get(address) is not peer
        self._remember(peer, address)
        self._select(peer, address, request.use_candidate, now, changed)
        self._send(address, stun.success(request, address.peer, credentials.password))

    def _remember(self, peer: IcePeer, address: Address) -> None:
        peer.addresses[address] = None
        peer.addresses.move_to_end(address)
        self._by_address[address] = peer
        if len(peer.addresses) > _MAX_ADDRESSES:
            forgotten = next(known for known in peer.addresses if known != peer.selected)
            del peer.addresses[forgotten]
            if self._by_address.get(forgotten) is peer:
                del self._by_address[forgotten]

    def _select(self, peer: IcePeer, address: Address, nominated: bool, now: float, changed: bool) -> None:
        """:param changed: it says another ufrag now, or somebody else had claimed the address, as a peer can that
        forges its source."""
        if address == peer.selected:
            peer.selected_heard = now
            if changed:
                self._moved(peer.key, address)
        elif peer.selected is None or nominated or now - max(peer.selected_heard, self._checked(peer.key)) > _SILENT_S:
            peer.selected, peer.selected_heard = address, now
            self._moved(peer.key, address)
