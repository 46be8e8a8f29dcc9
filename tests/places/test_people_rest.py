"""People, their roles and teachers over HTTP."""

from __future__ import annotations

from signalling.people.accounts import COMMAND
from tests.people.conftest import NOW, PASSWORD, audit_rows, person
from tests.places.conftest import Desk


async def test_somebody_is_made_and_changed(desk: Desk) -> None:
    county = desk.county
    body = {"name": "教师甲", "login": "Jia", "password": PASSWORD, "school": county.lead, "language": "en"}
    made = await desk.ask("POST", "/people", body)
    assert made == {
        "id": made["id"], "name": "教师甲", "login": "jia", "school": county.lead, "school_name": "第一小学",
        "active": True, "language": "en", "issuer": None, "subject": None, "grants": [],
    }  # fmt: skip
    one = f"/people/{made['id']}"
    grant = {"role": "teacher", "kind": "school", "scope": county.lead}
    assert await desk.ask("POST", f"{one}/grants", grant) == {"changed": True}
    assert await desk.ask("POST", f"{one}/grants", grant) == {"changed": False}
    assert (await desk.ask("GET", one))["grants"] == [{**grant, "scope_name": "第一小学"}]
    changed = await desk.ask("PATCH", one, {"name": "教师乙", "language": "zh-CN"})
    assert changed["name"] == "教师乙" and changed["login"] == "jia" and changed["language"] == "zh-CN"
    assert await desk.ask("PUT", f"{one}/password", {"password": "winter-laterne-zug"}) is None
    assert await desk.ask("DELETE", f"{one}/grants", params=grant) == {"changed": True}
    assert (await desk.ask("PATCH", one, {"active": False}))["active"] is False
    actions = [action for _, action, subject, _ in await audit_rows(desk.office.database) if subject == made["id"]]
    assert actions == [
        "person.created", "role.granted", "person.renamed", "person.password", "role.revoked", "person.deactivated",
    ]  # fmt: skip
    rows = str(await audit_rows(desk.office.database))
    assert PASSWORD not in rows and "winter-laterne-zug" not in rows


async def test_the_sign_in_service(desk: Desk) -> None:
    """Without a service of this server, its issuer has to be said."""
    made = await desk.ask("POST", "/people", {"name": "教师甲", "login": "jia"})
    one, issuer = f"/people/{made['id']}", "https://id.example"
    assert await desk.refused("PATCH", one, {"subject": "jia"}) == (400, "bad_subject")
    linked = await desk.ask("PATCH", one, {"issuer": issuer, "subject": "jia"})
    assert (linked["issuer"], linked["subject"]) == (issuer, "jia")
    assert (await desk.ask("PATCH", one, {"name": "教师乙"}))["subject"] == "jia"
    other = await desk.ask("POST", "/people", {"name": "教师甲", "login": "yi"})
    taken = await desk.refused("PATCH", f"/people/{other['id']}", {"issuer": issuer, "subject": "jia"})
    assert taken == (409, "login_taken")
    assert (await desk.ask("PATCH", one, {"subject": ""}))["subject"] is None


async def test_refusals(desk: Desk) -> None:
    made = await desk.ask("POST", "/people", {"name": "教师甲", "login": "jia"})
    assert await desk.refused("POST", "/people", {"name": "教师乙", "login": "jia"}) == (409, "login_taken")
    assert await desk.refused("POST", "/people", {"name": "教师乙", "password": PASSWORD}) == (400, "bad_login")
    assert await desk.refused("POST", "/people", {"name": "教师乙", "language": "de"}) == (400, "bad_request")
    one = f"/people/{made['id']}"
    assert await desk.refused("POST", f"{one}/grants", {"role": "king", "kind": "system"}) == (400, "bad_request")
    assert await desk.refused("POST", f"{one}/grants", {"role": "admin", "kind": "school"}) == (400, "bad_role")
    assert await desk.refused("PUT", f"{one}/password", {"password": "kurz"}) == (400, "weak_password")
    assert await desk.refused("GET", "/people/%00") == (404, "not_found")
    me = (await desk.ask("GET", "/me"))["person"]["id"]
    assert await desk.refused("PUT", f"/people/{me}/password", {"password": "winter-laterne-zug"}) == (403, "forbidden")
    assert await desk.refused("PATCH", f"/people/{me}", {"active": False}) == (409, "last_admin")


