"""`tongke models`: whole and verified, or not at all."""

from __future__ import annotations

import os
import shutil
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediaserver.api import UserError
from recorder.speech import fetch, known, models
from recorder.speech.fetch import Fetch, parse_sums
from recorder.speech.known import File, Known
from signalling.cli import doctor, main
from signalling.config import Config
from tests.asr.phrases import MODEL
from tests.speech.mirror import Mirror, running

SUMS = "".join(f"{models.digest(file)}  {file.name}\n" for file in sorted(MODEL.iterdir()))


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with running() as mirror:
        mirror.files = {f"/ours/{file.name}": file.read_bytes() for file in MODEL.iterdir()}
        mirror.files["/ours/SHA256SUMS"] = SUMS.encode()
        yield mirror


@pytest.fixture
def there(tmp_path) -> Path:
    return tmp_path / "models"


def refused(code: str, made: Fetch) -> UserError:
    with pytest.raises(UserError) as caught:
        made.run()
    assert caught.value.code == code
    assert models.installed(made.models_dir) == [], "nothing half-fetched is used"
    return caught.value


def test_a_model_is_fetched_and_can_be_loaded(mirror, there):
    from recorder.speech.recogniser import Recogniser

    told: list[tuple[str, int, int]] = []
    folder = Fetch("ours", mirror.url, there, told=lambda *each: told.append(each)).run()
    assert folder == there / "ours" and (folder / models.SUMS).read_text() == SUMS
    assert {name for name, _, _ in told} == {file.name for file in MODEL.iterdir()}
    weights = [(at, of) for name, at, of in told if name == "model.bin"]
    assert weights[-1] == ((MODEL / "model.bin").stat().st_size,) * 2 and len(weights) > 1
    assert mirror.asked[-1][0].endswith("model.bin"), "the large one last"
    assert [model.name for model in models.installed(there)] == ["ours"]
    assert models.find(None, there) == folder
    assert Recogniser(folder, "cpu", 1).name.startswith("ours@")


def test_what_is_there_is_not_fetched_again(mirror, there):
    Fetch("ours", mirror.url, there).run()
    asked = len(mirror.asked)
    Fetch("ours", mirror.url, there).run()
    assert len(mirror.asked) == asked


def test_a_broken_connection_is_gone_on_with(mirror, there):
    mirror.cut = (500_000, 2)
    Fetch("ours", mirror.url, there).run()
    assert [wanted for path, wanted in mirror.asked if path.endswith("model.bin")] == [
        "",
        "bytes=500000-",
        "bytes=1000000-",
    ]
    assert models.digest(there / "ours" / "model.bin") == models.digest(MODEL / "model.bin")


def test_what_an_earlier_run_has_left_is_gone_on_with(mirror, there):
    mirror.cut = (300_000, fetch.TRIES)
    error = refused("mirror_unreachable", Fetch("ours", mirror.url, there))
    assert "again" in error.detail
    mirror.asked.clear()
    Fetch("ours", mirror.url, there).run()
    assert ("/ours/model.bin", f"bytes={300_000 * fetch.TRIES}-") in mirror.asked
    assert not any(path.endswith("tokenizer.json") for path, _ in mirror.asked), "whole files are kept"


def test_a_mirror_without_ranges_sends_it_all_again(mirror, there):
    mirror.cut, mirror.ranges = (500_000, 1), False
    folder = Fetch("ours", mirror.url, there).run()
    assert models.digest(folder / "model.bin") == models.digest(MODEL / "model.bin")


@pytest.mark.parametrize("size", [1000, 2_500_000])
def test_left_overs_of_another_version_do_not_spoil_it(mirror, there, size):
    part = there / ".ours.part"
    part.mkdir(parents=True)
    (part / "model.bin").write_bytes(b"a" * size)
    (part / "stranger.txt").write_bytes(b"x")
    folder = Fetch("ours", mirror.url, there).run()
    assert models.digest(folder / "model.bin") == models.digest(MODEL / "model.bin")
    assert not (folder / "stranger.txt").exists()


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_a_file_that_is_not_the_one_is_thrown_away(mirror, there, name):
    mirror.files[f"/ours/{name}"] = mirror.files[f"/ours/{name}"][:-1] + b"X"
    refused("wrong_checksum", Fetch("ours", mirror.url, there))
    assert not (there / ".ours.part" / name).exists()


