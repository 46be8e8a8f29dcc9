"""A display and a teacher on lines that lose packets."""

from __future__ import annotations

from typing import Any

import pytest

from mediaserver.api import GetStats
from tests.browser.conftest import Person, School, until
from tests.relay import Relay

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_REPAIRS = """async (direction) => {
    const sum = { repaired: 0, nacks: 0, frames: 0, lost: 0 };
    const link = window.__tongke[direction === 'up' ? 'whip' : 'whep'];
    for (const report of (await link.pc.getStats()).values()) {
        if (report.kind !== 'video') continue;
        if (report.type === 'inbound-rtp') {
            sum.repaired += report.retransmittedPacketsReceived ?? 0;
            sum.nacks += report.nackCount;
            sum.frames += report.framesDecoded;
            sum.lost += report.packetsLost;
        } else if (report.type === 'outbound-rtp') {
            sum.repaired += report.retransmittedPacketsSent;
            sum.nacks += report.nackCount;
        }
    }
    return sum;
}"""


async def repairs(person: Person, direction: str) -> dict[str, Any]:
    return dict(await person.page.evaluate(_REPAIRS, direction))


async def test_display_that_loses_packets_is_sent_them_again(school: School) -> None:
    async with Relay(school.server.media_port) as line:
        display = await school.open("classroom", "classroom", "far", name="Far", relay=line)
        teacher = await school.open("studio", "lead", "teacher", name="Teacher")
        await teacher.find("go-live").click()
        await display.sees("camera")
        line.down = lambda number, data: number % 20 == 19

        async def repaired() -> bool:
            seen = await repairs(display, "down")
            return seen["repaired"] > 10 and seen["nacks"] > 10

        await until("lost packets came again over RTX", repaired)
        await display.sees("camera", 30)
        await display.hears("teacher")
        counters = (await school.server.bus.request(GetStats())).counters
        assert counters["tx_rtx"] > 10


async def test_publisher_that_loses_packets_is_asked_for_them(school: School) -> None:
    async with Relay(school.server.media_port) as line:
        display = await school.open("classroom", "classroom", "near", name="Near")
        teacher = await school.open("studio", "lead", "teacher", name="Teacher", relay=line)
        await teacher.find("go-live").click()
        await display.sees("camera")
        line.up = lambda number, data: number % 20 == 19

        async def repaired() -> bool:
            counters = (await school.server.bus.request(GetStats())).counters
            return bool(counters["rtcp_nack_sent"] > 10 and counters["rx_rtx"] > 10)

        await until("the publisher sent lost packets again", repaired)
        await display.sees("camera", 30)
        await display.hears("teacher")


async def test_teacher_whose_line_was_cut_is_back(school: School) -> None:
    async with Relay(school.server.media_port) as line:
        display = await school.open("classroom", "classroom", "near", name="Near")
        teacher = await school.open("studio", "lead", "teacher", name="Teacher", relay=line)
        await teacher.find("go-live").click()
        await display.sees("camera")
        line.cut = True
        await display.slot_is("camera", "waiting")
        line.cut = False
        await display.slot_is("camera", "playing")
        await display.sees("camera")
        await display.hears("teacher")
