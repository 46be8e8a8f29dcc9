"""What may go wrong with one server without spoiling the figures of the others."""

from __future__ import annotations

import aiohttp

from benchmarks.load.peer import ConnectError
from benchmarks.process import ChildError

FAILURES = (ConnectError, ChildError, TimeoutError, OSError, aiohttp.ClientError)


def told(group: BaseExceptionGroup[BaseException]) -> str:
    """The first error inside of all groups, in one line."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (str(error) or repr(error)).splitlines()[0]
