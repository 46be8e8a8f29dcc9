import assert from "node:assert/strict";
import { test } from "node:test";
import { firstValues } from "../src/components/form-dialog.ts";
import { hours, keyOf, share, sumOf, type Line } from "../src/ledger/lines.ts";
import { attendanceGrade, before, faultsOf, frameOf, idOf, partOf, placesOf, pupilsOf, secondsOf, spanOf, type Attended, type WholeSeat } from "../src/lesson/view.ts";
import { minutes } from "../src/lesson/minutes.ts";
import { instants, periodOf, reachOf, wrong } from "../src/lib/period.ts";
import { findings, gradeOf, verdict } from "../src/lib/quality.ts";
import { Rest, type Me } from "../src/lib/rest.ts";
import { pagesOf } from "../src/lib/rights.ts";
import { barsOf, filled, measuresOf, topOf, type Quality } from "../src/school/weeks.ts";
import { detailsForm, detailsOf, type BookingDetails } from "../src/timetable/details-form.ts";
import { lessonOf } from "../src/timetable/whereabouts.ts";

const seat = (classroom: string, part: string, assistant: string | null = null): WholeSeat => ({
  ...{ classroom, classroom_name: `教室${classroom}`, school: "s", school_name: "第一小学", part },
  ...{ assistant, assistant_name: null, pupil_class_name: null },
});
const person = (participant: string, more: Partial<Attended> = {}): Attended => ({
  ...{ participant, name: participant, role: "classroom", classroom: "b", classroom_name: "", joined: 1000, left: 3400 },
  ...{ present_s: 2400, seen_s: 0, heard_s: 0, sent_s: 0, count: null, quality: {} },
  ...more,
});
const SEATS = [seat("a", "lead"), seat("b", "receiving", "t2")];

test("everybody stands in her classroom, and a classroom nobody came to is there too", () => {
  const counting = person("phone", { present_s: 0, count: 31 });
  const places = placesOf(SEATS, [person("display"), counting, person("by hand", { classroom: null })]);
  assert.deepEqual(places.map((it) => it.people.map(({ participant }) => participant)), [[], ["display"], ["by hand"]]);
  assert.deepEqual(places.map((it) => it.pupils), [null, 31, null]);
  assert.equal(pupilsOf(places), 31);
  assert.equal(pupilsOf(placesOf(SEATS, [])), null);
});

test("a strip reaches from the first who came to the last who left", () => {
  const lesson = { starts: 1000, ends: 3400 };
  const frame = frameOf(lesson, [person("early", { joined: 880 }), person("late", { left: 3600 })], 9999);
  assert.deepEqual(frame, { from: 880, to: 3600 });
  assert.deepEqual(spanOf({ from: 0, to: 200 }, 50, 150), { at: 25, wide: 50 });
  assert.deepEqual(spanOf({ from: 0, to: 200 }, -50, 900), { at: 0, wide: 100 });
  assert.deepEqual(frameOf(lesson, [person("here", { left: null })], 2000), { from: 1000, to: 3400 });
  assert.deepEqual([2160, 1200, 60].map((seconds) => attendanceGrade(seconds, lesson)), ["ok", "warn", "bad"]);
});

test("what is expected of a role is said even where there was nothing", () => {
  const names = (role: string, more: Partial<Attended> = {}): string[] => secondsOf(person("x", { role, ...more })).map(([name]) => name);
  assert.deepEqual(names("lead"), ["present", "sent"]);
  assert.deepEqual(names("classroom"), ["present", "seen", "heard"]);
  assert.deepEqual(names("assistant", { heard_s: 5 }), ["present", "heard"]);
  assert.deepEqual([90, 30, 2400, 0].map(minutes), ["1.5", "0.5", "40", "0"]);
});

test("faults come from the log, with the name of their classroom", () => {
  const row = { number: 7, at: 5, actor: "t2", actor_name: "教师乙", action: "lesson.fault", detail: { classroom: "b", fault: "sound", text: "听不清", told: 1 } };
  const [fault, ...others] = faultsOf([row, { ...row, action: "lesson.count" }], SEATS);
  assert.deepEqual(fault, { number: 7, at: 5, classroom: "第一小学 · 教室b", fault: "sound", text: "听不清", by: "教师乙" });
  assert.equal(others.length, 0);
});

test("a test made after the lesson says nothing about it", () => {
  const ready = [{ preflight: { at: 900 } }, { preflight: { at: 4000 } }, { preflight: null }];
  assert.deepEqual(before(ready, 3400), [{ preflight: { at: 900 } }, { preflight: null }, { preflight: null }]);
  assert.deepEqual(["t1", "t2", "x"].map((me) => partOf({ teacher: "t1", seats: SEATS }, me)), ["lead", "assistant", null]);
});

test("addresses name a lesson or nothing", () => {
  assert.deepEqual(["#id=0123456789abcdef", "", "#id=../x", "#lesson=abc"].map(idOf), ["0123456789abcdef", "", "", ""]);
  assert.deepEqual(["#lesson=abc", "#id=abc", "#lesson=a/b"].map(lessonOf), ["abc", "", ""]);
});

test("what was measured is good, fair or poor", () => {
  assert.deepEqual([300, 800, 1500].map((delay) => gradeOf("delay", delay)), ["ok", "warn", "bad"]);
  const found = findings({ delay_p95: 300, loss_down_p95: 0.1, loss_up_p95: null, freezes: 3 }, 2400);
  assert.deepEqual(found.map(({ what, grade }) => [what, grade]), [["delay", "ok"], ["lossDown", "bad"], ["freezes", "ok"]]);
  assert.equal(verdict(found), "bad");
  assert.equal(verdict(findings({ freezes: 0 }, 0)), null, "who saw no picture had none that froze");
  assert.equal(findings({ freezes: 3 }, 60)[0]?.grade, "bad");
});

