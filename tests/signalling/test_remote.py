"""The assistant's remote over a real socket: her classroom's display obeys, no other one does."""

from __future__ import annotations

from typing import Any

import pytest

from mediaserver import api
from signalling.messages import Display
from tests.signalling.conftest import Page, School

STATE = {"microphone": True, "loudspeaker": True, "volume": 100, "local": False}


async def phone(school: School, beside: str | None, id: str = "a1") -> Page:
    return await school.joined("assistant", id, beside=beside)


def about(participant: str) -> Any:
    return lambda message: message["participant"]["id"] == participant


async def test_the_display_is_told_and_says_what_it_did(school: School) -> None:
    lead, display = await school.joined("lead"), await school.joined("classroom", "c1")
    remote = await phone(school, "c1")
    await remote.say("remote", volume=30, microphone=False)
    assert await display.until("remote") == {"t": "remote", **STATE, "volume": 30, "microphone": False}
    await display.say("display", **STATE | {"volume": 30, "microphone": False})
    for page in (lead, remote):
        told = await page.until("participant", lambda it: it["participant"]["display"] is not None)
        assert told["participant"]["display"] == {**STATE, "volume": 30, "microphone": False}
    await remote.say("remote", local=True)
    assert await display.until("remote") == {
        "t": "remote",
        **STATE,
        "volume": 30,
        "microphone": False,
        "local": True,
    }


async def test_the_hand_is_up_for_the_lead_and_comes_back(school: School) -> None:
    lead, display = await school.joined("lead"), await school.joined("classroom", "c1")
    remote = await phone(school, "c1")
    await remote.say("remote", hand=True)
    assert (await lead.until("participant", lambda it: it["participant"]["hand"]))["participant"]["id"] == "c1"
    await display.ws.close()
    await lead.until("left")
    display = await school.joined("classroom", "c1")
    assert (await lead.until("participant", about("c1")))["participant"]["hand"] is True
    await remote.say("remote", hand=False)
    assert (await lead.until("participant", about("c1")))["participant"]["hand"] is False


async def test_a_display_that_reconnects_gets_it_again(school: School) -> None:
    display, remote = await school.joined("classroom", "c1"), await phone(school, "c1")
    await remote.say("remote", volume=20, loudspeaker=False)
    await display.until("remote")
    await display.ws.close()
    await remote.until("left")
    await remote.say("remote", volume=10)
    refused = await remote.until("error")
    assert (refused["code"], refused["re"]) == ("not_found", "remote"), "a display that is away obeys nobody"
    back = await school.joined("classroom", "c1")
    assert await back.next() == {"t": "remote", **STATE, "volume": 20, "loudspeaker": False}
    other = await school.joined("classroom", "c2")
    assert [it["t"] for it in await other.since_now()] == [], "nobody wants anything of it"


async def test_the_remote_moves_its_own_classroom_alone(school: School) -> None:
    mine, theirs = await school.joined("classroom", "c1"), await school.joined("classroom", "c2")
    remote = await phone(school, "c1")
    # Naming another one changes nothing: a remote has no such field.
    await remote.say("remote", volume=1, hand=True, participant="c2", id="c2", beside="c2")
    assert (await mine.until("remote"))["volume"] == 1
    assert [it["t"] for it in await theirs.since_now()] == []
    for command in ({"t": "mute", "participant": "c2", "muted": True}, {"t": "call", "participant": "c2"}):
        await remote.say(**command)
        assert (await remote.until("error"))["code"] == "forbidden_role"
    assert school.media.of(api.Mute) == [] and school.media.of(api.Call) == []


@pytest.mark.parametrize("beside", [None, "lead", "a1", "nobody", "s1"])
async def test_only_a_classroom_is_moved(school: School, beside: str | None) -> None:
    others = [await school.joined("lead"), await school.joined("staff", "s1")]
    remote = await phone(school, beside)
    await remote.say("remote", hand=True)
    assert all(not it.ws.closed for it in others)
    assert (await remote.until("error"))["code"] == ("not_beside" if beside is None else "not_found")


