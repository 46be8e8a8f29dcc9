"""The finished files of a recording, put into the store: what `publish` does before it writes rows.

A file's key holds a part of its checksum: what is made anew lies beside what it replaces until the rows name it, so
that at no moment a row and its file differ.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from recorder import room
from recorder.manifest import Output
from recorder.stages.work import Work
from recorder.store import Store

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def key_of(resource: str, output: Output) -> str:
    """Where a finished file lies in the store."""
    suffix = _UNSAFE.sub("", PurePath(output.file).suffix)[:10]
    name = f"{_UNSAFE.sub('_', output.name)[:60]}-{output.sha256[:16]}"
    return f"{resource}/{name}.{suffix}" if suffix else f"{resource}/{name}"


def keep(work: Work, url: str, resource: str) -> None:
    """:param url: of the store. :raises UserError: 503 `disk_full` or `store_unavailable`."""
    store = Store(url)
    store.remove_unfinished(resource)
    kept = {stored.key: stored.bytes for stored in store.list(resource)}
    total = sum(output.bytes for output in work.manifest.outputs) or 1
    done = 0
    for output in work.manifest.outputs:
        key = key_of(resource, output)
        if kept.get(key) != output.bytes:
            if store.folder is not None:
                room.require(store.folder, output.bytes)
            store.put(key, work.folder / output.file)
        done += output.bytes
        work.progress(done / total)


def clear(url: str, resource: str, keys: frozenset[str]) -> None:
    """Remove a resource's files that no row names any more. :raises UserError: as `keep`."""
    store = Store(url)
    for stored in list(store.list(resource)):
        if stored.key not in keys:
            store.remove_file(stored.key)