const line = (part: Line["part"], planned_s: number, taught_s: number): Line => ({
  ...{ teacher: "t1", name: "教师甲", part, period: "2026-03", lessons: 1, taught_lessons: taught_s ? 1 : 0, planned_s, taught_s, audit: [1, 2, 2] },
});

test("lines of the ledger add up", () => {
  const lines = [line("lead", 2400, 2400), line("assistant", 2400, 0)];
  assert.deepEqual(sumOf(lines), { planned_s: 4800, taught_s: 2400, taught_lessons: 1 });
  assert.equal(hours(2400), "0.67");
  assert.notEqual(keyOf(lines[0]!), keyOf(lines[1]!));
  assert.deepEqual([share(line("lead", 2400, 600)), share(line("lead", 0, 5))], [0.25, 0]);
});

test("the usual time is the half year so far", () => {
  const none = new URLSearchParams();
  assert.deepEqual(periodOf(none, "2026-11-22"), { since: "2026-08-01", until: "2026-11-22" });
  assert.deepEqual(periodOf(none, "2026-01-10"), { since: "2025-08-01", until: "2026-01-10" });
  assert.deepEqual(periodOf(none, "2026-03-10"), { since: "2026-02-01", until: "2026-03-10" });
  const asked = new URLSearchParams("since=2026-05-01&until=tomorrow");
  assert.deepEqual(periodOf(asked, "2026-06-01"), { since: "2026-05-01", until: "2026-06-01" });
  assert.equal(wrong({ since: "2026-05-02", until: "2026-05-01" }), "order");
  assert.equal(wrong({ since: "2026-01-01", until: "" }), "order");
  assert.equal(wrong({ since: "2025-01-01", until: "2026-05-01" }), "long");
  assert.equal(wrong({ since: "2026-05-01", until: "2026-05-01" }), null);
  const { since, until } = instants({ since: "2026-05-01", until: "2026-05-01" });
  assert.equal(until - since, 86_400);
});

test("whose figures one may see", () => {
  const me = (may: Me["may"], role = "teacher"): Me => ({ person: { id: "p", name: "", login: "", language: "zh-CN", school: "s1" }, grants: [{ role, kind: "school", scope: "s1" }], may, zone: "Asia/Shanghai", csrf: "" });
  const own = me({ "ledger.read": [{ kind: "person", scope: "p" }] });
  assert.equal(reachOf(own, "ledger.read"), null);
  assert.deepEqual(pagesOf(own), ["home", "ledger"]);
  const planner = me({ "ledger.read": [{ kind: "school", scope: "s2" }], "rating.read": [{ kind: "school", scope: "s2" }] }, "planner");
  assert.deepEqual(reachOf(planner, "ledger.read"), { everywhere: false, school: "s2" });
  assert.deepEqual(pagesOf(planner), ["home", "ledger", "school"]);
  assert.deepEqual(reachOf(me({ "ledger.read": [{ kind: "system", scope: "" }] }, "admin"), "ledger.read"), { everywhere: true, school: "s1" });
});

const QUALITY: Quality = { forms: 1, lead: 4, receiving: null, participants: 2, seen_s: 60, freezes: 0, delay_ms: 200, loss: 0.01 };

test("weeks without anything are gaps", () => {
  const week = (first: string) => ({ first, lessons: 1, quality: QUALITY });
  const all = filled([week("2026-03-02"), week("2026-03-16")]);
  assert.deepEqual(all.map((it) => [it.first, it.week !== null]), [["2026-03-02", true], ["2026-03-09", false], ["2026-03-16", true]]);
  assert.deepEqual(filled([]), []);
  const bars = barsOf([[5, null, 2.5], [null, null, 10]], 5, 300, 100);
  assert.deepEqual(bars.map(({ week, series, height }) => [week, series, height]), [[0, 0, 100], [2, 0, 50], [2, 1, 100]]);
  assert.ok(bars.every(({ x, width }) => x >= 0 && x + width <= 300));
  assert.deepEqual([[], [0.4], [7], [320], [null, 1200]].map(topOf), [1, 1, 10, 500, 2000]);
  assert.deepEqual(measuresOf(QUALITY), { freezes: 0, delay_p95: 200, loss_p95: 0.01 });
  assert.deepEqual(measuresOf({ ...QUALITY, participants: 0 }), {});
});

test("the form of a booking keeps what it does not ask", async () => {
  const sent: unknown[] = [];
  const rest = new Rest((async (url: string, init: RequestInit) => {
    if (init.method === "PATCH") sent.push([url, JSON.parse(String(init.body))]);
    return new Response(JSON.stringify({ csrf: "c" }), { status: 200 });
  }) as typeof fetch);
  const booking: BookingDetails = { booking: "b1", version: 3, title: "音乐", subject: "", grade: "三年级", textbook: "", unit: "", points: ["节奏", "音高"], records: false, rights: "我校", note: "", lessons: [1, 2] };
  const form = detailsForm(rest, booking);
  assert.ok(form.lead?.includes("2"));
  const said = firstValues(form.asks);
  assert.equal(said["points"], "节奏、音高");
  assert.equal(said["rights"], "我校", "another one than ours is not lost");
  await form.save({ ...said, points: "节奏，力度；", title: "音乐课" });
  assert.deepEqual(sent, [["/api/v1/bookings/b1", { ...detailsOf({ ...said, title: "音乐课" }), points: ["节奏", "力度"], records: false, version: 3 }]]);
});
