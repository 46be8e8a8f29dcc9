"""Calendar feeds over HTTP: the URL is the key."""

from __future__ import annotations

from icalendar import Calendar
from yarl import URL

from signalling.db.people import Person
from tests.booking.county import TUESDAY, WEEKLY, at
from tests.rest.conftest import OpenOffice
from tests.rest.office import Office, body, plan


async def events(office: Office, url: str) -> list[dict[str, object]]:
    answer = await office.http.get(URL(url).path)
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(await answer.read()).walk("VEVENT"))


async def test_my_feed(office: Office) -> None:
    planner, teacher = await office.page("p0"), await office.page("t0")
    made = await planner.post("/bookings", body(plan=plan(rule=WEEKLY)))
    url = (await teacher.post("/me/feed"))["url"]
    assert url.startswith(str(office.http._base_url)) and url.endswith(".ics")
    first, *others = await events(office, url)
    assert len(others) == 2
    assert first["UID"] == f"{made['lessons'][0]}@tongke" and first["SUMMARY"] == "数学：三年级数学"
    assert first["DTSTART"].dt.timestamp() == at(TUESDAY, 8)
    assert first["LOCATION"] == "第一小学 主讲教室、第一村小 接收教室、第二村小 接收教室"
    assert first["SEQUENCE"] == 0 and first["URL"].endswith(f"/timetable#lesson={made['lessons'][0]}")
    path = URL(url).path
    answer = await office.http.get(path)
    for tags in (answer.headers["ETag"], f'"x", W/{answer.headers["ETag"]}'):
        again = await office.http.get(path, headers={"If-None-Match": tags})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == answer.headers["ETag"]
    office.clock.now += 60
    await planner.post(f"/lessons/{made['lessons'][0]}/cancel", {"reason": "停电"})
    changed = await office.http.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status == 200
    first, *_ = await events(office, url)
    assert (first["STATUS"], first["SEQUENCE"]) == ("CANCELLED", 1)
    assert first["LAST-MODIFIED"].dt.timestamp() == office.clock.now
    renewed = (await teacher.post("/me/feed"))["url"]
    assert renewed != url and (await office.http.get(path)).status == 404
    assert len(await events(office, renewed)) == 3
    assert (await teacher.raw("DELETE", "/me/feed")).status == 204
    assert (await office.http.get(URL(renewed).path)).status == 404


async def test_whoever_leaves_has_no_feed(office: Office) -> None:
    url = (await (await office.page("t0")).post("/me/feed"))["url"]
    async with office.database.write() as session:
        (await session.get_one(Person, "t0")).active = False
    assert (await office.http.get(URL(url).path)).status == 404


async def test_feeds_of_places(office: Office) -> None:
    planner, village = await office.page("p0"), await office.page("p1")
    await planner.post("/bookings", body(plan=plan(rule=WEEKLY)))
    school = (await village.get("/schools/s1/feed"))["url"]
    room = (await (await office.page("a1")).get("/classrooms/r1/feed"))["url"]
    for url in (school, room):
        assert len(await events(office, url)) == 3
    assert (await village.get("/schools/s1/feed"))["url"] == school
    assert (await office.http.get(URL(school.replace("/s1/", "/s2/")).path)).status == 404
    assert (await office.http.get(URL(room.replace("classroom/r1", "school/s1")).path)).status == 404
    assert (await office.http.get("/api/v1/feeds/school/%00/x.ics")).status == 404
    assert (await village.raw("DELETE", "/schools/s1/feed")).status == 204
    assert (await office.http.get(URL(school).path)).status == 404
    assert len(await events(office, (await village.get("/schools/s1/feed"))["url"])) == 3
    assert (await village.raw("DELETE", "/classrooms/r1/feed")).status == 204
    assert (await office.http.get(URL(room).path)).status == 404


async def test_the_public_name(open_office: OpenOffice) -> None:
    office = await open_office(http={"public_url": "https://tongke.school.example"})
    await (await office.page("p0", "__Host-tongke")).post("/bookings", body())
    url = (await (await office.page("t0", "__Host-tongke")).post("/me/feed"))["url"]
    assert url.startswith("https://tongke.school.example/api/v1/feeds/person/")
    (event,) = await events(office, url)
    assert str(event["UID"]).endswith("@tongke.school.example")
