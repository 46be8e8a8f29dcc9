"""What is public: OAI-PMH and RSS, read back as catalogues and feed readers read them."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from signalling.library import oai, openly
from signalling.rest import open_library
from tests.rest.library.conftest import Shelf, add, done, problem, until

OAI, DC = "{http://www.openarchives.org/OAI/2.0/}", "{http://purl.org/dc/elements/1.1/}"
LIST = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SET = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*")


async def ask(shelf: Shelf, method: str = "GET", **arguments: str) -> Element:
    """The answer, checked against what the protocol's schema demands of every one."""
    browser = await shelf.world.browser()
    more: dict[str, Any] = {"params": arguments} if method == "GET" else {"data": arguments}
    answer = await browser.request(method, "/oai", **more)
    assert (answer.status, answer.content_type) == (200, "text/xml")
    root = ElementTree.fromstring(await answer.read())
    assert root.tag == f"{OAI}OAI-PMH"
    assert [child.tag.removeprefix(OAI) for child in root][:2] == ["responseDate", "request"] and len(root) == 3
    assert SECOND.fullmatch(root[0].text or "") and (root[1].text or "").endswith("/oai")
    for header in root.iter(f"{OAI}header"):
        names = [child.tag.removeprefix(OAI) for child in header]
        assert names[:2] == ["identifier", "datestamp"] and set(names[2:]) <= {"setSpec"}
        assert re.fullmatch(r"oai:[a-zA-Z][\w.-]*:\w+", header.findtext(f"{OAI}identifier") or "")
        assert SECOND.fullmatch(header.findtext(f"{OAI}datestamp") or "")
        assert all(SET.fullmatch(it.text or "") for it in header.findall(f"{OAI}setSpec"))
    for record in root.iter(f"{OAI}record"):
        deleted = record[0].get("status") == "deleted"
        assert [child.tag.removeprefix(OAI) for child in record] == ["header"] + ["metadata"] * (not deleted)
    await browser.close()
    return root


def titles(root: Element) -> list[str]:
    return [it.text or "" for it in root.iter(f"{DC}title")]


async def code(shelf: Shelf, **arguments: str) -> str:
    [error] = (await ask(shelf, **arguments)).findall(f"{OAI}error")
    return error.get("code", "")


@pytest.fixture
async def public(shelf: Shelf) -> Shelf:
    """Seven that are public and three that are not."""
    for n in range(7):
        await add(
            shelf.world,
            title=f"公开课{n}",
            rights="public",
            changed=1000 + n // 2,
            points=["分数"],
            licence="CC BY 4.0",
        )
    await add(shelf.world, title="没有公开", rights="province")
    await add(shelf.world, title="还没有好", rights="public", state="processing")
    return shelf


async def test_identify(public: Shelf) -> None:
    root = await ask(public, verb="Identify")
    said = {child.tag.removeprefix(OAI): child.text for child in root[2]}
    assert list(said) == [
        *("repositoryName", "baseURL", "protocolVersion", "adminEmail", "earliestDatestamp", "deletedRecord"),
        "granularity",
    ]
    assert said["protocolVersion"] == "2.0" and said["earliestDatestamp"] == "1970-01-01T00:16:40Z"
    assert root[1].get("verb") == "Identify"


async def test_records_page_by_page(public: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oai, "PAGE", 3)
    found, root = [], await ask(public, **LIST)
    for _ in range(10):
        found += titles(root)
        token = root.find(f".//{OAI}resumptionToken")
        assert token is not None
        if not token.text:
            break
        root = await ask(public, verb="ListRecords", resumptionToken=token.text)
    assert sorted(found) == [f"公开课{n}" for n in range(7)]
    record = next(root.iter(f"{OAI}metadata"))[0]
    said = [(child.tag.removeprefix(DC), child.text) for child in record]
    assert ("creator", "教师甲") in said and ("subject", "分数") in said and ("publisher", "第一小学") in said
    assert ("type", "MovingImage") in said and ("rights", "CC BY 4.0") in said and ("date", "2026-09-08") in said
    assert any(name == "identifier" and "/library#r=" in (text or "") for name, text in said)


