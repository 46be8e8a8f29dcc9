"""aioice is the client; what it sends must be read, what we answer it must take."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from aioice import stun as client
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaserver.rtp import stun

PASSWORD = "secret of the server"


def check(username: str = "ours:theirs", *, password: str = PASSWORD, **attributes: Any) -> client.Message:
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    message = client.Message(
        client.Method.BINDING, client.Class.REQUEST, attributes={"USERNAME": username, "PRIORITY": 1, **named}
    )
    message.add_message_integrity(password.encode())
    return message


def test_request() -> None:
    request = stun.parse_request(bytes(check(ICE_CONTROLLING=7, USE_CANDIDATE=None)))
    assert (request.local, request.remote) == ("ours", "theirs")
    assert request.use_candidate and not request.peer_is_controlled
    assert request.authentic(PASSWORD) and not request.authentic("another")


def test_request_of_a_controlled_peer() -> None:
    request = stun.parse_request(bytes(check(ICE_CONTROLLED=7)))
    assert request.peer_is_controlled and not request.use_candidate


@pytest.mark.parametrize(
    "peer",
    [("192.0.2.1", 4000), ("2001:db8::7", 4000, 0, 0), ("fe80::1%eth0", 4000, 0, 2), ("::ffff:192.0.2.1", 9, 0, 0)],
)
def test_success_tells_where_the_peer_was_seen(peer: tuple[Any, ...]) -> None:
    message = check()
    answer = client.parse_message(stun.success(stun.parse_request(bytes(message)), peer, PASSWORD))
    assert answer.message_class is client.Class.RESPONSE
    assert answer.transaction_id == message.transaction_id
    assert answer.check_message_integrity(PASSWORD.encode())
    assert "FINGERPRINT" in answer.attributes
    host, port = answer.attributes["XOR-MAPPED-ADDRESS"]
    assert (ip_address(host), port) == (ip_address(peer[0].partition("%")[0]), peer[1])


def test_role_conflict() -> None:
    message = check(ICE_CONTROLLED=7)
    answer = client.parse_message(stun.role_conflict(stun.parse_request(bytes(message)), PASSWORD))
    assert (answer.message_class, answer.error_code) == (client.Class.ERROR, 487)
    assert answer.check_message_integrity(PASSWORD.encode()) and answer.transaction_id == message.transaction_id


def test_what_follows_the_integrity_is_not_believed() -> None:
    """RFC 8489 §14.5: else anybody on the way could nominate a pair."""
    signed = client.Message(client.Method.BINDING, client.Class.REQUEST, attributes={"USERNAME": "a:b"})
    signed._integrity_data = bytes(signed)
    signed.attributes["MESSAGE-INTEGRITY"] = client.message_integrity(signed._integrity_data, PASSWORD.encode())
    data = bytes(signed) + b"\x00\x25\x00\x00"
    data = data[:2] + (len(data) - 20).to_bytes(2, "big") + data[4:]
    request = stun.parse_request(data)
    assert request.authentic(PASSWORD) and not request.use_candidate


def unsigned(**changes: Any) -> bytes:
    fields = {"message_method": client.Method.BINDING, "message_class": client.Class.REQUEST, "attributes": {}}
    return bytes(client.Message(**{**fields, **changes}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01",
        bytes(20),
        unsigned(),
        unsigned(message_class=client.Class.INDICATION, attributes={"USERNAME": "a:b"}),
        unsigned(message_method=client.Method.ALLOCATE, attributes={"USERNAME": "a:b"}),
        unsigned(attributes={"USERNAME": "no separator"}),
        unsigned(attributes={"USERNAME": ":theirs"}),
        unsigned(attributes={"USERNAME": "not:signed"}),
        bytes(check())[:-1],
        bytes(check()) + b"\0",
        bytes(check(password="x"))[:-4] + b"\0\0\0\0",
        bytes(check("a:" + "b" * 700)),
    ],
    ids=range(13),
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(stun.StunError):
        stun.parse_request(data)


GOOD = bytes(check(ICE_CONTROLLING=7))


@settings(derandomize=True, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=100),
        st.binary(max_size=80).map(lambda body: b"\0\1" + len(body).to_bytes(2, "big") + GOOD[4:20] + body),
        # The fingerprint at the end is not covered by the integrity.
        st.tuples(st.integers(0, len(GOOD) - 9), st.integers(1, 255)).map(
            lambda change: GOOD[: change[0]] + bytes((GOOD[change[0]] ^ change[1],)) + GOOD[change[0] + 1 :]
        ),
    )
)
def test_nothing_but_stun_errors(data: bytes) -> None:
    try:
        request = stun.parse_request(data)
    except stun.StunError:
        return
    assert not request.authentic(PASSWORD)
