"""Files of an index that are not what was written into them."""

import os

import pytest
import tantivy

from recorder.search import checks, document, index
from recorder.search.index import Missing, Panic, Writer, guarded
from recorder.search.searching import Library
from tests.search.corpus import PUBLIC, fill, record


@pytest.fixture
def place(tmp_path):
    fill(tmp_path, [record(f"r{number}", "勾股定理") for number in range(20)])
    with Writer(tmp_path).batch() as batch:
        batch.remove("r1")
        batch.put(record("r2", "余弦定理"))
    return index.current(tmp_path)


def segments(place):
    return sorted(path for path in place.iterdir() if path.suffix not in (".json", ".lock"))


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)


def test_a_whole_one_is_whole_while_somebody_writes(place, tmp_path):
    assert {path.suffix for path in segments(place)} > {".term", ".store", ".fast", ".del"}
    with Writer(tmp_path).batch() as batch:
        batch.put(record("r30", "勾股定理"))
        assert checks.damaged(place) == []
    assert checks.damaged(place) == []


def test_each_bit_counts_in_each_file(place):
    for path in segments(place):
        whole = path.read_bytes()
        for at in (0, len(whole) - 1):
            flip(path, at)
            assert checks.damaged(place) == [path.name], (path.suffix, at)
            path.write_bytes(whole)
        for size in {0, 5, len(whole) // 2, len(whole) - 1}:
            os.truncate(path, size)
            assert checks.damaged(place) == [path.name], (path.suffix, size)
            path.write_bytes(whole)
        path.unlink()
        assert checks.damaged(place), path.suffix
        path.write_bytes(whole)
    assert checks.damaged(place) == []
    for spoilt in (b"", b"{}", b"[]", b'{"segments": [1]}', b"\xff"):
        (place / "meta.json").write_bytes(spoilt)
        assert checks.damaged(place) == ["meta.json"]


def test_a_marked_one_is_damaged_to_everybody_until_another_takes_over(place, tmp_path):
    library = Library(tmp_path)
    assert library.search("余弦", PUBLIC).total == 1
    index.mark(place)
    for use in (
        lambda: library.search("余弦", PUBLIC),
        lambda: index.holds(tmp_path),
        Writer(tmp_path).batch().__enter__,
    ):
        with pytest.raises(Missing, match="damaged"):
            use()
    with Writer(tmp_path).rebuilding() as made:
        with made.batch() as batch:
            batch.add(record("r2", "余弦定理"))
        with made.taking_over():
            pass
    assert library.search("余弦", PUBLIC).total == 1
    assert not place.exists()


def test_a_panic_is_an_exception_and_nothing_else_is_changed():
    with pytest.raises(Panic, match="the index broke"):
        guarded(lambda: tantivy.Query.phrase_query(document.schema(), "title", ["勾股"]))
    with pytest.raises(KeyboardInterrupt):
        guarded(lambda: (_ for _ in ()).throw(KeyboardInterrupt()))
    assert guarded(lambda: 3) == 3