def test_without_checksums_nothing_is_fetched(mirror, there):
    del mirror.files["/ours/SHA256SUMS"]
    error = refused("not_on_mirror", Fetch("ours", mirror.url, there))
    assert "--sums" in error.detail and len(mirror.asked) == 1
    assert Fetch("ours", mirror.url, there, parse_sums(SUMS)).run().exists()


def test_of_a_known_model_the_mirror_is_not_asked_for_checksums(mirror, there, monkeypatch):
    files = {file.name: File(models.digest(file), file.stat().st_size) for file in MODEL.iterdir()}
    monkeypatch.setitem(known.KNOWN, "ours", Known("maker/ours", "abc", "", files))
    mirror.files = {f"/maker/ours/resolve/abc/{file.name}": file.read_bytes() for file in MODEL.iterdir()}
    Fetch("ours", mirror.url + "/{repository}/resolve/{revision}/{file}", there).run()
    assert not any(path.endswith("SHA256SUMS") for path, _ in mirror.asked)


def test_a_file_larger_than_known_is_not_even_taken(mirror, there):
    sums = {file.name: File(models.digest(file), file.stat().st_size) for file in MODEL.iterdir()}
    mirror.files["/ours/model.bin"] += b"more"
    refused("wrong_checksum", Fetch("ours", mirror.url, there, sums))
    assert not (there / ".ours.part" / "model.bin").exists()


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_on_mirror"), (403, "not_on_mirror"), (500, "mirror_unreachable")]
)
def test_what_the_mirror_answers_is_told(mirror, there, status, code):
    mirror.status = status
    refused(code, Fetch("ours", mirror.url, there, parse_sums(SUMS)))


def test_no_mirror_there(there):
    with running() as gone:
        url = gone.url
    refused("mirror_unreachable", Fetch("ours", url, there, parse_sums(SUMS)))


def test_a_mirror_that_is_away_while_its_sums_are_read(there):
    with running() as gone:
        url = gone.url
    refused("mirror_unreachable", Fetch("ours", url, there))


@pytest.mark.parametrize(
    "url", ["ftp://mirror.example/x", "mirror.example", "https:///x", "https://m.example/{oddity}/{file}"]
)
def test_an_address_that_is_none(there, url):
    refused("bad_mirror", Fetch("ours", url, there))


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".part", "x" * 65, "-f"])
def test_a_name_that_is_none(mirror, there, name):
    refused("bad_model_name", Fetch(name, mirror.url, there))


@pytest.mark.parametrize(
    "text", ["", "no sums", "0" * 64 + "  model.bin", SUMS.replace("config", "../config"), "<html></html>"]
)
def test_a_list_of_checksums_that_is_none(mirror, there, text):
    mirror.files["/ours/SHA256SUMS"] = text.encode()
    refused("bad_sums", Fetch("ours", mirror.url, there))


def test_a_full_disk_is_told_before_it_is_full(mirror, there, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 1000))
    error = refused("no_space", Fetch("ours", mirror.url, there))
    assert "make room" in error.detail


def test_two_at_once_do_not_get_in_each_others_way(mirror, there):
    mirror.hold = threading.Event()
    first = threading.Thread(target=Fetch("ours", mirror.url, there).run)
    first.start()
    assert mirror.came.wait(30)
    refused("being_fetched", Fetch("ours", mirror.url, there))
    mirror.hold.set()
    first.join()
    assert models.find(None, there) == there / "ours"


