"""The built pages: `client_web/dist` as it is on disk now, so that a new build needs no restart.

Assets carry a hash in their name and are cached for ever; pages are asked for each time.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from signalling import access
from signalling.access import Rule

PAGES = {
    "/": "index.html",
    "/studio": "studio.html",
    "/classroom": "classroom.html",
    "/assistant": "assistant.html",
    "/login": "login.html",
    "/home": "home.html",
    "/admin": "admin.html",
    "/timetable": "timetable.html",
    "/lesson": "lesson.html",
    "/ledger": "ledger.html",
    "/library": "library.html",
    "/school": "school.html",
}
DEFAULT_DIR = Path(__file__).resolve().parent.parent / "client_web" / "dist"
IMMUTABLE = "public, max-age=31536000, immutable"

_NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>同课 Tongke</title>
<h1>页面还没有构建</h1><p>服务器正在运行。请在项目目录执行 <code>make demo</code>,或在 <code>client_web</code> 中执行
<code>npm ci &amp;&amp; npm run build</code>,然后刷新本页。</p>
<h1 lang="en">The pages are not built yet</h1><p lang="en">The server runs. Run <code>make demo</code> in the project,
or <code>npm ci &amp;&amp; npm run build</code> in <code>client_web</code>, and reload this page.</p></html>
"""


class Pages:
    def __init__(self, directory: Path | None) -> None:
        self._dir = (directory or DEFAULT_DIR).resolve()

    @property
    def built(self) -> bool:
        return (self._dir / "index.html").is_file()

    def add_routes(self, app: web.Application) -> None:
        for path in PAGES:
            access.add(app, Rule.PUBLIC, "GET", path, self.page)
        access.add(app, Rule.PUBLIC, "GET", "/assets/{file:.+}", self.asset)
        # Icons and the like, which lie beside the pages. Last, because it matches any single name.
        access.add(app, Rule.PUBLIC, "GET", "/{file:[A-Za-z0-9_.-]+}", self.loose)

    async def page(self, request: web.Request) -> web.StreamResponse:
        file = self._dir / PAGES[request.path]
        if not file.is_file():
            return web.Response(status=503, text=_NOT_BUILT, content_type="text/html", headers={"Retry-After": "5"})
        return web.FileResponse(file, headers={"Cache-Control": "no-cache"})

    async def asset(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._dir / "assets", request.match_info["file"], IMMUTABLE)

    async def loose(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._dir, request.match_info["file"], "no-cache")

    def _file(self, directory: Path, name: str, caching: str) -> web.StreamResponse:
        try:
            file = (directory / name).resolve()
            found = file.is_relative_to(directory) and file.is_file()
        except (OSError, ValueError):  # a name with a NUL, or one that is too long
            found = False
        if not found:
            raise web.HTTPNotFound
        return web.FileResponse(file, headers={"Cache-Control": caching})
