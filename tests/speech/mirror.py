"""A mirror of speech models on this machine, with ranges and with faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirror(ThreadingHTTPServer):
    """:ivar files: path → bytes. :ivar asked: (path, Range header) of all requests.

    :ivar ranges: whether it knows them. :ivar cut: bytes after which answers break off, for so many answers.
    :ivar status: answered to everything when set. :ivar hold: answers wait for it.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.ranges = True
        self.cut: tuple[int, int] = (0, 0)
        self.status = 0
        self.hold: threading.Event | None = None
        self.came = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        mirror, wanted = self.server, self.headers.get("Range", "")
        mirror.asked.append((self.path, wanted))
        mirror.came.set()
        if mirror.hold is not None:
            mirror.hold.wait(30)
        data = mirror.files.get(self.path)
        if data is None or mirror.status:
            self.send_error(mirror.status or 404)
            return
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mirror.ranges else 0
        if begin >= len(data) > 0 and begin:
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        size, times = mirror.cut
        if times and len(data) - begin > size:
            mirror.cut = (size, times - 1)
            self.wfile.write(data[begin : begin + size])
            return
        self.wfile.write(data[begin:])

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def running() -> Iterator[Mirror]:
    mirror = Mirror()
    thread = threading.Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.shutdown()
        mirror.server_close()
        thread.join()
