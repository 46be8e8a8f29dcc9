"""Before a compiled plane may carry media: it must open and seal SRTP to the published bytes.

A known packet goes in encrypted and is routed so that nothing about it changes; the same bytes have to
come out. That holds the addresses, the calling convention and the cipher to the test at once.
"""

from __future__ import annotations

from mediaserver.plane.interface import Address, PlaneSettings, Route, SrtpLibrary, Stream
from mediaserver.plane.native import Engine

_HEADER = bytes.fromhex("800f1234decafbadcafebabe")
_VECTORS = {
    # Master key and salt of RFC 3711 B.3; the payload is 16 bytes of 0xab.
    "AES_CM_128_HMAC_SHA1_80": (
        "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6",
        "4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
    ),
    # The same packet under AEAD_AES_128_GCM (RFC 7714 §8.1).
    "AEAD_AES_128_GCM": (
        "000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaab",
        "c5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392",
    ),
}
"""Profile → (master key and salt, encrypted payload with its tag). tests/plane derives both from the RFCs."""
_CLOCK_RATE = 48_000
_REPLAY_SPACING = _CLOCK_RATE // 1000
_PUBLISHER, _SUBSCRIBER = Address(0, ("192.0.2.1", 1)), Address(0, ("192.0.2.2", 2))


class SelfTestFailed(RuntimeError):
    """The compiled plane would corrupt media on this machine."""


def check(srtp: SrtpLibrary) -> None:
    """Raises `SelfTestFailed` with a sentence when a vector comes out wrong."""
    for profile, (key, sealed) in _VECTORS.items():
        inbound, outbound = srtp.sessions(profile, bytes.fromhex(key))
        datagram = _HEADER + bytes.fromhex(sealed)
        engine = Engine(PlaneSettings(srtp=srtp))
        ssrc, timestamp = int.from_bytes(_HEADER[8:12], "big"), int.from_bytes(_HEADER[4:8], "big")
        engine.add_transport(1, _PUBLISHER, inbound, outbound)
        engine.add_transport(2, _SUBSCRIBER, inbound, outbound)
        engine.add_stream(Stream(1, 1, video=False, clock_rate=_CLOCK_RATE, payload_types={15: "opus"}, ssrc=ssrc))
        engine.set_route(
            Route(
                id=1,
                transport=2,
                stream=1,
                ssrc=ssrc,
                clock_rate=_CLOCK_RATE,
                payload_types={15: 15},
                first_sequence=0x1234,
                first_timestamp=timestamp - _REPLAY_SPACING,
            ),
            1,
        )
        engine.receive(datagram, _PUBLISHER, 1)
        if engine.take_outbox() != [(_SUBSCRIBER, datagram)]:
            raise SelfTestFailed(f"{profile} does not come out as published")
