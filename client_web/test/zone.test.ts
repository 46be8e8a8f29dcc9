import assert from "node:assert/strict";
import { test } from "node:test";
import { clock } from "../src/lib/format.ts";
import { dateTime, timeOfDay, today } from "../src/lib/when.ts";
import { CHINA, setZone, zone } from "../src/lib/zone.ts";

test("a time is that of the school's clock, wherever the machine believes to stand", () => {
  const bell = Date.UTC(2026, 10, 22, 23, 50) / 1000;
  assert.equal(zone(), CHINA);
  assert.equal(timeOfDay(bell), "07:50");
  assert.equal(clock(bell * 1000), "07:50");
  assert.match(dateTime(bell), /11月23日.*07:50/);
  assert.equal(today(new Date(bell * 1000)), "2026-11-23");
  setZone("Asia/Urumqi");
  assert.equal(timeOfDay(bell), "05:50");
  setZone("Asia/Nowhere");
  assert.equal(zone(), "Asia/Urumqi");
  setZone(CHINA);
});
