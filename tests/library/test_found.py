"""From the bell to a sentence found: a real server, real media, real workers, and the tests' own speech model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from signalling.client.http import tls_context
from signalling.db.engine import Database
from signalling.people import passwords
from tests.bell.conftest import county
from tests.bell.county import County
from tests.library.taught import taught
from tests.people.conftest import PASSWORD, person

__all__ = ["county"]

LASTS_S = 10
PLAN = ((1.0, "现在开始上课"), (4.0, "勾股定理"), (7.0, "谢谢大家"))


async def test_what_was_said_is_found_at_its_second(
    database: Database, county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PARAMETERS", {"time_cost": 1, "memory_cost": 8, "parallelism": 1})
    async with taught(tmp_path, database, county, PLAN, LASTS_S) as lesson:
        server = lesson.server
        assert server.ca_file is not None
        await person(server.signalling.people.accounts, "staff", ("staff", "system", ""))
        connector = aiohttp.TCPConnector(ssl=tls_context([server.ca_file]))
        async with aiohttp.ClientSession(server.url, connector=connector) as http:
            signed_in = await http.post("/api/v1/login", json={"login": "staff", "password": PASSWORD})
            assert signed_in.status == 200

            async def ask(path: str) -> Any:
                answer = await http.get(f"/api/v1{path}")
                assert answer.status == 200, await answer.text()
                return await answer.json()

            [found] = (await ask("/library/search?q=勾股定理"))["items"]
            assert found["id"] == lesson.resource
            assert (await ask("/library/search?q=光合作用"))["total"] == 0, "nobody said it"
            whole = await ask(f"/resources/{lesson.resource}")
            tracks = {track["name"]: track for track in whole["tracks"]}
            assert set(tracks) == {"camera", "screen"} and whole["state"] == "published"
            [spoken] = found["spoken"]
            said = [it["starts_ms"] for it in (await ask(f"/resources/{lesson.resource}/transcript"))["lines"]]
            assert spoken["at_ms"] in said
            assert spoken["at_ms"] - said[0] == pytest.approx(3000, abs=1000)
            camera = tracks["camera"]["url"]
            piece = await http.get(camera, headers={"Range": "bytes=0-99"})
            assert piece.status == 206 and len(await piece.read()) == 100
            (tmp_path / "camera").write_bytes(await (await http.get(camera)).read())
            with av.open(str(tmp_path / "camera")) as container:
                assert {stream.type for stream in container.streams} == {"audio", "video"}
                assert (container.duration or 0) / 1e6 > LASTS_S - 2
            assert "勾股定理" in await (await http.get(whole["captions"][0]["url"])).text()
