"""The index on disk: lost, damaged, older, locked, killed, taken over."""

import json
import multiprocessing
import os
import signal
import threading

import pytest

from mediaserver.api import UserError
from recorder.search import document, index
from recorder.search.index import Missing, Writer
from recorder.search.searching import Library
from tests.search.corpus import PUBLIC, fill, record

SPAWN = multiprocessing.get_context("spawn")


def ids(library, text="勾股"):
    return sorted(hit.id for hit in library.search(text, PUBLIC).hits)


def put(folder, *names):
    with Writer(folder).batch() as batch:
        for name in names:
            batch.put(record(name, "勾股定理"))


def rebuild(folder, *names):
    with Writer(folder).rebuilding() as made:
        with made.batch() as batch:
            for name in names:
                batch.add(record(name, "勾股定理"))
        with made.taking_over() as touched:
            return touched


def test_what_is_put_is_found_once_and_what_is_removed_is_not(tmp_path):
    fill(tmp_path, [record("a", "勾股"), record("b", "勾股")])
    library = Library(tmp_path)
    assert ids(library) == ["a", "b"]
    with Writer(tmp_path).batch() as batch:
        batch.put(record("a", "函数", version=2))
        batch.remove("b")
        batch.remove("unknown")
        batch.put(record("c", "勾股"))
    assert ids(library) == ["c"]
    assert ids(library, "函数") == ["a"]
    holds = index.holds(tmp_path)
    assert (holds.has("a", 2), holds.has("a", 1), holds.has("b", 1)) == (True, False, False)


def test_a_batch_that_fails_leaves_nothing(tmp_path):
    fill(tmp_path, [record("a", "勾股")])
    with pytest.raises(RuntimeError, match="on purpose"), Writer(tmp_path).batch() as batch:
        batch.put(record("b", "勾股"))
        batch.remove("a")
        raise RuntimeError("on purpose")
    assert ids(Library(tmp_path)) == ["a"]


def _no_marker(folder):
    (folder / "CURRENT").unlink()


def _no_folder(folder):
    (index.current(folder)).rename(folder / "elsewhere")


def _half_a_marker(folder):
    (folder / "CURRENT").write_text('{"folder": ')


def _hostile_marker(folder):
    (folder / "CURRENT").write_text(json.dumps({"folder": ["x"], "version": document.VERSION}))


def _half_a_meta(folder):
    path = index.current(folder) / "meta.json"
    path.write_bytes(path.read_bytes()[:100])


def _file_gone(folder):
    next(index.current(folder).glob("*.term")).unlink()


def _older(folder):
    (folder / "CURRENT").write_text(json.dumps({"folder": index.current(folder).name, "version": document.VERSION - 1}))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_no_marker, "lost"),
        (_no_folder, "lost"),
        (_half_a_marker, "damaged"),
        (_hostile_marker, "lost"),
        (_half_a_meta, "damaged"),
        (_file_gone, "damaged"),
        (_older, "older"),
    ],
)
def test_an_index_that_cannot_be_read_says_why_and_is_made_again(tmp_path, spoil, reason):
    fill(tmp_path, [record("a", "勾股")])
    spoil(tmp_path)
    library = Library(tmp_path)
    for use in (lambda: ids(library), lambda: put(tmp_path, "b"), lambda: index.holds(tmp_path)):
        with pytest.raises(Missing) as caught:
            use()
        assert caught.value.reason == reason
    rebuild(tmp_path, "c")
    assert ids(library) == ["c"]


def test_there_is_one_writer_and_another_one_hears_so(tmp_path):
    index.make(tmp_path)
    impatient = Writer(tmp_path, wait_s=0.05)
    with Writer(tmp_path).batch() as batch:
        batch.put(record("a", "勾股"))
        with pytest.raises(UserError) as caught, impatient.batch():
            raise AssertionError("two writers")
        assert (caught.value.status, caught.value.code) == (503, "index_busy")
    with Writer(tmp_path).rebuilding(), pytest.raises(UserError, match="Another process"), impatient.rebuilding():
        raise AssertionError("two rebuilds")
    put(tmp_path, "b")
    assert ids(Library(tmp_path)) == ["a", "b"]


def test_writers_wait_for_one_another(tmp_path):
    index.make(tmp_path)
    threads = [threading.Thread(target=put, args=(tmp_path, f"r{number}")) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(Library(tmp_path)) == ["r0", "r1", "r2", "r3"]


def _write_until_killed(folder, pipe):
    for number in range(10_000):
        names = [f"{number}x{part}" for part in range(5)]
        put(folder, *names)
        pipe.send(number)


def _rebuild_until_killed(folder, pipe):
    with Writer(folder).rebuilding() as made, made.batch() as batch:
        for number in range(10_000):
            batch.add(record(f"new{number}", "勾股"))
            batch.commit()
            pipe.send(number)


def _killed(work, folder, after):
    reader, writer = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=work, args=(folder, writer))
    process.start()
    writer.close()
    try:
        while (last := reader.recv()) < after:
            pass
        os.kill(process.pid, signal.SIGKILL)
        while reader.poll():
            try:
                last = reader.recv()
            except EOFError:
                break
    finally:
        process.kill()
        process.join()
    return last


def test_killed_while_it_commits_it_has_whole_batches_and_every_one_that_was_told(tmp_path):
    index.make(tmp_path)
    for after in (1, 3):
        last = _killed(_write_until_killed, tmp_path, after)
        library = Library(tmp_path)
        total = library.search("勾股", PUBLIC).total
        assert total % 5 == 0
        assert total >= 5 * (last + 1)
        rebuild(tmp_path)
    put(tmp_path, "a")  # the lock died with it
    assert ids(Library(tmp_path)) == ["a"]


def test_a_rebuild_that_is_killed_changes_nothing_and_is_swept(tmp_path):
    fill(tmp_path, [record("a", "勾股")])
    used = index.current(tmp_path)
    _killed(_rebuild_until_killed, tmp_path, 2)
    assert ids(Library(tmp_path)) == ["a"]
    assert len(list(tmp_path.glob("i-*"))) == 2
    put(tmp_path, "b")
    assert rebuild(tmp_path, "c") == []
    assert ids(Library(tmp_path)) == ["c"]
    assert list(tmp_path.glob("i-*")) == [index.current(tmp_path)] != [used]


def test_a_new_index_takes_over_while_the_old_one_is_searched_and_written(tmp_path):
    fill(tmp_path, [record("a", "勾股")])
    library = Library(tmp_path)
    before = library._index().searcher()
    with Writer(tmp_path).rebuilding() as made:
        with made.batch() as batch:
            batch.add(record("new", "勾股"))
        put(tmp_path, "meanwhile")
        with Writer(tmp_path).batch() as batch:
            batch.remove("a")
        assert ids(library) == ["meanwhile"]
        with made.taking_over() as touched:
            assert touched == ["meanwhile", "a"]
    assert ids(library) == ["new"]
    assert before.num_docs == 1  # whoever searches the old one ends with it
    assert not (tmp_path / "touched").exists()
