"""Getting a speech model from a mirror: whole and verified, or not at all.

Half-fetched files lie in `.NAME.part` and are gone on with; the directory gets its name when every file in it has the
checksum that was known before the first byte came.
"""

from __future__ import annotations

import fcntl
import http.client
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from mediaserver.api import UserError
from recorder import files
from recorder.speech import models
from recorder.speech.known import KNOWN, File

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SUM = re.compile(r"([0-9a-fA-F]{64}) [ *](\S+)")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
BLOCK = 1 << 20
TIMEOUT_S = 30.0
TRIES = 4
"""Times that a broken connection is gone on with before a person must ask again."""
SPARE = 256 << 20
"""Bytes that stay free on the disk: lessons are recorded there."""
LONGEST_SUMS = 64 << 10
MOST_FILES = 32


def parse_sums(text: str) -> dict[str, File]:
    """A list as sha256sum writes it; files that no model has are left out. :raises UserError: 422 `bad_sums`."""
    sums: dict[str, File] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        found = _SUM.fullmatch(line.strip())
        if found is None:
            raise UserError(
                422, "bad_sums", f"{line.strip()[:80]!r} is no line of sha256sum's; write HEX, two spaces, FILE."
            )
        name = found[2].removeprefix("./")
        if _FILE.fullmatch(name) and name.endswith((".json", ".txt", ".bin")):
            sums[name] = File(found[1].lower())
    absent = [name for name in models.NEEDED if name not in sums]
    if absent or len(sums) > MOST_FILES:
        raise UserError(422, "bad_sums", f"The list of checksums does not name {', '.join(absent) or 'a model'}.")
    return sums


