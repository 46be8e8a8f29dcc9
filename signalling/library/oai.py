"""OAI-PMH 2.0 (http://www.openarchives.org/OAI/openarchivesprotocol.html): catalogues elsewhere list what is public.

Resumption tokens say where the list goes on and hold nothing here; who forges one lists what he could list anyway.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sqlalchemy.ext.asyncio import AsyncSession

from signalling.library import dublin_core, openly
from signalling.library.dublin_core import add
from signalling.library.openly import Item, Place
from signalling.people.scopes import is_id

PAGE = 100
CONTENT_TYPE = "text/xml"
PREFIX = "oai_dc"
_OAI = "http://www.openarchives.org/OAI/2.0/"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA_DC = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LISTS = {"metadataPrefix": True, "from": False, "until": False, "set": False}
_ARGUMENTS: dict[str, dict[str, bool]] = {
    "Identify": {},
    "ListMetadataFormats": {"identifier": False},
    "ListSets": {"resumptionToken": False},
    "ListIdentifiers": _LISTS,
    "ListRecords": _LISTS,
    "GetRecord": {"identifier": True, "metadataPrefix": True},
}
"""Verb → argument → whether it is required."""

for _prefix, _space in (("", _OAI), ("oai_dc", _OAI_DC), ("dc", dublin_core.DC), ("xsi", _XSI)):
    ElementTree.register_namespace(_prefix, _space)


class Refused(Exception):
    """:ivar code: of §3.6."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Repository:
    """:ivar base: its address. :ivar origin: of this server. :ivar host: in identifiers, the same by whatever name the
    server is called."""

    name: str
    base: str
    origin: str
    host: str


@dataclass(frozen=True, slots=True)
class Wanted:
    since: int | None = None
    until: int | None = None
    set: str = ""
    after: openly.Mark | None = None


async def answer(session: AsyncSession, at: Repository, given: Sequence[tuple[str, str]], now: float) -> bytes:
    """:param given: arguments as they came."""
    root = Element(f"{{{_OAI}}}OAI-PMH", {f"{{{_XSI}}}schemaLocation": f"{_OAI} {_OAI}OAI-PMH.xsd"})
    add(root, f"{{{_OAI}}}responseDate", _second(int(now)))
    asked = add(root, f"{{{_OAI}}}request", at.base)
    try:
        verb, arguments = _read(given)
        body = Element(f"{{{_OAI}}}{verb}")
        await _VERBS[verb](session, at, arguments, body)
    except Refused as error:
        add(root, f"{{{_OAI}}}error", str(error), code=error.code)
        if error.code not in ("badVerb", "badArgument"):
            _repeat(asked, given)
    else:
        _repeat(asked, given)
        root.append(body)
    return dublin_core.write(root)


def _repeat(asked: Element, given: Sequence[tuple[str, str]]) -> None:
    for name, value in given:
        asked.set(name, dublin_core.clean(value))