async def test_long_texts_are_not_read_for_a_list(public: Shelf) -> None:
    """A hundred textbooks on a page would be some hundred megabytes, for anybody who asks."""
    for n in range(8):
        await add(public.world, title=f"课本{n}", kind="document", rights="public", text="分" * 1_000_000)
    tracemalloc.start()
    assert len((await ask(public, **LIST)).findall(f".//{OAI}record")) == 15
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


async def test_from_until_and_sets(public: Shelf) -> None:
    root = await ask(public, "POST", **LIST, **{"from": "1970-01-01T00:16:41Z", "until": "1970-01-01T00:16:41Z"})
    assert titles(root) == ["公开课2", "公开课3"] or sorted(titles(root)) == ["公开课2", "公开课3"]
    assert len(titles(await ask(public, **LIST, **{"from": "1970-01-01", "until": "1970-01-01"}))) == 7
    sets = [it.text for it in (await ask(public, verb="ListSets")).iter(f"{OAI}setSpec")]
    assert sets == ["region-city", "region-county", "school-s0"]
    for spec in sets:
        root = await ask(public, verb="ListIdentifiers", metadataPrefix="oai_dc", set=spec or "")
        assert len(list(root.iter(f"{OAI}header"))) == 7
    assert await code(public, **LIST, set="school-s1") == "noRecordsMatch"
    assert await code(public, **LIST, set="region-s0") == "noRecordsMatch"
    assert await code(public, **LIST, **{"from": "2100-01-01"}) == "noRecordsMatch"


async def test_one_record(public: Shelf) -> None:
    root = await ask(public, verb="ListIdentifiers", metadataPrefix="oai_dc")
    identifier = root.findtext(f".//{OAI}identifier") or ""
    one = await ask(public, verb="GetRecord", metadataPrefix="oai_dc", identifier=identifier)
    assert one.findtext(f".//{OAI}identifier") == identifier and len(titles(one)) == 1
    formats = await ask(public, verb="ListMetadataFormats", identifier=identifier)
    assert formats.findtext(f".//{OAI}metadataPrefix") == "oai_dc"
    hidden = f"oai:tongke:{public.lesson}"
    for wrong in (hidden, "oai:tongke:", "oai:other:x", "x", "oai:tongke:x'--"):
        assert await code(public, verb="GetRecord", metadataPrefix="oai_dc", identifier=wrong) == "idDoesNotExist"


async def test_what_is_public_no_more_is_deleted(shelf: Shelf) -> None:
    kept, narrowed, never = [await add(shelf.world, title=f"第{n}课", rights="public", changed=900) for n in range(3)]
    clip = await done(
        await shelf.teacher.call(
            "POST", f"/resources/{narrowed}/clips", json={"title": "片段", "starts_ms": 0, "ends_ms": 5000}
        )
    )
    await shelf.set(never, rights="own")
    await done(await shelf.teacher.call("DELETE", f"/resources/{kept}"))
    body = {"version": 1, "rights": "school"}
    await done(await shelf.teacher.call("PATCH", f"/resources/{narrowed}", json=body))
    root = await ask(shelf, verb="ListRecords", metadataPrefix="oai_dc", **{"from": "2020-01-01"})
    headers = {
        (it.findtext(f"{OAI}identifier") or "").rpartition(":")[2]: it.get("status") for it in root.iter(f"{OAI}header")
    }
    assert headers == dict.fromkeys((kept, narrowed, clip["id"]), "deleted") and titles(root) == []
    await done(await shelf.teacher.call("PATCH", f"/resources/{narrowed}", json={"version": 2, "rights": "public"}))
    root = await ask(shelf, verb="ListRecords", metadataPrefix="oai_dc")
    assert titles(root) == ["第1课"]