@dataclass
class Fetch:
    """One model from one mirror.

    :param mirror: `https://host/path`: files lie at `{mirror}/{name}/{file}`. With `{file}` in it it is a pattern, in
        which `{name}`, `{repository}` and `{revision}` may stand too (hubs: see docs/configuration.md).
    :param sums: checksums from elsewhere; by default those known to this program, else the mirror's `SHA256SUMS`.
    :param told: file, bytes that are there, bytes in all (0: unknown), at most once per `BLOCK`.
    """

    name: str
    mirror: str
    models_dir: Path
    sums: Mapping[str, File] | None = None
    told: Callable[[str, int, int], None] = field(default=lambda file, there, of: None)

    def run(self) -> Path:
        """The model's directory; at once when it is there already.

        :raises UserError: 422 `bad_model_name`, `bad_mirror`, `bad_sums`, `wrong_checksum`; 409 `being_fetched`;
            404 `not_on_mirror`; 503 `mirror_unreachable`; 503 `no_space`.
        """
        if not NAME.fullmatch(self.name):
            raise UserError(
                422, "bad_model_name", f"{self.name!r} cannot be the name of a model; take one such as small."
            )
        folder = self.models_dir / self.name
        self.models_dir.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if folder.exists():
                models.check(folder)
                return folder
            self._url("model.bin")
            sums = self.sums or self._known() or self._of_mirror()
            part = self.models_dir / f".{self.name}.part"
            part.mkdir(exist_ok=True)
            for file in part.iterdir():
                if file.name not in sums:
                    file.unlink()
            # The small ones first: a wrong mirror is noticed before the hours that the weights take.
            for name in sorted(sums, key=lambda name: (name == "model.bin", name)):
                self._file(part / name, sums[name])
            files.replace(
                part / models.SUMS, "".join(f"{file.sha256}  {name}\n" for name, file in sorted(sums.items())).encode()
            )
            models.check(part)
            part.rename(folder)
            files.sync_folder(self.models_dir)
        return folder

    def _known(self) -> Mapping[str, File] | None:
        known = KNOWN.get(self.name)
        return known.files if known else None

    def _of_mirror(self) -> Mapping[str, File]:
        try:
            with self._open(models.SUMS, 0) as answer:
                text = answer.read(LONGEST_SUMS + 1)
        except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
            raise _unreachable(models.SUMS, error) from error
        except UserError as error:
            if error.code != "not_on_mirror":
                raise
            raise UserError(
                404,
                "not_on_mirror",
                f"{self.name} is none of {', '.join(KNOWN)}, and {self._url(models.SUMS)} is not there: "
                "without checksums nothing is fetched. Give them with --sums.",
            ) from None
        return parse_sums(text[:LONGEST_SUMS].decode("utf-8", "replace"))

    def _file(self, path: Path, file: File) -> None:
        """What was there before may have been of another version: then once more from the beginning."""
        begun = path.exists()
        self._whole(path, file)
        if models.digest(path) == file.sha256:
            return
        path.unlink()
        if begun:
            self._file(path, file)
            return
        raise UserError(
            422,
            "wrong_checksum",
            f"{path.name} from this mirror is not the file it should be and was thrown away; take another mirror.",
        )

    def _whole(self, path: Path, file: File) -> None:
        """Go on as often as the connection breaks."""
        for attempt in range(1, TRIES + 1):
            try:
                self._rest(path, file)
                return
            except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
                if attempt == TRIES:
                    raise _unreachable(path.name, error) from error
            except OSError as error:
                raise UserError(503, "no_space", f"{path.name} cannot be written: {error}.") from error

    def _rest(self, path: Path, file: File) -> None:
        there = path.stat().st_size if path.exists() else 0
        if there and (there == file.size or models.digest(path) == file.sha256):
            return
        with self._open(path.name, there) as answer:
            if answer.status != 206:
                there = 0
            length = int(answer.headers.get("Content-Length") or 0)
            of = there + length if length else file.size
            if file.size and of > file.size:
                path.unlink(missing_ok=True)
                raise UserError(422, "wrong_checksum", f"{path.name} is larger on this mirror than it should be.")
            self._room(of - there)
            with path.open("ab" if there else "wb") as out:
                while block := answer.read(BLOCK):
                    there += len(block)
                    if of and there > of:
                        break
                    out.write(block)
                    self.told(path.name, there, of)
            if of and there < of:
                raise ConnectionError(f"{of - there} bytes are missing")

    def _room(self, needed: int) -> None:
        free = shutil.disk_usage(self.models_dir).free
        if needed + SPARE > free:
            raise UserError(
                503,
                "no_space",
                f"{needed / 1e6:.0f} MB are to come, {free / 1e6:.0f} MB are free in {self.models_dir}; make room.",
            )

    def _url(self, file: str) -> str:
        known = KNOWN.get(self.name)
        values = {
            "name": self.name,
            "file": file,
            "repository": known.repository if known else self.name,
            "revision": known.revision if known else "main",
        }
        pattern = self.mirror if "{file}" in self.mirror else self.mirror.rstrip("/") + "/{name}/{file}"
        for key, value in values.items():
            pattern = pattern.replace(f"{{{key}}}", quote(value, safe="/"))
        parts = urlsplit(pattern)
        if parts.scheme not in ("http", "https") or not parts.hostname or "{" in pattern:
            raise UserError(
                422, "bad_mirror", "Write the mirror as https://host/path, {file} in it where it is a pattern."
            )
        return pattern

    @contextmanager
    def _open(self, file: str, begin: int) -> Iterator[Any]:
        """An answer 200 or 206 that is about this file from `begin` on, or from its beginning."""
        url = self._url(file)
        request = urllib.request.Request(url, headers={"Range": f"bytes={begin}-"} if begin else {})
        try:
            answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:
                # What is there is as long as the file or longer, and not it.
                with self._open(file, 0) as answer:
                    yield answer
                return
            if error.code in (401, 403, 404, 410):
                raise UserError(
                    404, "not_on_mirror", f"{url} is not there ({error.code}); look at the mirror's address."
                ) from None
            raise ConnectionError(f"{url} answered {error.code}") from None
        except urllib.error.URLError as error:
            raise ConnectionError(f"{url}: {error.reason}") from None
        with closing(answer):
            if answer.status == 206 and not (answer.headers.get("Content-Range") or "").startswith(f"bytes {begin}-"):
                raise ConnectionError(f"{url} sent another part than the one asked for")
            yield answer

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of two that fetch the same model one is refused."""
        lock = self.models_dir / f".{self.name}.lock"
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    409, "being_fetched", f"{self.name} is being fetched by another process; wait for it."
                ) from None
            yield


def _unreachable(file: str, error: Exception) -> UserError:
    return UserError(
        503, "mirror_unreachable", f"{file} did not come ({error}); run the command again, it goes on where it was."
    )
