"""As much of an S3 as a store asks for, in a thread: objects, ranges, uploads in parts, lists, bulk deletes.

It checks no signatures. See the Amazon S3 API reference, "Actions".
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from typing import Any
from xml.sax.saxutils import escape, unescape

from aiohttp import web


class S3:
    """:param bucket: the only one there is."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.port = 0
        self._uploads: dict[str, dict[int, bytes]] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    def __enter__(self) -> S3:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _open(self) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{bucket}", self._handle)
        app.router.add_route("*", "/{bucket}/{key:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def _handle(self, request: web.Request) -> web.Response:
        if request.match_info["bucket"] != self.bucket:
            return _xml("<Error><Code>NoSuchBucket</Code></Error>", 404)
        key = request.match_info.get("key", "")
        body = await request.read()
        query: Any = request.query
        if not key:
            return self._list(query) if request.method == "GET" else self._delete_all(body)
        if request.method == "POST":
            return self._begin(key) if "uploads" in query else self._complete(key, query["uploadId"])
        if request.method == "PUT":
            if "uploadId" in query:
                self._uploads[query["uploadId"]][int(query["partNumber"])] = body
            else:
                self.objects[key] = body
            return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return web.Response(status=204)
        return self._get(request, key)

    def _get(self, request: web.Request, key: str) -> web.Response:
        if key not in self.objects:
            return _xml("<Error><Code>NoSuchKey</Code></Error>", 404)
        data = self.objects[key]
        headers = {"ETag": f'"{hashlib.md5(data).hexdigest()}"', "Last-Modified": "Sun, 01 Nov 2026 08:00:00 GMT"}
        asked = request.http_range
        if asked.start is None:
            return web.Response(body=data, headers=headers)
        end = min(asked.stop if asked.stop is not None else len(data), len(data))
        headers["Content-Range"] = f"bytes {asked.start}-{end - 1}/{len(data)}"
        return web.Response(status=206, body=data[asked.start : end], headers=headers)

    def _list(self, query: Any) -> web.Response:
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size>"
            '<LastModified>2026-11-01T08:00:00.000Z</LastModified><ETag>"x"</ETag></Contents>'
            for key, data in sorted(self.objects.items())
            if key.startswith(query.get("prefix", ""))
        )
        return _xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")

    def _delete_all(self, body: bytes) -> web.Response:
        keys = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body.decode())]
        for key in keys:
            self.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return _xml(f"<DeleteResult>{gone}</DeleteResult>")

    def _begin(self, key: str) -> web.Response:
        upload = f"upload{len(self._uploads)}"
        self._uploads[upload] = {}
        return _xml(
            f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId><Key>{escape(key)}</Key>"
            "</InitiateMultipartUploadResult>"
        )

    def _complete(self, key: str, upload: str) -> web.Response:
        parts = self._uploads.pop(upload)
        self.objects[key] = b"".join(parts[number] for number in sorted(parts))
        return _xml('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>')


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=f'<?xml version="1.0"?>{text}', content_type="application/xml")
