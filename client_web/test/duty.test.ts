import assert from "node:assert/strict";
import { test } from "node:test";
import { given } from "../src/components/rating-form.ts";
import { faults, inGrace, knockAfter, mark, mayEnter, nextDuty, readyOf, type Duty, type Readiness } from "../src/studio/duty.ts";

const T = 1_800_000_000;

/** Opens ten minutes before, closes ten minutes after its 40 minutes. @param starts minutes after T. */
function duty(lesson: string, starts: number, state = "scheduled"): Duty {
  const at = T + starts * 60;
  const rest = { title: lesson, form: "", subject: "", grade: "", version: 1, part: "lead" as const, seats: [] };
  return { lesson, state, opens: at - 600, starts: at, ends: at + 2_400, closes: at + 3_000, ...rest };
}

const at = (minutes: number): number => T + minutes * 60;

test("the next lesson: what goes on, then what comes, then what should have ended", () => {
  const day = [duty("a", 0, "live"), duty("b", 45), duty("c", 90), duty("x", 2, "cancelled")];
  assert.equal(nextDuty(day, at(5))?.lesson, "a");
  assert.equal(nextDuty(day, at(42))?.lesson, "b");
  assert.equal(nextDuty([duty("a", 0, "live")], at(42))?.lesson, "a");
  assert.equal(nextDuty([duty("a", 0, "ended"), duty("c", 90)], at(42))?.lesson, "c");
  assert.equal(nextDuty(day, at(300)), null);
  assert.equal(nextDuty([], at(0)), null);
});

test("she may wait before the room opens, and go back in until it closes", () => {
  const it = duty("a", 60);
  assert.deepEqual([0, 19, 21, 55, 105, 111].map((m) => mayEnter(it, at(m))), [false, false, true, true, true, false]);
  assert.equal(mayEnter(duty("a", 60, "ended"), at(70)), false);
  assert.equal(mayEnter(duty("a", 60, "cancelled"), at(59)), false);
  assert.equal(inGrace(duty("a", 60, "live"), at(102)), true);
  assert.equal(inGrace(duty("a", 60, "ended"), at(102)), false);
  assert.equal(mark(it, at(51)), "open");
});

test("knocks when the room opens, at least every half minute, and when the server says", () => {
  const it = duty("a", 60);
  assert.equal(knockAfter(it, at(20), null), 30_000);
  assert.equal(knockAfter(it, at(50) - 4, null), 4_000);
  assert.equal(knockAfter(it, at(51), null), 1_000);
  assert.equal(knockAfter(it, at(51), 5_000), 5_000);
});

test("how a classroom stands before the lesson", () => {
  const row: Readiness = { classroom: "c", part: "receiving", device: { id: "d", name: "" }, online: true, seen: at(0), preflight: null };
  const check = { grade: "amber" as const, at: at(0), sound: { grade: "amber" as const }, picture: { grade: "green" as const } };
  assert.equal(readyOf(row, at(1)), "waiting");
  assert.equal(readyOf({ ...row, device: null }, at(1)), "none");
  assert.equal(readyOf({ ...row, online: false, preflight: check }, at(1)), "offline");
  assert.equal(readyOf({ ...row, preflight: check }, at(1)), "amber");
  assert.equal(readyOf({ ...row, preflight: check }, at(90)), "waiting");
  assert.deepEqual(faults({ ...row, preflight: check }), ["sound"]);
  assert.deepEqual(faults(row), []);
});

test("an empty remark is no answer", () => {
  assert.deepEqual(given({ sound: 4, together: false, remark: "  " }), { sound: 4, together: false });
  assert.deepEqual(given({ remark: " gut " }), { remark: "gut" });
});