async def test_another_rooms_classroom_of_the_same_name_stays(school: School) -> None:
    elsewhere = await school.joined("classroom", "c1", room="r2")
    here = await school.joined("classroom", "c1")
    remote = await phone(school, "c1")
    await remote.say("remote", volume=5)
    await here.until("remote")
    assert [it["t"] for it in await elsewhere.since_now()] == []


@pytest.mark.parametrize("role", ["lead", "classroom", "staff", "supervisor", "admin"])
async def test_only_assistants_have_a_remote(school: School, role: str) -> None:
    display, page = await school.joined("classroom", "c1"), await school.joined(role, "x")
    await page.say("remote", volume=5)
    assert (await page.until("error"))["code"] == "forbidden_role"
    assert "remote" not in [it["t"] for it in await display.since_now()]


async def test_only_displays_say_how_they_are(school: School) -> None:
    remote = await phone(school, "c1")
    await remote.say("display", **STATE)
    assert (await remote.until("error"))["code"] == "forbidden_role"


@pytest.mark.parametrize(
    "fields",
    [
        {"volume": 101},
        {"volume": -1},
        {"volume": 1e9},
        {"volume": "50"},
        {"volume": 50.5},
        {"volume": True},
        {"local": "yes"},
        {"hand": 1},
        {"microphone": []},
        {"loudspeaker": {}},
    ],
)
async def test_hostile_values_are_refused(school: School, fields: dict[str, Any]) -> None:
    display, remote = await school.joined("classroom", "c1"), await phone(school, "c1")
    await remote.say("remote", **fields)
    assert (await remote.until("error"))["code"] == "bad_request"
    if "hand" not in fields:
        await display.say("display", **STATE | fields)
        assert (await display.until("error"))["code"] == "bad_request"
    lesson = school.server.signalling.rooms.rooms["r1"].lesson
    assert lesson.wanted == {} and lesson.people["c1"].display is None


async def test_what_a_display_leaves_out_is_refused(school: School) -> None:
    display = await school.joined("classroom", "c1")
    await display.say("display", volume=5)
    assert (await display.until("error"))["code"] == "bad_request"


async def test_nothing_wanted_changes_nothing(school: School) -> None:
    display, remote = await school.joined("classroom", "c1"), await phone(school, "c1")
    await remote.say("remote")
    assert await display.until("remote") == {"t": "remote", **STATE}
    assert school.server.signalling.rooms.rooms["r1"].lesson.people["c1"].hand is False


async def test_a_lesson_that_ends_is_nobodys_any_more(school: School) -> None:
    lead, display = await school.joined("lead"), await school.joined("classroom", "c1")
    remote = await phone(school, "c1")
    await remote.say("remote", local=True, volume=40)
    await display.until("remote")
    await lead.say("end")
    await remote.until("lesson", lambda it: it["lesson"]["state"] == "ended")
    wanted = school.server.signalling.rooms.rooms["r1"].lesson.wanted["c1"]
    assert wanted == Display(volume=40)


async def test_she_sees_her_own_classroom_and_its_numbers(school: School) -> None:
    lead = await school.joined("lead")
    displays = [await school.joined("classroom", id) for id in ("c1", "c2")]
    for page in displays:
        await page.say("stats", loss=0.5)
        await page.since_now()
    remote = await school.page("assistant", "a1", beside="c1")
    assert {it["id"] for it in (await remote.next())["participants"]} == {"lead", "c1", "a1"}
    school.media.say(api.StatsReported("r1", (), {}))
    assert (await remote.until("stats"))["participants"].keys() == {"lead", "c1", "a1"}
    assert (await lead.until("stats"))["participants"].keys() == {"lead", "c1", "c2", "a1"}