async def test_each_sees_her_own(empty_desk: Desk) -> None:
    desk, county = empty_desk, empty_desk.county
    accounts = desk.office.accounts
    lead = await person(accounts, "jia", ("teacher", "school", county.lead), school=county.lead)
    village = await person(accounts, "yi", ("assistant", "school", county.village), school=county.village)
    foreign = await person(accounts, "bing", school=county.foreign)
    nowhere = await person(accounts, "ding")

    async def seen(query: str = "") -> set[str]:
        return {it["id"] for it in (await desk.ask("GET", f"/people{query}"))["items"]}

    planner = await desk.sign_in("plan", ("planner", "school", county.lead), school=county.lead)
    assert await seen() == {lead, planner}
    assert await seen("?q=JIA") == {lead} and await seen("?role=planner") == {planner}
    assert await desk.refused("GET", f"/people/{village}") == (403, "forbidden")
    admin = await desk.sign_in("ost", ("admin", "region", county.county))
    assert await seen() == {lead, planner, village, admin}
    assert await seen(f"?school={county.foreign}") == set()
    chef = await desk.sign_in("chef", ("admin", "system", ""))
    assert await seen() == {lead, planner, village, foreign, nowhere, admin, chef}
    simple = await desk.sign_in("einfach")
    assert await seen() == {simple}


async def test_nobody_gives_more_than_she_has(empty_desk: Desk) -> None:
    desk, county = empty_desk, empty_desk.county
    jia = await person(desk.office.accounts, "jia", school=county.lead)
    chef = await person(desk.office.accounts, "chef", ("admin", "system", ""), school=county.lead)
    await desk.sign_in("leiter", ("admin", "school", county.lead))
    given = {"role": "admin", "kind": "school", "scope": county.lead}
    assert await desk.ask("POST", f"/people/{jia}/grants", given) == {"changed": True}
    for kind, scope in (("system", ""), ("region", county.county), ("school", county.village)):
        over = {"role": "teacher", "kind": kind, "scope": scope}
        assert await desk.refused("POST", f"/people/{jia}/grants", over) == (403, "forbidden")
        assert await desk.refused("DELETE", f"/people/{jia}/grants", params=over) == (403, "forbidden")
    assert await desk.refused("PUT", f"/people/{chef}/password", {"password": "winter-laterne-zug"}) == (
        403,
        "forbidden",
    )
    assert await desk.refused("PATCH", f"/people/{chef}", {"name": "教师丙"}) == (403, "forbidden")
    assert await desk.refused("POST", "/people", {"name": "教师丁"}) == (403, "forbidden")
    assert await desk.refused("POST", "/people", {"name": "教师丁", "school": county.village}) == (403, "forbidden")


async def test_teachers(empty_desk: Desk) -> None:
    desk, county = empty_desk, empty_desk.county
    accounts = desk.office.accounts
    jia = await person(accounts, "jia", ("teacher", "school", county.lead), school=county.lead)
    both = await person(
        accounts, "yi", ("teacher", "school", county.lead), ("assistant", "school", county.village), school=county.lead
    )
    await person(accounts, "pupil", school=county.lead)
    gone = await person(accounts, "weg", ("teacher", "school", county.lead), school=county.lead)
    await accounts.change(NOW, COMMAND, gone, active=False)
    await desk.sign_in("asks", ("teacher", "school", county.foreign))

    async def found(query: str) -> set[str]:
        return {it["id"] for it in (await desk.ask("GET", f"/teachers?{query}"))["items"]}

    assert await found(f"school={county.lead}") == {jia, both}
    assert await found(f"school={county.village}") == {both}
    assert await found("q=yi") == {both}
    assert (await desk.ask("GET", "/teachers?q=jia"))["items"] == [
        {"id": jia, "name": "教师jia", "school": county.lead, "school_name": "第一小学"}
    ]


async def test_ones_own_language(desk: Desk) -> None:
    assert await desk.ask("PATCH", "/me", {"language": "en"}) is None
    assert (await desk.ask("GET", "/me"))["person"]["language"] == "en"
    assert await desk.refused("PATCH", "/me", {"language": "xx"}) == (400, "bad_request")
    assert await desk.ask("PATCH", "/me", {"language": "en"}) is None
    rows = [row for row in await audit_rows(desk.office.database) if row[1] == "person.language"]
    assert [detail for *_, detail in rows] == [{"language": "en"}]
