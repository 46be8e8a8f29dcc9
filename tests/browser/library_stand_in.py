"""A server that speaks as much of the library's contract as its page asks for, over one lesson with real files.

It holds what it is told in memory. The same answers come from the real routes: only the fixture knows which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from signalling.app import _headers
from signalling.pages import PAGES, Pages
from tests.browser import library_media

LESSON, ROUGH, BARE, WORK, PAPER, LINK = "lesson1", "video1", "lesson2", "video2", "paper1", "link1"
TITLE = "五年级数学《分数的意义》"
LENGTH_MS = 12_000
LINES = (
    (500, 2500, "同学们好，今天我们学习分数的意义"),
    (3000, 5000, "把一个圆平均分成四份"),
    (5500, 7500, "每一份是它的四分之一"),
    (8000, 9500, "分数线下面的数叫分母"),
    (10_000, 11_500, "下课，同学们再见"),
)
COUNTED = ("subject", "grade", "kind", "form")
FACTS: dict[str, Any] = {
    **{"description": "", "subject": "数学", "grade": "五年级", "term": "", "textbook": "人教版", "licence": ""},
    **{"unit": "分数的意义和性质", "points": ["分数", "单位“1”"], "form": "delivered", "teacher": "p1", "school": "s1"},
    **{"teacher_name": "教师甲", "school_name": "第一小学", "region": "r1", "day": "2026-03-05", "language": "zh-CN"},
    **{"rights": "county", "kept": False},
    **{"lesson": None, "of": None, "starts_ms": 0, "ends_ms": 0, "length_ms": 0, "url": "", "note": "", "made": 0},
    **{"changed": 0, "published": 0, "version": 1, "place_ms": None, "tracks": [], "poster": "", "captions": []},
    **{"download": "", "slides": [], "chapters": [], "gaps": [], "strip": None, "clips": []},
    "may": {"edit": True, "remove": True, "clip": True, "comment": True, "correct": True},
}
ME = {
    "person": {"id": "p1", "name": "教师甲", "login": "teacher", "language": "zh-CN", "school": "s1"},
    "grants": [{"role": "teacher", "kind": "school", "scope": "s1"}],
    "may": {right: [{"kind": "system", "scope": ""}] for right in ("library.read", "library.add")},
    "csrf": "token",
}


def stamp(ms: int) -> str:
    return f"00:{ms // 60_000:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def problem(status: int, code: str) -> web.Response:
    body = {"type": "about:blank", "status": status, "code": code, "detail": "Say it otherwise."}
    return web.json_response(body, status=status, content_type="application/problem+json")


def marks(text: str, words: str) -> list[list[int]]:
    at = text.find(words) if words else -1
    return [[at, at + len(words)]] if at >= 0 else []


class StandIn:
    """:ivar asked: the questions of the search, as they came. :ivar places: where people stopped, as they came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.asked: list[dict[str, str]] = []
        self.about = False
        self.places: list[int] = []
        self.uploaded: list[bytes] = []
        self.down = False
        self._comments: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = [
            {"number": number, "starts_ms": starts, "ends_ms": ends, "text": text, "words": [], "speaker": ""}
            for number, (starts, ends, text) in enumerate(LINES)
        ]
        for line in self.lines:
            line["version"] = 1
        self.resources = self._seed()

    def _seed(self) -> dict[str, dict[str, Any]]:
        media = self._folder
        library_media.video(media / "camera", 12, "T", (30, 60, 120), sound=True)
        library_media.video(media / "screen", 7, "S", (120, 50, 40), sound=False)
        for name, colour in (("poster", (30, 60, 120)), ("slide-1", (20, 110, 60)), ("slide-2", (110, 60, 120))):
            library_media.picture(media / name, name[-1], colour)
        library_media.strip(media / "strip", 4, 3)
        files = f"/library/files/{LESSON}"
        thumbs = {"width": 160, "height": 90}
        sizes = {"width": 320, "height": 180, "media_type": "video/webm"}
        made: list[dict[str, Any]] = [
            {
                **{"id": LESSON, "kind": "lesson", "state": "published", "title": TITLE, "length_ms": LENGTH_MS},
                "tracks": [
                    {"name": "camera", "url": f"{files}/camera", "offset_ms": 0, "length_ms": 12_000, **sizes},
                    {"name": "screen", "url": f"{files}/screen", "offset_ms": 2_000, "length_ms": 7_000, **sizes},
                ],
                "poster": f"{files}/poster",
                "captions": [{"language": "zh", "url": f"{files}/captions.vtt?language=zh", "label": "中文"}],
                "download": f"{files}/whole",
                "slides": [
                    {"at_ms": 2000, "image": f"{files}/slide-1", "text": "分数的意义"},
                    {"at_ms": 6000, "image": f"{files}/slide-2", "text": "分子与分母"},
                ],
                "chapters": [{"at_ms": 0, "title": "导入"}, {"at_ms": 5500, "title": "四分之一"}],
                "gaps": [{"starts_ms": 9_600, "ends_ms": 9_900, "why": "network"}],
                "strip": {"url": f"{files}/strip", "columns": 4, "rows": 3, "every_ms": 1000, **thumbs},
            },
            {"id": ROUGH, "kind": "video", "state": "failed", "title": "三年级语文《荷花》", "subject": "语文"},
            {"id": WORK, "kind": "video", "state": "processing", "title": "四年级科学《电路》", "subject": "科学"},
            {
                **{"id": PAPER, "kind": "document", "state": "published", "title": "分数练习"},
                "slides": [{"at_ms": at, "image": "", "text": text} for at, text in ((0, "一、填空"), (1, "二、选择"))],
                "download": f"{files}/poster",
            },
            {"id": LINK, "kind": "link", "state": "published", "title": "教研网站", "url": "https://example.org/a"},
            {
                **{
                    "id": BARE,
                    "kind": "lesson",
                    "state": "published",
                    "title": "二年级音乐《小雨沙沙》",
                    "note": "no_model",
                },
                **{"subject": "音乐", "length_ms": LENGTH_MS, "may": dict.fromkeys(FACTS["may"], False)},
                "tracks": [{"name": "camera", "url": f"{files}/camera", "offset_ms": 0, "length_ms": 12_000, **sizes}],
            },
        ]
        return {it["id"]: {**FACTS, **it} for it in made}

    def app(self) -> web.Application:
        app = web.Application()
        app.on_response_prepare.append(_headers)
        pages, api = Pages(None), "/api/v1"
        for path in PAGES:
            app.router.add_get(path, pages.page)
        app.router.add_get("/assets/{file:.+}", pages.asset)
        known: dict[str, Callable[[web.Request], Any]] = {
            "/me": lambda request: ME,
            "/notices/count": lambda request: {"unread": 0},
            "/schools/{id}": lambda request: {"name": "第一小学"},
            "/forms": lambda request: [{"code": "delivered", "zh": "专递课堂", "en": "delivered classroom"}],
            "/library/search": self.search,
            "/library/suggest": self.suggest,
            "/library/mine": self.mine,
            "/resources/{id}": lambda request: self._one(request),
            "/resources/{id}/transcript": self.transcript,
            "/resources/{id}/comments": lambda request: {"items": self._comments, "next": None},
            "/resources/{id}/stages": self.stages,
        }
        for path, answer in known.items():
            app.router.add_get(api + path, self._answering(answer))
        resource = f"{api}/resources/{{id}}"
        app.router.add_patch(f"{resource}/transcript/{{line}}", self.correct)
        app.router.add_post(f"{resource}/comments", self.comment)
        app.router.add_delete(f"{resource}/comments/{{comment}}", self.uncomment)
        app.router.add_put(f"{resource}/place", self.place)
        app.router.add_post(f"{resource}/clips", self.clip)
        app.router.add_patch(resource, self.change)
        app.router.add_delete(resource, self.remove)
        app.router.add_post(f"{api}/resources/upload", self.upload)
        app.router.add_get("/library/files/{id}/captions.vtt", self.captions)
        app.router.add_get("/library/files/{id}/{name}", self.file)
        return app

    def _answering(self, answer: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if self.down:
                return problem(503, "database_unavailable")
            return web.json_response(answer(request))

        return handle

    def _one(self, request: web.Request) -> dict[str, Any]:
        found = self.resources.get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(text='{"code": "not_found"}', content_type="application/problem+json")
        return {**found, "clips": [self._span(it) for it in self.resources.values() if it["of"] == found["id"]]}

    @staticmethod
    def _span(it: dict[str, Any]) -> dict[str, Any]:
        return {name: it[name] for name in ("id", "title", "starts_ms", "ends_ms")}

    def search(self, request: web.Request) -> dict[str, Any]:
        query = dict(request.query)
        self.asked.append(query)
        q = query.get("q", "")
        chosen = {name: request.query.getall(name) for name in COUNTED if name in request.query}

        def found(but: str = "") -> Sequence[dict[str, Any]]:
            wanted = {name: values for name, values in chosen.items() if name != but}
            shown = [it for it in self.resources.values() if it["state"] == "published"]
            fits = [it for it in shown if all(it[name] in values for name, values in wanted.items())]
            return [it for it in (self._item(one, q) for one in fits) if it is not None]

        items = found()
        facets = {name: self._counted([it[name] for it in found(name) if it[name]]) for name in COUNTED}
        told = {"total": len(items), "took_ms": 3.2, "did_you_mean": "", "about": self.about}
        return {**told, "items": items, "facets": facets}

    def _item(self, it: dict[str, Any], q: str) -> dict[str, Any] | None:
        lines = self.lines if it["id"] == LESSON and q else []
        spoken = [
            {"at_ms": line["starts_ms"], "text": line["text"], "marks": marks(line["text"], q)}
            for line in lines
            if q in line["text"]
        ]
        slides = [{**it, "marks": marks(it["text"], q)} for it in it["slides"] if q and it["image"] and q in it["text"]]
        if q and q not in it["title"] and not spoken and not slides:
            return None
        copied = ("id", "kind", "title", "subject", "grade", "form", "unit", "day", "length_ms", "poster")
        return {
            **{name: it[name] for name in copied},
            **{"title_marks": marks(it["title"], q), "teacher": it["teacher_name"], "school": it["school_name"]},
            **{"snippet": it["unit"], "snippet_marks": marks(it["unit"], q)},
            **{"spoken": spoken[:3], "slides": slides[:2]},
        }

    @staticmethod
    def _counted(values: Sequence[str]) -> list[dict[str, Any]]:
        return [{"value": it, "label": it, "count": values.count(it)} for it in dict.fromkeys(values)]

    def suggest(self, request: web.Request) -> dict[str, Any]:
        q = request.query.get("q", "")
        known = [("分数", "point"), (TITLE, "title"), ("数学", "subject"), ("教师甲", "teacher")]
        return {"items": [{"text": text, "kind": kind} for text, kind in known if q in text]}

    def mine(self, request: web.Request) -> dict[str, Any]:
        def card(it: dict[str, Any]) -> dict[str, Any]:
            names = ("id", "kind", "state", "title", "subject", "grade", "day", "length_ms", "poster", "place_ms")
            return {**{name: it[name] for name in names}, "teacher": it["teacher_name"], "school": it["school_name"]}

        stopped = [card(it) for it in self.resources.values() if it["place_ms"] is not None]
        return {"added": [card(self.resources[WORK])], "taught": [], "stopped": stopped}

    def transcript(self, request: web.Request) -> dict[str, Any]:
        it = self.resources[request.match_info["id"]]
        return {"language": "zh-CN", "model": "", "lines": [] if it["note"] else self.lines}

    def stages(self, request: web.Request) -> list[dict[str, Any]]:
        def stage(name: str, state: str, progress: int = 0, detail: str = "") -> dict[str, Any]:
            rest = {"tries": 1, "began": 0, "ended": None, "error": "bad_media" if detail else ""}
            return {"name": name, "state": state, "progress": progress, "detail": detail, **rest}

        if request.match_info["id"] == ROUGH:
            return [
                stage("ingest", "given_up", detail="The file is damaged; export it again."),
                stage("pictures", "waiting"),
            ]
        return [stage("ingest", "done", 1000), stage("pictures", "running", 420), stage("transcript", "waiting")]

    async def correct(self, request: web.Request) -> web.Response:
        body, line = await request.json(), self.lines[int(request.match_info["line"])]
        if body["version"] != line["version"]:
            return problem(409, "changed_meanwhile")
        line.update(text=body["text"], version=body["version"] + 1)
        return web.json_response(line)

    async def comment(self, request: web.Request) -> web.Response:
        body = await request.json()
        rest = {"person": "p1", "name": "教师甲", "made": 0, "mine": True, "may_remove": True}
        self._comments.append({"id": f"c{len(self._comments)}", **body, **rest})
        return web.json_response(self._comments[-1], status=201)

    async def uncomment(self, request: web.Request) -> web.Response:
        self._comments = [it for it in self._comments if it["id"] != request.match_info["comment"]]
        return web.Response(status=204)

    async def place(self, request: web.Request) -> web.Response:
        at_ms = (await request.json())["at_ms"]
        self.places.append(at_ms)
        self.resources[request.match_info["id"]]["place_ms"] = at_ms
        return web.Response(status=204)

    async def clip(self, request: web.Request) -> web.Response:
        body, origin = await request.json(), self.resources[request.match_info["id"]]
        id = f"clip{len(self.resources)}"
        length = body["ends_ms"] - body["starts_ms"]
        self.resources[id] = {**origin, **body, "id": id, "kind": "clip", "of": origin["id"], "length_ms": length}
        return web.json_response({"id": id}, status=201)

    async def change(self, request: web.Request) -> web.Response:
        body, it = await request.json(), self.resources[request.match_info["id"]]
        if body.pop("version") != it["version"]:
            return problem(409, "changed_meanwhile")
        it.update(body, version=it["version"] + 1)
        return web.json_response({"version": it["version"]})

    async def remove(self, request: web.Request) -> web.Response:
        del self.resources[request.match_info["id"]]
        return web.Response(status=204)

    async def upload(self, request: web.Request) -> web.Response:
        assert request.headers["X-CSRF-Token"] == "token" and request.headers["Idempotency-Key"]
        self.uploaded.append(await request.read())
        id = f"up{len(self.uploaded)}"
        said = {name: value for name, value in request.query.items() if name != "name"}
        self.resources[id] = {**FACTS, **said, "id": id, "kind": "video", "state": "processing"}
        return web.json_response({"id": id}, status=201)

    async def captions(self, request: web.Request) -> web.Response:
        cues = [f"{stamp(it['starts_ms'])} --> {stamp(it['ends_ms'])}\n{it['text']}" for it in self.lines]
        return web.Response(text="\n\n".join(["WEBVTT", *cues]), content_type="text/vtt")

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        kind = "video/webm" if name in ("camera", "screen", "whole") else "image/jpeg"
        return web.FileResponse(self._folder / ("camera" if name == "whole" else name), headers={"Content-Type": kind})
