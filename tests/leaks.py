"""What keeps servers of a test process alive after they were closed, and is no matter in a process that has but one."""

from __future__ import annotations

import sys


def forget_servers() -> None:
    """aiohttp keeps the latest 1,024 handlers with their middlewares, whose applications hang on them: some 80 servers
    of 10 MB each."""
    if (web_app := sys.modules.get("aiohttp.web_app")) is not None:
        web_app._cached_build_middleware.cache_clear()