def _read(given: Sequence[tuple[str, str]]) -> tuple[str, dict[str, str]]:
    verbs = [value for name, value in given if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in _ARGUMENTS:
        raise Refused("badVerb", "There is one verb in a request: " + ", ".join(_ARGUMENTS))
    [verb] = verbs
    arguments = {name: value for name, value in given if name != "verb"}
    if len(arguments) + 1 < len(given):
        raise Refused("badArgument", "An argument is given twice")
    known = _ARGUMENTS[verb]
    if known is _LISTS and "resumptionToken" in arguments:
        if len(arguments) > 1:
            raise Refused("badArgument", "A resumptionToken is the only argument")
        return verb, arguments
    unknown = sorted(set(arguments) - set(known))
    missing = [name for name, required in known.items() if required and name not in arguments]
    if unknown or missing:
        raise Refused("badArgument", "Wrong or missing: " + ", ".join((*unknown, *missing)))
    return verb, arguments


# ---------------------------------------------------------------- verbs


async def _identify(session: AsyncSession, at: Repository, given: Mapping[str, str], body: Element) -> None:
    for name, text in (
        ("repositoryName", at.name),
        ("baseURL", at.base),
        ("protocolVersion", "2.0"),
        ("adminEmail", f"postmaster@{at.host}"),  # RFC 5321 §4.5.1: every mail domain has one
        ("earliestDatestamp", _second(await openly.earliest(session) or 0)),
        ("deletedRecord", "persistent"),
        ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
    ):
        add(body, f"{{{_OAI}}}{name}", text)


async def _formats(session: AsyncSession, at: Repository, given: Mapping[str, str], body: Element) -> None:
    if "identifier" in given:
        await _one(session, at, given["identifier"])
    format = add(body, f"{{{_OAI}}}metadataFormat")
    for name, text in (("metadataPrefix", PREFIX), ("schema", _SCHEMA_DC), ("metadataNamespace", _OAI_DC)):
        add(format, f"{{{_OAI}}}{name}", text)


async def _sets(session: AsyncSession, at: Repository, given: Mapping[str, str], body: Element) -> None:
    if "resumptionToken" in given:
        raise Refused("badResumptionToken", "The list of sets is given at once")
    for place in await openly.places(session):
        one = add(body, f"{{{_OAI}}}set")
        add(one, f"{{{_OAI}}}setSpec", f"{place.kind}-{place.id}")
        add(one, f"{{{_OAI}}}setName", place.name)
    if not len(body):
        raise Refused("noSetHierarchy", "Nothing is public yet")


async def _identifiers(session: AsyncSession, at: Repository, given: Mapping[str, str], body: Element) -> None:
    await _list(session, at, given, body, whole=False)


async def _records(session: AsyncSession, at: Repository, given: Mapping[str, str], body: Element) -> None:
    await _list(session, at, given, body, whole=True)


async def _record(session: AsyncSession, at: Repository, given: Mapping[str, str], body: Element) -> None:
    item = await _one(session, at, given["identifier"])
    _require_format(given["metadataPrefix"])
    _add_record(body, at, item)


_VERBS = {
    "Identify": _identify,
    "ListMetadataFormats": _formats,
    "ListSets": _sets,
    "ListIdentifiers": _identifiers,
    "ListRecords": _records,
    "GetRecord": _record,
}


async def _list(session: AsyncSession, at: Repository, given: Mapping[str, str], body: Element, *, whole: bool) -> None:
    token = given.get("resumptionToken")
    wanted = _wanted(given) if token is None else _resumed(token)
    of = await _place(session, wanted.set) if wanted.set else None
    found = await openly.listed(session, PAGE + 1, wanted.after, wanted.since, wanted.until, of)
    if not found:
        raise Refused("noRecordsMatch", "Nothing that is public is like this")
    for item in found[:PAGE]:
        if whole:
            _add_record(body, at, item)
        else:
            _add_header(body, at, item)
    if len(found) > PAGE:
        last = found[PAGE - 1].row
        add(body, f"{{{_OAI}}}resumptionToken", _token(wanted, (last.changed, last.id)))
    elif token is not None:
        add(body, f"{{{_OAI}}}resumptionToken")  # §3.5: the list that was resumed ends with an empty one


def _wanted(given: Mapping[str, str]) -> Wanted:
    _require_format(given["metadataPrefix"])
    since, until = given.get("from"), given.get("until")
    if since is not None and until is not None and (len(since) != len(until) or since > until):
        raise Refused("badArgument", "from and until are of one granularity, and from is not later")
    return Wanted(
        _instant(since) if since is not None else None,
        _instant(until, last=True) if until is not None else None,
        given.get("set", ""),
    )


def _require_format(prefix: str) -> None:
    if prefix != PREFIX:
        raise Refused("cannotDisseminateFormat", f"There is {PREFIX} alone")


async def _place(session: AsyncSession, spec: str) -> Place:
    kind, _, id = spec.partition("-")
    place = await openly.place(session, id) if is_id(id) else None
    if place is None or place.kind != kind:
        raise Refused("noRecordsMatch", "There is no such set")
    return place


async def _one(session: AsyncSession, at: Repository, identifier: str) -> Item:
    id = identifier.removeprefix(f"oai:{at.host}:")
    item = await openly.one(session, id) if id != identifier and is_id(id) else None
    if item is None:
        raise Refused("idDoesNotExist", "Nothing that is public has this identifier")
    return item


# ---------------------------------------------------------------- records


def _add_header(parent: Element, at: Repository, item: Item) -> None:
    header = add(parent, f"{{{_OAI}}}header", **({"status": "deleted"} if item.gone else {}))
    add(header, f"{{{_OAI}}}identifier", f"oai:{at.host}:{item.row.id}")
    add(header, f"{{{_OAI}}}datestamp", _second(item.row.changed))
    if item.row.school:
        add(header, f"{{{_OAI}}}setSpec", f"school-{item.row.school}")
    for region in item.path:
        add(header, f"{{{_OAI}}}setSpec", f"region-{region}")


def _add_record(parent: Element, at: Repository, item: Item) -> None:
    record = add(parent, f"{{{_OAI}}}record")
    _add_header(record, at, item)
    if item.gone:
        return
    metadata = add(record, f"{{{_OAI}}}metadata")
    dc = ElementTree.SubElement(metadata, f"{{{_OAI_DC}}}dc", {f"{{{_XSI}}}schemaLocation": f"{_OAI_DC} {_SCHEMA_DC}"})
    dublin_core.add_elements(dc, item, at.origin)


# ---------------------------------------------------------------- times and tokens


def _second(at: int) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(text: str, *, last: bool = False) -> int:
    """:param last: of a day its last second."""
    try:
        if _DAY.fullmatch(text):
            day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)
            return int(day.timestamp()) + (86_399 if last else 0)
        if _SECOND.fullmatch(text):
            return int(dt.datetime.fromisoformat(text).timestamp())
    except ValueError:
        pass
    raise Refused("badArgument", "Times are written as 2026-09-08 or 2026-09-08T08:00:00Z")


def _token(wanted: Wanted, after: openly.Mark) -> str:
    text = json.dumps([wanted.since, wanted.until, wanted.set, *after], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _resumed(token: str) -> Wanted:
    try:
        said: Any = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) if len(token) < 400 else None
        since, until, set, changed, id = said
        numbers = [number for number in (since, until) if number is not None] + [changed]
        if all(type(number) is int and abs(number) < 2**53 for number in numbers) and type(set) is str and is_id(id):
            return Wanted(since, until, set, (changed, id))
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise Refused("badResumptionToken", "This token is none of this repository; begin the list anew")
