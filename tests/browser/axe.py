"""axe looks at a page."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"
"""https://github.com/dequelabs/axe-core"""


async def faults(page: Page) -> list[str]:
    """What keeps somebody out, with the element."""
    await page.wait_for_load_state("networkidle")
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    assert len(found["passes"]) > 5, "it has looked at a page"
    return [
        f"{it['id']}: {node['target']} {node['html'][:120]}"
        for it in found["violations"]
        if it["impact"] in ("serious", "critical")
        for node in it["nodes"]
    ]
