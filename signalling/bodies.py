"""JSON that a request brings, read into a model; what does not fit is one sentence, without the values."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from mediaserver.api import UserError

M = TypeVar("M", bound="Body")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


async def read(request: web.Request, model: type[M]) -> M:
    """No body is read as `{}`.

    Other sites' forms cannot send `application/json`, which is why nothing else is taken.

    :raises UserError: 400 `bad_request`, 415 `not_json`.
    """
    raw = await request.read()
    if raw and request.content_type != "application/json":
        raise UserError(415, "not_json", "The body must be JSON; send it as Content-Type: application/json.")
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        reason = first["msg"][0].lower() + first["msg"][1:]
        raise UserError(400, "bad_request", f"In {where}: {reason}.") from None