def test_the_last_fetched_is_used_unless_one_is_configured(there, tmp_path):
    assert models.installed(there) == [] and models.find(None, there) is None
    for number, name in enumerate(("old", "new", "half")):
        shutil.copytree(MODEL, there / name)
        os.utime(there / name / "model.bin", (number, number))
    (there / "half" / "tokenizer.json").unlink()
    shutil.copytree(MODEL, there / ".more.part")
    assert [model.name for model in models.installed(there)] == ["new", "old"]
    assert models.find(None, there) == there / "new"
    assert models.find(tmp_path / "own", there) == tmp_path / "own"
    assert models.missing(there / "half") == ["tokenizer.json"]


def test_the_table_of_known_models_is_one_of_models():
    for model in known.KNOWN.values():
        assert {*models.NEEDED} <= {*model.files} and {*model.files} & {*models.VOCABULARIES}
        assert all(len(bytes.fromhex(file.sha256)) == 32 for file in model.files.values())


# ---------------------------------------------------------------- the command


def configuration(tmp_path: Path, text: str = "") -> str:
    file = tmp_path / "tongke.toml"
    file.write_text(f'data_dir = "{tmp_path}"\n{text}')
    return str(file)


def test_fetch_and_list_on_the_command_line(mirror, tmp_path, capsys):
    file = configuration(tmp_path, f'[recorder]\nmodels_url = "{mirror.url}"\n')
    main_ends(["models", "fetch", "ours", "--config", file])
    assert capsys.readouterr().out.strip() == str(tmp_path / "models" / "ours")
    main_ends(["models", "list", "--config", file])
    out = capsys.readouterr().out
    assert "ours" in out and "used" in out and "large-v3-turbo" in out


def test_the_command_says_what_is_missing(tmp_path, capsys):
    file = configuration(tmp_path)
    for arguments, sentence in (
        (["fetch"], "Say which"),
        (["fetch", "small"], "recorder.models_url"),
        (["fetch", "small", "--mirror", "http://x.invalid", "--sums", str(tmp_path / "none")], "cannot be read"),
    ):
        main_ends(["models", *arguments, "--config", file], 2)
        assert sentence in capsys.readouterr().err


def test_sums_and_mirror_by_option(mirror, tmp_path, capsys):
    del mirror.files["/ours/SHA256SUMS"]
    (tmp_path / "sums").write_text(SUMS)
    arguments = ["models", "fetch", "ours", "--mirror", mirror.url, "--sums", str(tmp_path / "sums")]
    main_ends([*arguments, "--config", configuration(tmp_path)])
    assert models.find(None, tmp_path / "models") is not None


def test_doctor_says_whether_there_is_a_model(tmp_path):
    assert doctor.speech(Config(data_dir=tmp_path)).level == "warn"
    finding = doctor.speech(Config(data_dir=tmp_path, recorder={"model": tmp_path}))
    assert finding.level == "bad" and "model.bin" in finding.text
    assert doctor.speech(Config(data_dir=tmp_path, recorder={"model": MODEL})).level == "ok"


def test_doctor_says_whether_captions_can_be_shown(tmp_path):
    def said(cores, **recorder):
        finding = doctor.captions(Config(data_dir=tmp_path, recorder=recorder), cores)
        return finding.level, finding.text

    assert doctor.cores() >= 1
    assert said(8) == ("ok", "off (recorder.captions), and there is no speech model for them")
    assert said(8, model=MODEL)[1].endswith("8 cores are enough for 3 lessons at once")
    assert said(2, model=MODEL)[1].endswith("2 cores are few for them")
    assert said(8, captions=True)[0] == "warn"
    assert said(8, captions=True, model=MODEL) == ("ok", "on for 2 lessons at once, 8 cores")
    level, text = said(4, captions=True, model=MODEL)
    assert level == "warn" and "4 cores keep up with 1 lessons at once, not 2" in text
    assert said(4, captions=True, captions_at_once=1, model=MODEL)[0] == "ok"
    assert said(2, captions=True, model=MODEL, device="cuda")[0] == "ok"


def main_ends(arguments: list[str], status: int = 0) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert (caught.value.code or 0) == status
