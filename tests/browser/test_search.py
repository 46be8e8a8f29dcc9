"""Searching on the page: what is said of very many."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.test_library import Library, library

__all__ = ["library"]
pytestmark = pytest.mark.browser


async def test_of_very_many_it_says_that_it_has_not_counted_them_all(library: Library) -> None:
    library.server.about = True
    page = await library.open(viewport={"width": 390, "height": 844})
    count = page.get_by_test_id("count")
    await expect(count).to_have_text("最新的资源，共约 4 项")
    await page.get_by_test_id("facets").locator("summary").click()
    await expect(page.get_by_test_id("facets-done")).to_have_text("看约 4 项结果")
    await page.get_by_test_id("search").fill("分数")
    await expect(count).to_have_text("找到约 2 项（3 毫秒）")
