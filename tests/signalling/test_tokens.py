"""Room tokens and rights, compared with docs/protocol.md."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from mediaserver.api import UserError
from signalling import rights, tokens

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = 1_800_000_000.0
PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


def code(token: str, now: float = NOW) -> str:
    with pytest.raises(UserError) as caught:
        tokens.verify(SECRET, token, now=now)
    assert caught.value.status == 401
    return caught.value.code


def signed(**changes: Any) -> str:
    claims: dict[str, Any] = {
        "iss": "tongke",
        "room": "r1",
        "sub": "c1",
        "role": "classroom",
        "name": "三班",
        "publish": ["camera"],
        "subscribe": True,
        "iat": NOW,
        "exp": NOW + 60,
    }
    claims.update(changes)
    return jwt.encode({"alg": "HS256"}, {k: v for k, v in claims.items() if v is not ...}, OctKey.import_key(SECRET))


def test_minted_tokens_carry_the_documented_claims() -> None:
    token = tokens.mint(
        SECRET,
        room="demo",
        role="assistant",
        participant="li",
        name="李老师",
        hours=2,
        beside="c1",
        ends=NOW + 60,
        now=NOW,
    )
    claims = jwt.decode(token, OctKey.import_key(SECRET)).claims
    assert claims == {
        "iss": "tongke",
        "room": "demo",
        "sub": "li",
        "role": "assistant",
        "name": "李老师",
        "publish": [],
        "subscribe": True,
        "iat": int(NOW),
        "exp": int(NOW) + 7200,
        "beside": "c1",
        "ends": int(NOW) + 60,
    }
    bare = jwt.decode(tokens.mint(SECRET, room="demo", role="lead", now=NOW), OctKey.import_key(SECRET)).claims
    assert set(claims) - set(bare) == {"beside", "ends"} and bare["publish"] == ["camera", "microphone", "screen"]
    table = PROTOCOL[PROTOCOL.index("| claim |") : PROTOCOL.index("| role | publish")]
    documented = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert documented == set(claims)


def test_verified_claims() -> None:
    read = tokens.verify(SECRET, signed(), now=NOW)
    assert (read.room, read.participant, read.role, read.name) == ("r1", "c1", "classroom", "三班")
    assert (read.publish, read.subscribe, read.expires) == ({"camera"}, True, NOW + 60)


def test_a_token_narrows_and_never_widens() -> None:
    read = tokens.verify(SECRET, signed(publish=["camera", "screen", "microphone"], subscribe=False), now=NOW)
    assert (read.publish, read.subscribe) == ({"camera", "microphone"}, False)
    silent = tokens.verify(SECRET, signed(publish=..., subscribe=..., name=...), now=NOW)
    assert (silent.publish, silent.subscribe, silent.name) == (frozenset(), False, "c1")
    staff = tokens.verify(SECRET, signed(role="staff", publish=["camera"]), now=NOW)
    assert staff.publish == frozenset()
    assert tokens.verify(SECRET, signed(role="assistant", beside="c1"), now=NOW).beside == "c1"
    assert tokens.verify(SECRET, signed(role="assistant"), now=NOW).beside is None
    assert tokens.verify(SECRET, signed(role="supervisor", beside="c1"), now=NOW).beside is None


def test_time() -> None:
    token = signed()
    assert tokens.verify(SECRET, token, now=NOW + 69).valid_until == NOW + 70
    assert code(token, NOW + 70) == "token_expired"
    assert tokens.verify(SECRET, token, now=NOW - 10).room == "r1"
    assert code(token, NOW - 11) == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"iss": ...},
        {"room": "a b"},
        {"room": ...},
        {"room": "x" * 65},
        {"sub": ""},
        {"sub": 7},
        {"role": "king"},
        {"role": ["lead"]},
        {"name": "x" * 81},
        {"name": None},
        {"publish": "camera"},
        {"publish": [{}]},
        {"beside": ""},
        {"beside": ["c1"]},
        {"role": "assistant", "beside": "c 1"},
        {"exp": ...},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e300},
        {"iat": ...},
    ],
)
def test_malformed_claims(changes: dict[str, Any]) -> None:
    assert code(signed(**changes)) == "token_invalid"


def test_forged_tokens() -> None:
    other = jwt.encode({"alg": "HS256"}, {"iss": "tongke"}, OctKey.import_key(b"x" * 32))
    header, payload, _ = signed().split(".")
    unsigned = f"eyJhbGciOiJub25lIn0.{payload}."
    for token in ("x", "a.b.c", "é", other, f"{header}.{payload}.", unsigned, signed() + "x" * 5000, signed()[:-4]):
        assert code(token) == "token_invalid"
    assert code("") == "token_missing"


@pytest.mark.parametrize(
    "wish",
    [
        {"room": "a b"},
        {"room": ""},
        {"role": "king"},
        {"participant": "ü"},
        {"name": "x" * 81},
        {"role": "classroom", "publish": ["screen"]},
        {"role": "lead", "beside": "c1"},
        {"role": "assistant", "beside": "c 1"},
    ],
)
def test_mint_refuses_what_verify_would(wish: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        tokens.mint(SECRET, **{"room": "r1", "role": "lead", **wish}, now=NOW)


def test_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret"
    first = tokens.load_secret(file)
    assert len(first) == 64 and tokens.load_secret(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_bad_secrets_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("abc")
    for file, words in ((tmp_path / "short", "shorter than 32"), (tmp_path, "cannot be read")):
        with pytest.raises(UserError) as caught:
            tokens.load_secret(file)
        assert words in caught.value.detail and str(file) in caught.value.detail


def test_rights_are_the_documented_ones() -> None:
    table = PROTOCOL[PROTOCOL.index("| role | publish") : PROTOCOL.index("A token can narrow")]
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| (yes|no) \| (.+?) \|$", table, re.M)
    documented: dict[str, tuple[set[str], bool, set[str]]] = {}
    for roles, publish, subscribe, commands in rows:
        sources = set() if publish == "–" else set(publish.split(", "))
        for role in re.findall(r"`(\w+)`", roles):
            documented[role] = (sources, subscribe == "yes", set(re.findall(r"`(\w+)`", commands)))
    coded = {role: (set(it.publish), it.subscribe, set(it.commands)) for role, it in rights.TABLE.items()}
    assert coded == documented
    assert set(rights.TABLE) == set(rights.ROLES)