async def test_requests_that_are_none(public: Shelf) -> None:
    for arguments, expected in (
        ({}, "badVerb"),
        ({"verb": "Delete"}, "badVerb"),
        ({"verb": "ListRecords"}, "badArgument"),
        ({**LIST, "x": "y"}, "badArgument"),
        ({**LIST, "from": "yesterday"}, "badArgument"),
        ({**LIST, "from": "2026-13-01"}, "badArgument"),
        ({**LIST, "from": "2026-01-02", "until": "2026-01-01"}, "badArgument"),
        ({**LIST, "from": "2026-01-01", "until": "2026-01-02T00:00:00Z"}, "badArgument"),
        ({**LIST, "metadataPrefix": "marc21"}, "cannotDisseminateFormat"),
        ({**LIST, "resumptionToken": "x"}, "badArgument"),
        ({"verb": "ListRecords", "resumptionToken": "x"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "W10"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "WzEsMiwzLDQsNV0"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "\ud7ff\0" * 9}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "A" * 5000}, "badResumptionToken"),
        ({"verb": "ListSets", "resumptionToken": "x"}, "badResumptionToken"),
        ({"verb": "GetRecord", "metadataPrefix": "oai_dc"}, "badArgument"),
    ):
        assert await code(public, **arguments) == expected, arguments
    browser = await public.world.browser()
    twice = await (await browser.get("/oai?verb=Identify&verb=Identify")).text()
    assert 'code="badVerb"' in twice
    assert (await browser.get("/oai?" + "&".join(f"a{n}=1" for n in range(500)))).status == 400
    assert (await browser.post("/oai", json={"verb": "Identify"})).status == 415


class TestFeed:
    async def test_of_a_school_and_its_regions(self, public: Shelf) -> None:
        evil = "<script>alert(1)</script> & ]]> \u0007"
        await add(public.world, title=evil, rights="public", published=1_788_000_000, changed=1_788_000_000)
        browser = await public.world.browser()
        for place in ("s0", "county", "city"):
            answer = await browser.get(f"/feeds/library/{place}.rss")
            assert (answer.status, answer.content_type) == (200, "application/rss+xml")
            channel = ElementTree.fromstring(await answer.read())[0]
            items = channel.findall("item")
            assert len(items) == 8 and items[0].findtext("title") == evil.replace("\u0007", "\ufffd")
            assert items[0].findtext("pubDate") == "Sat, 29 Aug 2026 10:40:00 GMT"
            assert all("/library#r=" in (item.findtext("link") or "") for item in items)
            assert channel.findall(".//enclosure") == []
            again = await browser.get(f"/feeds/library/{place}.rss", headers={"If-None-Match": answer.headers["ETag"]})
            assert again.status == 304
        assert (
            ElementTree.fromstring(await (await browser.get("/feeds/library/west.rss")).read())[0].findall("item") == []
        )

    async def test_of_nothing(self, shelf: Shelf) -> None:
        browser = await shelf.world.browser()
        for place in ("nowhere", "..%2f", "x" * 40):
            assert (await browser.get(f"/feeds/library/{place}.rss")).status == 404


async def test_few_are_answered_at_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who is signed in waits for those who read what is public."""
    monkeypatch.setattr(open_library, "WAITING", 0)
    go, begun = asyncio.Event(), []

    async def slow(*_: Any) -> list[Any]:
        begun.append(1)
        await go.wait()
        return []

    monkeypatch.setattr(openly, "newest", slow)
    browser = await shelf.world.browser()
    feed = "/feeds/library/s0.rss"
    held = [asyncio.create_task(browser.get(feed)) for _ in range(open_library.AT_ONCE)]
    await until(lambda: len(begun) == len(held))
    for path in (feed, "/oai?verb=Identify"):
        refused = await browser.get(path)
        assert await problem(refused) == (503, "open_library_busy") and refused.headers["Retry-After"]
    monkeypatch.setattr(open_library, "WAITING", 1)
    held.append(asyncio.create_task(browser.get(feed)))
    go.set()
    assert [answer.status for answer in await asyncio.gather(*held)] == [200] * 3
    assert (await browser.get("/oai?verb=Identify")).status == 200
