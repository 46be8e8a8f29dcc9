"""What a lesson that is heard anew does to lines that people may have corrected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from signalling.db.library import Line, LineVersion
from signalling.library import work
from signalling.library.lines import Heard, Kept, merge
from tests.library.doing import LINES
from tests.library.hall import Hall

ONE, TWO, THREE = Heard(0, 4000, "一"), Heard(5000, 9000, "二"), Heard(10_000, 14_000, "三")


def test_the_first_time_all_lines_are_new():
    change = merge([], [ONE, TWO], 0)
    assert change.gone == () and change.new == ((1, ONE), (2, TWO))


def test_the_same_again_changes_nothing():
    change = merge([Kept(1, False, ONE), Kept(2, False, TWO)], [ONE, TWO], 2)
    assert change.gone == () and change.new == ()


def test_a_corrected_line_stays_and_what_is_heard_for_its_time_gives_way():
    kept = [Kept(1, False, ONE), Kept(2, True, TWO._replace(text="贰")), Kept(3, False, THREE)]
    other = [Heard(0, 3900, "一"), Heard(5100, 8800, "儿"), THREE, Heard(15_000, 16_000, "四")]
    change = merge(kept, other, 7)
    assert change.gone == (1,)
    assert change.new == ((8, other[0]), (9, other[3]))


def test_a_long_line_over_a_short_corrected_one_keeps_what_stands_beside_it():
    words = ((0, 2000, "今天"), (2000, 4900, "学分数"), (5100, 5900, "队"), (6000, 7000, "，"), (7000, 20_000, "好"))
    long = Heard(0, 20_000, "今天学分数队，好", words, "教师甲")
    change = merge([Kept(1, True, Heard(5000, 6000, "对"))], [long], 1)
    before, behind = Heard(0, 4900, "今天学分数", words[:2], "教师甲"), Heard(6000, 20_000, "好", words[3:], "教师甲")
    assert change.new == ((2, before), (3, behind))
    both = [Kept(1, True, Heard(5000, 6000, "对")), Kept(2, True, Heard(7000, 19_900, "好的"))]
    assert merge(both, [long], 2).new == ((3, before),), "a mark alone is no line"


def test_the_edges_of_what_was_corrected_are_no_lines():
    """Another model hears the same word a little earlier."""
    words = ((4400, 4900, "同"), (4900, 5500, "学"), (5500, 8800, "们好"), (8800, 9400, "啊"))
    assert merge([Kept(1, True, Heard(5000, 9000, "同学们好"))], [Heard(4400, 9400, "同学们好啊", words)], 1).new == ()


def test_a_line_without_words_gives_way():
    kept = [Kept(1, True, Heard(5000, 6000, "对"))]
    assert merge(kept, [Heard(0, 20_000, "长")], 1).new == ()
    assert merge(kept, [Heard(0, 5400, "前")], 1).new == ((2, Heard(0, 5400, "前")),)


def spans() -> st.SearchStrategy[list[Heard]]:
    span = st.tuples(st.integers(0, 50), st.integers(1, 10), st.sampled_from("甲乙丙"))
    return st.lists(span, max_size=8, unique=True).map(
        lambda found: [Heard(at * 1000, (at + long) * 1000, text, _words(at, long, text)) for at, long, text in found]
    )


def _words(at: int, long: int, text: str) -> tuple[tuple[int, int, str], ...]:
    return tuple((second * 1000, second * 1000 + 1000, text) for second in range(at, at + long))


@given(spans(), spans(), st.data())
def test_corrected_lines_are_never_touched_and_numbers_never_used_twice(before, heard, data):
    kept = [Kept(number, data.draw(st.booleans()), line) for number, line in enumerate(before, 1)]
    change = merge(kept, heard, len(kept))
    corrected = {line.number for line in kept if line.corrected}
    assert not corrected & set(change.gone)
    numbers = [number for number, _ in change.new]
    assert len(numbers) == len(set(numbers)) and all(number > len(kept) for number in numbers)
    stays = [line for line in kept if line.number not in change.gone]
    spans = [line.heard for line in kept if line.corrected]
    lines = [line.heard for line in stays] + [line for _, line in change.new]
    there = {word for line in lines for word in line.words}
    lost = {word for line in heard for word in line.words} - there
    assert all(any(it.starts_ms <= word[0] < it.ends_ms for it in spans) for word in lost)
    again = merge(stays + [Kept(number, False, line) for number, line in change.new], heard, 100)
    assert again.gone == () and again.new == (), "a second time changes nothing"


async def test_a_re_run_leaves_a_correction_and_its_past(hall: Hall):
    resource, folder = await hall.resource()
    await hall.worker().process(resource)
    async with hall.database.write() as session:
        of = (Line.resource == resource, Line.number == 2)
        await session.execute(update(Line).where(*of).values(text="请看黑板上的圆", version=2))
        old = {"text": LINES[1], "by": hall.county.teacher, "at": int(hall.clock())}
        session.add(LineVersion(resource=resource, number=2, version=1, **old))
    (folder / "order-transcript").write_text("later")
    await hall.database.run(lambda session: work.retry(session, resource, "transcript", "boss", hall.clock()))
    await hall.worker().process(resource)
    async with hall.database.read() as session:
        query = select(Line).where(Line.resource == resource).order_by(Line.starts_ms)
        found = [(line.number, line.text, line.version) for line in await session.scalars(query)]
        [past] = await session.scalars(select(LineVersion))
    assert found == [(4, LINES[0], 1), (2, "请看黑板上的圆", 2), (5, LINES[2], 1)]
    assert (past.number, past.text) == (2, LINES[1])
