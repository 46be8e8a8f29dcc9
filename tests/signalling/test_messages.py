"""Messages of `/ws`: the code against docs/protocol.md, and anything a client may send."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import UserError
from signalling import messages
from signalling.messages import BadMessage

PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
SHAPES = {
    "participant": messages.Participant,
    "track": messages.Track,
    "lesson": messages.Lesson,
    "slot state": messages.Slot,
}


def documented(heading: str) -> dict[str, set[str]]:
    section = PROTOCOL[PROTOCOL.index(f"### {heading}") :]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| .*\|$", section.split("\n###")[0].split("\n## ")[0], re.M)
    return {t: {name for name in re.findall(r"`(\w+)`", fields)} for t, fields in rows if t != "t"}


def coded(union: Any) -> dict[str, set[str]]:
    return {model.model_fields["t"].default: set(model.model_fields) - {"t"} for model in get_args(union)}


def test_client_messages_are_the_documented_ones() -> None:
    assert coded(messages.ClientMessage) == documented("Client to server")


def test_server_messages_are_the_documented_ones() -> None:
    table = documented("Server to client")
    # Nested names and literal values stand in the same cells.
    table["stats"] -= {"up", "down", "report"}
    table["error"] -= {"t"}
    assert coded(messages.ServerMessage) == table


def test_nested_shapes_are_the_documented_ones() -> None:
    text = PROTOCOL.replace("\n", " ")
    for name, model in SHAPES.items():
        found = re.search(rf"\*{{0,2}}{name}\*{{0,2}} is `\{{(.+?)\}}`", text)
        assert found is not None, name
        assert set(found[1].split(", ")) == set(model.model_fields), name
    for name, model in (("up", messages.Up), ("down", messages.Down)):
        found = re.search(rf"`{name}` \([^)]*\) is `\{{(.+?)\}}`", text)
        assert found is not None, name
        assert set(found[1].split(", ")) == set(model.model_fields), name


def test_read() -> None:
    assert messages.parse('{"t":"call","participant":null,"future":1}') == messages.Call(participant=None)
    assert messages.parse('{"t":"stats","loss":0,"fps":25}') == messages.Stats(loss=0.0, fps=25.0)
    assert messages.parse('{"t":"end"}') == messages.End()


@pytest.mark.parametrize("text", ["", "x", "1", "null", "[]", "{}", '{"t":1}', '{"t":null}', "[" * 10_000, '{"t":NaN}'])
def test_no_message(text: str) -> None:
    with pytest.raises(BadMessage):
        messages.parse(text)


@pytest.mark.parametrize(
    ("text", "re"),
    [
        ('{"t":"fly"}', "fly"),
        ('{"t":""}', ""),
        ('{"t":"' + "y" * 99 + '"}', "y" * 32),
        ('{"t":"hello","v":1}', "hello"),
        ('{"t":"hello","v":"1","token":""}', "hello"),
        ('{"t":"call"}', "call"),
        ('{"t":"call","participant":"a b"}', "call"),
        ('{"t":"call","participant":"a\\n"}', "call"),
        ('{"t":"mute","participant":null}', "mute"),
        ('{"t":"mute","participant":null,"muted":1}', "mute"),
        ('{"t":"tiles","participants":"c1"}', "tiles"),
        ('{"t":"tiles","participants":["1","2","3","4","5","6","7","8","9"]}', "tiles"),
        ('{"t":"hand"}', "hand"),
        ('{"t":"stats","loss":1.5}', "stats"),
        ('{"t":"stats","loss":"0"}', "stats"),
        ('{"t":"stats","delay_ms":-1}', "stats"),
        ('{"t":"stats","width":1e3}', "stats"),
        ('{"t":"ping","id":99999999999999999999}', "ping"),
    ],
)
def test_refused(text: str, re: str) -> None:
    with pytest.raises(UserError) as caught:
        messages.parse(text)
    assert (caught.value.code, caught.value.extra["re"]) == ("bad_request", re)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
fields = st.dictionaries(
    st.sampled_from(sorted({name for names in coded(messages.ClientMessage).values() for name in names})), json_values
)


@given(st.sampled_from(sorted(coded(messages.ClientMessage))) | st.text(max_size=5), fields)
def test_any_object_is_read_or_refused(t: str, rest: dict[str, Any]) -> None:
    try:
        message = messages.parse(json.dumps({"t": t, **rest}))
    except (UserError, BadMessage):
        return
    assert message.t == t
    assert messages.parse(message.text()) == message


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises((UserError, BadMessage)):
        messages.parse(text)
