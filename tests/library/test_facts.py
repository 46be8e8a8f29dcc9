"""What is told of a lesson to whatever listens to it, and how captions are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recorder.speech import bias
from recorder.stages.work import Facts
from signalling.cli.serve import _captions_command
from signalling.cli.worker import captions_command, order_of
from signalling.config import Config
from signalling.db.engine import Database
from signalling.library import facts
from tests.bell.county import EIGHT, make_county
from tests.bell.county import add_lessons as lessons
from tests.library.hall import Hall


async def told(database: Database, lesson: str) -> Facts | None:
    async with database.read() as session:
        return await facts.of_lesson(session, lesson)


async def test_captions_hear_what_the_transcript_is_told_later(hall: Hall) -> None:
    lesson = await hall.lesson(EIGHT)
    live = await told(hall.database, lesson)
    assert live is not None
    assert (live.subject, live.unit, live.title, live.points) == ("数学", "分数", "认识分数", ("二分之一",))
    assert live.names == ("教师甲", "第一小学", "村小", "教师乙")
    [resource] = await hall.made()
    async with hall.database.read() as session:
        assert await facts.of_resource(session, await hall.row(resource)) == live


async def test_a_room_that_is_no_lesson_has_no_facts(database: Database) -> None:
    county = await make_county(database)
    assert await told(database, "r1") is None
    [lesson] = await lessons(database, county, [EIGHT], seats=False)
    found = await told(database, lesson)
    assert found is not None and found.names == ("教师甲", "第一小学")


async def test_the_program_that_hears_is_told(database: Database, tmp_path: Path) -> None:
    county = await make_county(database)
    [lesson] = await lessons(database, county, [EIGHT])
    order, model = order_of(Config(data_dir=tmp_path)), tmp_path / "model"
    command = _captions_command(order, database)

    def option(name: str) -> Callable[[tuple[str, ...]], str]:
        return lambda words: words[words.index(name) + 1]

    words = await command(model, lesson)
    assert option("--language")(words) == "zh"
    assert "认识分数" in option("--prompt")(words)
    assert "教师甲" in option("--hotwords")(words).split()
    assert len(option("--hotwords")(words)) <= bias.HOTWORD_CHARACTERS
    assert await command(model, "r1") == captions_command(order, model, None)
    assert "--prompt" not in captions_command(order, model, None)


async def test_captions_do_not_wait_for_a_database_that_is_away(database: Database, tmp_path: Path) -> None:
    order, model = order_of(Config(data_dir=tmp_path)), tmp_path / "model"
    gone = Database(f"sqlite+aiosqlite:///{tmp_path}/nowhere/tongke.db")
    try:
        assert await _captions_command(order, gone)(model, "r1") == captions_command(order, model, None)
    finally:
        await gone.close()
