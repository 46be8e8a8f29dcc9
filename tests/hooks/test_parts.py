"""What needs no database: signatures, pauses, and where webhooks may go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress

import pytest

from mediaserver.api import UserError
from signalling.hooks import schedule, signature, targets
from signalling.hooks.sender import Message
from signalling.hooks.targets import check_url, origin, permitted


class TestSignature:
    def test_known_answer(self) -> None:
        """The example of the Standard Webhooks reference implementations."""
        secret, id, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
        got = signature.headers(secret, id, at, b'{"test": 2432232314}')
        assert got["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_secrets_are_long_and_different(self) -> None:
        one, other = signature.new_secret(), signature.new_secret()
        assert one != other and len(base64.b64decode(one.removeprefix("whsec_"))) == 24

    def test_the_time_is_signed(self) -> None:
        secret = signature.new_secret()
        one, other = (signature.headers(secret, "m", at, b"{}")["webhook-signature"] for at in (1, 2))
        key = base64.b64decode(secret.removeprefix("whsec_"))
        assert one == "v1," + base64.b64encode(hmac.digest(key, b"m.1.{}", hashlib.sha256)).decode() != other

    def test_what_is_no_secret(self) -> None:
        with pytest.raises(ValueError):
            signature.headers("whsec_ä", "m", 1, b"")

    def test_bytes_are_the_same_at_every_try(self) -> None:
        message = Message("m", "ping", 1_800_000_000, {"b": "分数", "a": 1})
        assert message.encoded() == message.encoded()
        assert message.encoded().decode().startswith('{"id":"m","type":"ping","timestamp":"2027-01-15T08:00:00Z"')


class TestSchedule:
    def test_a_day_of_tries_and_no_more(self) -> None:
        at, seen = 0.0, 0
        while (due := schedule.next_due(0, seen + 1, at, lambda low, high: 1.0)) is not None:
            at, seen = due, seen + 1
        assert seen == len(schedule.PAUSES_S) and 20 * 3600 < at < 26 * 3600

    def test_jitter_stays_within_a_fifth(self) -> None:
        dues = {schedule.next_due(1000, 4, 1000.0) for _ in range(200)}
        assert len(dues) > 20 and min(dues) >= 1000 + 480 and max(dues) <= 1001 + 720

    def test_what_is_old_is_given_up(self) -> None:
        assert schedule.next_due(0, 1, schedule.GIVE_UP_S) is None
        assert schedule.next_due(0, 1, schedule.GIVE_UP_S - 1) is not None


class TestTargets:
    @pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
    def test_public(self, text: str) -> None:
        assert permitted(text, [])

    @pytest.mark.parametrize(
        "text",
        [
            *("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1", "::1", "fd12::1", "198.18.0.1"),
            *("::ffff:10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::1", "::ffff:127.0.0.1"),
        ],
    )
    def test_private_only_where_it_is_allowed(self, text: str) -> None:
        assert not permitted(text, [])
        wide = [ipaddress.ip_network(network) for network in ("0.0.0.0/0", "::/0")]
        assert permitted(text, wide)

    @pytest.mark.parametrize(
        "text",
        [
            *("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "100.100.100.200", "224.0.0.1"),
            *("0.0.0.0", "255.255.255.255", "::", "ff02::1", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "nonsense", ""),
        ],
    )
    def test_never(self, text: str) -> None:
        assert not permitted(text, [ipaddress.ip_network(network) for network in ("0.0.0.0/0", "::/0")])

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("https://hooks.example/in?key=1", None),
            ("http://hooks.example:8080", None),
            ("https://[2606:4700::1111]/", None),
            ("ftp://hooks.example/", "bad_url"),
            ("hooks.example", "bad_url"),
            ("https://", "bad_url"),
            ("https://a b/", "bad_url"),
            ("https://[::1/", "bad_url"),
            ("https://hooks.example:0/", "bad_url"),
            ("https://hooks.example:99999/", "bad_url"),
            ("https://user:chalk@hooks.example/", "bad_url"),
            ("https://hooks.example/#x", "bad_url"),
            ("https://hooks.example/\n", "bad_url"),
            ("https://学校.example/", "bad_url"),
            ("https://hooks.example/" + "x" * 500, "bad_url"),
            ("http://127.0.0.1/", "forbidden_target"),
            ("http://localhost/", "forbidden_target"),
            ("http://a.localhost./", "forbidden_target"),
            ("http://[::ffff:10.0.0.1]/", "forbidden_target"),
            ("http://169.254.169.254/latest/meta-data", "forbidden_target"),
        ],
    )
    def test_addresses(self, url: str, code: str | None) -> None:
        if code is None:
            assert check_url(url, []) == url
            return
        with pytest.raises(UserError) as caught:
            check_url(url, [])
        assert (caught.value.status, caught.value.code) == (422, code)
        assert "chalk" not in caught.value.detail

    def test_an_allowed_network_opens_localhost(self) -> None:
        assert check_url("http://localhost/", [ipaddress.ip_network("127.0.0.0/8")])

    def test_no_socket_for_what_is_refused(self) -> None:
        make = targets.socket_factory([])
        with pytest.raises(PermissionError):
            make((2, 1, 6, "", ("127.0.0.1", 80)))

    def test_what_may_be_shown(self) -> None:
        assert origin("https://hooks.example:8443/s3cret?k=v") == "https://hooks.example:8443"
        assert origin("http://[::1]:80/") == "http://[::1]:80"
