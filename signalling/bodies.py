"""What a request brings, read into a model; what does not fit is one sentence, without the values."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import typing
from typing import Annotated, Any, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from mediaserver.api import UserError

RECEIVE_S = 30.0
"""Until the whole body is there."""
_PLAIN = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL."""
Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,16}$")]
Short = Annotated[str, StringConstraints(max_length=40, pattern=_PLAIN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_PLAIN)]
Line = Annotated[str, StringConstraints(max_length=500, pattern=_PLAIN)]
Text = Annotated[str, StringConstraints(max_length=2000, pattern=_PLAIN)]


def _day(given: Any) -> dt.date:
    """pydantic alone also takes numbers of seconds, and instants at midnight."""
    if isinstance(given, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
        try:
            return dt.date.fromisoformat(given)
        except ValueError:
            pass
    raise ValueError("input should be a day such as 2026-09-08")


IsoDay = Annotated[dt.date, BeforeValidator(_day)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=True)


class Query(BaseModel):
    """Parameters behind the question mark; a list takes its parameter several times."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)


async def receive(request: web.Request) -> bytes:
    """The whole body, which is kept for the next who asks.

    :raises UserError: 400 `bad_request`: it is not encoded as it says; 408 `too_slow`.
    """
    try:
        async with asyncio.timeout(RECEIVE_S):
            return await request.read()
    except TimeoutError:
        raise UserError(408, "too_slow", "The request took too long to arrive; try again on a better line.") from None
    except (HttpProcessingError, web.RequestPayloadError):
        raise UserError(400, "bad_request", "The body is not encoded as it says; send it as it is.") from None


async def read(request: web.Request, model: type[B]) -> B:
    """No body is read as `{}`.

    Other sites' forms cannot send `application/json`, which is why nothing else is taken.

    :raises UserError: 400 `bad_request`, 408 `too_slow`, 415 `not_json`.
    """
    raw = await receive(request)
    if raw and request.content_type != "application/json":
        raise UserError(415, "not_json", "The body must be JSON; send it as Content-Type: application/json.")
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise _unfit(error, "the body") from None


def read_query(request: web.Request, model: type[Q]) -> Q:
    """:raises UserError: 400 `bad_request`."""
    given: dict[str, str | list[str]] = {}
    for name in set(request.query):
        values = request.query.getall(name)
        field = model.model_fields.get(name)
        many = field is not None and typing.get_origin(field.annotation) in (tuple, list, frozenset)
        if len(values) > 1 and not many:
            raise UserError(400, "bad_request", "A parameter of the address is given twice; give it once.")
        given[name] = values if many else values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _unfit(error, "the address") from None


def _unfit(error: ValidationError, whole: str) -> UserError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or whole
    said = first["msg"].removeprefix("Value error, ")
    reason = said[0].lower() + said[1:]
    return UserError(400, "bad_request", f"In {where}: {reason}.")
