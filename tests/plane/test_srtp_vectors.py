"""Published vectors against the SRTP sessions of the plane, so that a library built otherwise is noticed.

The RFCs give vectors for session keys, libsrtp takes master keys. So a second, small implementation
is held to the RFCs, and libsrtp to it.
"""

from __future__ import annotations

import hmac
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pylibsrtp import Error, Policy, Session

from tests.plane.helpers import GCM, SHA1

KEY, SALT = bytes.fromhex("e1f97a0d3e018be0d64fa32c06de4139"), bytes.fromhex("0ec675ad498afeebb6960b3aabe6")
"""RFC 3711 B.3."""
PLAIN = bytes.fromhex("800f1234decafbadcafebabe") + b"\xab" * 16


def keystream(key: bytes, counter: bytes, length: int) -> bytes:
    return Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(bytes(length))


def derive(key: bytes, salt: bytes, label: int, length: int) -> bytes:
    """RFC 3711 §4.3, key derivation rate zero."""
    start = bytearray(salt.ljust(14, b"\0") + b"\0\0")
    start[7] ^= label
    return keystream(key, bytes(start), length)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def seal_gcm(key: bytes, salt: bytes, packet: bytes, rollovers: int) -> bytes:
    """RFC 7714 §8.1, with session keys."""
    iv = xor(salt, bytes(2) + packet[8:12] + struct.pack("!I", rollovers) + packet[2:4])
    return packet[:12] + AESGCM(key).encrypt(iv, packet[12:], packet[:12])


def seal_sha1(key: bytes, salt: bytes, auth: bytes, packet: bytes, rollovers: int) -> bytes:
    """RFC 3711 §4.1.1 and §4.2."""
    index = bytes(4) + packet[8:12] + struct.pack("!I", rollovers) + packet[2:4]
    counter = xor(salt, index) + b"\0\0"
    sealed = packet[:12] + xor(packet[12:], keystream(key, counter, len(packet) - 12))
    return sealed + hmac.digest(auth, sealed + struct.pack("!I", rollovers), "sha1")[:10]


def session(profile: int, *, inbound: bool = False) -> Session:
    kind = Policy.SSRC_ANY_INBOUND if inbound else Policy.SSRC_ANY_OUTBOUND
    return Session(Policy(KEY + SALT[: 12 if profile == GCM else 14], kind, srtp_profile=profile))


def numbered(packet: bytes, sequence: int) -> bytes:
    return packet[:2] + struct.pack("!H", sequence & 0xFFFF) + packet[4:]


def expected(profile: int, packet: bytes, rollovers: int) -> bytes:
    if profile == GCM:
        salt = SALT[:12]
        return seal_gcm(derive(KEY, salt, 0, 16), derive(KEY, salt, 2, 12), packet, rollovers)
    return seal_sha1(derive(KEY, SALT, 0, 16), derive(KEY, SALT, 2, 14), derive(KEY, SALT, 1, 20), packet, rollovers)


def test_key_derivation() -> None:
    """RFC 3711 B.3."""
    assert derive(KEY, SALT, 0, 16).hex() == "c61e7a93744f39ee10734afe3ff7a087"
    assert derive(KEY, SALT, 2, 14).hex() == "30cbbc08863d8c85d49db34a9ae1"
    assert derive(KEY, SALT, 1, 20).hex() == "cebe321f6ff7716b6fd4ab49af256a156d38baa4"


def test_gcm() -> None:
    """RFC 7714 §16.1.1."""
    packet = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
    assert seal_gcm(bytes(range(16)), b"Quid pro quo", packet, 0).hex() == (
        "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a"
        "51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"
    )


@pytest.mark.parametrize("profile", [GCM, SHA1], ids=["gcm", "sha1"])
def test_libsrtp_agrees_over_the_rollover(profile: int) -> None:
    out, back = session(profile), session(profile, inbound=True)
    for step in range(4):
        packet = numbered(PLAIN, 0xFFFE + step)
        sealed = out.protect(packet)
        assert sealed == expected(profile, packet, rollovers=step // 2)
        assert back.unprotect(sealed) == packet


@pytest.mark.parametrize("profile", [GCM, SHA1], ids=["gcm", "sha1"])
@pytest.mark.parametrize("position", [1, 3, 9, 14, -1])
def test_one_wrong_bit_is_refused(profile: int, position: int) -> None:
    sealed = bytearray(session(profile).protect(PLAIN))
    sealed[position] ^= 1
    with pytest.raises(Error):
        session(profile, inbound=True).unprotect(bytes(sealed))


@pytest.mark.parametrize("profile", [GCM, SHA1], ids=["gcm", "sha1"])
def test_rtcp_there_and_back(profile: int) -> None:
    report = bytes.fromhex("81c8000bcafebabe") + b"\xab" * 40
    sealed = session(profile).protect_rtcp(report)
    assert sealed[:8] == report[:8] and sealed[8:16] != report[8:16]
    back = session(profile, inbound=True)
    assert back.unprotect_rtcp(sealed) == report
    with pytest.raises(Error, match="replay"):
        back.unprotect_rtcp(sealed)
