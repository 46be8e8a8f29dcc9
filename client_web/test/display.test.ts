import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckReport, Day, DayLesson } from "../src/lib/device.ts";
import { ServerClock } from "../src/display/clock.ts";
import { around, bellAt, dueLesson, isQuiet, markOf, nextLesson } from "../src/lib/schedule.ts";
import { START, step, type DisplayEvent, type DisplayState } from "../src/display/state.ts";
import { buildOf } from "../src/display/update.ts";

const S = 1_000;
const T = 1_800_000_000;

/** Opens ten minutes before, closes ten minutes after. @param starts minutes after T. */
function lesson(id: string, starts: number, minutes = 40, state = "scheduled"): DayLesson {
  const at = T + starts * 60;
  const names = { title: id, teacher_name: "", school_name: "", classroom_name: "", form: "", role: "receiving", version: 1 };
  return { lesson: id, state, opens: at - 600, starts: at, ends: at + minutes * 60, closes: at + minutes * 60 + 600, ...names };
}

function day(...lessons: DayLesson[]): Day {
  const it = { id: "x", name: "x" };
  return { device: it, classroom: it, school: it, zone: "Asia/Shanghai", date: "2027-01-15", holiday: "", lessons };
}

const REPORT: CheckReport = {
  grade: "green",
  sound: { grade: "green", level_db: -30, echo_ms: 80 },
  picture: { grade: "green", width: 960, height: 540, fps: 24 },
  line: { grade: "green", up_kbps: 2000, down_kbps: 8000 },
};
const PASS = { token: "t", room: "a" };
const at = (minutes: number): number => (T + minutes * 60) * S;

/** A display to which all this happens: `[minutes after T, event]`. */
function live(...events: [number, DisplayEvent][]) {
  let state: DisplayState = START;
  const done: string[] = [];
  for (const [minutes, event] of events) {
    const next = step(state, event, at(minutes), 0);
    state = next.state;
    for (const action of next.actions) done.push("lesson" in action ? `${action.do} ${action.lesson}` : action.do);
  }
  return { state, done };
}

const started: DisplayEvent = { t: "started", paired: true, resumed: null };
const beat = (...lessons: DayLesson[]): DisplayEvent => ({ t: "beat", day: day(...lessons), etag: "1" });
const tick: DisplayEvent = { t: "tick" };
const admitted: DisplayEvent = { t: "admitted", lesson: "a", pass: PASS };
const refused = (code: string, retryAfterMs: number | null = null): DisplayEvent => ({ t: "refused", lesson: "a", code, retryAfterMs });

test("without a key a display waits for one, and then asks for its day", () => {
  const { state } = live([0, { t: "started", paired: false, resumed: null }], [1, tick]);
  assert.equal(state.phase, "unpaired");
  const paired = live([0, { t: "started", paired: false, resumed: null }], [1, { t: "paired" }]);
  assert.deepEqual([paired.state.phase, paired.done], ["idle", ["beat"]]);
});

test("the bell: check, pass, lesson, without a hand", () => {
  const idle = live([-20, started], [-20, beat(lesson("a", 0))], [-11, tick]);
  assert.deepEqual([idle.state.phase, idle.done], ["idle", []]);
  const { state, done } = live(
    [-20, started], [-20, beat(lesson("a", 0))], [-10, tick], [-9.9, tick],
    [-9.8, { t: "checked", lesson: "a", report: REPORT }], [-9.8, tick], [-9.7, admitted], [-9, tick],
  );
  assert.deepEqual(done, ["check a", "ask a"]);
  assert.deepEqual([state.phase, state.lesson, state.pass, state.check?.report.grade], ["lesson", "a", PASS, "green"]);
});

test("a check that failed to run keeps nobody out", () => {
  const { state, done } = live([-20, started], [-10, beat(lesson("a", 0))], [-9, { t: "checked", lesson: "a", report: null }]);
  assert.deepEqual([state.phase, done], ["joining", ["check a", "ask a"]]);
});

test("started in the middle of a lesson it joins at once, and nothing chirps", () => {
  assert.deepEqual(live([5, started], [5, beat(lesson("a", 0, 40, "live"))]).done, ["ask a"]);
  const before = live([-5, { t: "started", paired: true, resumed: "a" }], [-5, beat(lesson("a", 0, 40, "open"))]);
  assert.deepEqual([before.done, before.state.resumed], [["ask a"], "a"]);
});

test("who comes too early knocks again when the server says, others with growing patience", () => {
  const joining: [number, DisplayEvent][] = [[5, started], [5, beat(lesson("a", 0))]];
  const early = live(...joining, [5, refused("lesson_not_open", 4_000)]);
  assert.equal(early.state.askAt, at(5) + 4_000);
  assert.deepEqual(live(...joining, [5, refused("lesson_not_open", 4_000)], [5.05, tick], [5.1, tick]).done, ["ask a", "ask a"]);
  const away = live(...joining, [5, refused("offline")], [6, tick], [6, refused("database_unavailable", 20_000)]);
  assert.deepEqual([away.state.askAt, away.state.trouble], [at(6) + 20_000, "database_unavailable"]);
  let state = away.state;
  for (let i = 0; i < 20; i += 1) state = step({ ...state, askAt: null }, refused("offline"), at(7), 0).state;
  assert.equal(state.askAt, at(7) + 30_000);
});

test("over: back to the idle page with a sentence, and not into the same lesson again", () => {
  const inside: [number, DisplayEvent][] = [[5, started], [5, beat(lesson("a", 0, 40, "live"))], [5, admitted]];
  for (const why of ["over", "cancelled"] as const) {
    const { state, done } = live(...inside, [30, { t: "closed", why }], [31, tick]);
    assert.deepEqual([state.phase, state.farewell?.why, state.done, done], ["idle", why, ["a"], ["ask a", "beat"]]);
  }
  assert.equal(live(...inside, [30, { t: "closed", why: "over" }], [36, tick]).state.farewell, null);
  assert.equal(live(...inside, [30, beat(lesson("a", 0, 40, "ended"))]).state.phase, "idle");
  assert.equal(live(...inside, [30, beat(lesson("a", 0, 40, "cancelled"))]).state.farewell?.why, "cancelled");
  assert.equal(live(...inside, [30, beat()]).state.phase, "idle");
  // The server is out of reach and nobody says that it is over.
  assert.equal(live(...inside, [52, tick]).state.phase, "idle");
  for (const code of ["lesson_over", "lesson_cancelled"]) {
    const late = live([5, started], [5, beat(lesson("a", 0))], [5, refused(code)], [6, tick]);
    assert.deepEqual([late.state.phase, late.done], ["idle", ["ask a", "beat"]]);
  }
});

test("a token that ran out is replaced by another pass", () => {
  const { state, done } = live([5, started], [5, beat(lesson("a", 0, 40, "live"))], [5, admitted], [6, { t: "closed", why: "token" }], [6.1, tick], [6.1, admitted]);
  assert.deepEqual([state.phase, done], ["lesson", ["ask a", "ask a"]]);
});

test("from one lesson into the next", () => {
  const both = beat(lesson("a", 0, 40, "live"), lesson("b", 45));
  const after = live([5, started], [5, both], [5, admitted], [40, { t: "closed", why: "over" }]);
  assert.deepEqual([after.state.phase, after.state.lesson, after.done], ["preflight", "b", ["ask a", "beat", "check b"]]);
  // Nobody ended the first one: it is left when the second one begins.
  const stuck = live([5, started], [5, both], [5, admitted], [44, tick], [45, tick]);
  assert.deepEqual([stuck.state.phase, stuck.state.lesson], ["joining", "b"]);
});

test("moved to a later time while we knock: back to the idle page", () => {
  const { state } = live([5, started], [5, beat(lesson("a", 0))], [5, refused("lesson_not_open", 5_000)], [6, beat(lesson("a", 60))]);
  assert.deepEqual([state.phase, state.done], ["idle", []]);
});

test("a key that was taken back: the pairing page, from anywhere, and nothing is remembered", () => {
  for (const events of [[[5, started]], [[5, started], [5, beat(lesson("a", 0))], [5, admitted]]] as [number, DisplayEvent][][]) {
    assert.deepEqual(live(...events, [6, { t: "revoked" }], [7, tick]).state, START);
  }
});

test("beats that nobody answers are counted, and the day stays", () => {
  const { state } = live([-60, started], [-60, beat(lesson("a", 0))], [-59, { t: "missed" }], [-58, { t: "missed" }]);
  assert.deepEqual([state.missed, state.day?.lessons.length], [2, 1]);
  assert.equal(step(state, { t: "beat", day: null, etag: "1" }, at(-57), 0).state.missed, 0);
});

test("what is over is forgotten with the day: nothing grows", () => {
  let state = live([5, started], [5, beat(lesson("a", 0))], [5, refused("lesson_over")]).state;
  assert.deepEqual(state.done, ["a"]);
  state = step(state, beat(lesson("c", 1440)), at(800), 0).state;
  assert.deepEqual(state.done, []);
});

test("which lesson it is time for", () => {
  const it = day(lesson("a", 0, 40, "live"), lesson("b", 45), lesson("c", 200), lesson("x", 3, 40, "cancelled"));
  assert.equal(dueLesson(it, at(39), [])?.lesson, "a");
  assert.equal(dueLesson(it, at(41), [])?.lesson, "b"); // a is in its grace
  assert.equal(dueLesson(it, at(41), ["b"])?.lesson, "a");
  assert.equal(dueLesson(it, at(100), []), null);
  assert.equal(dueLesson(null, at(0), []), null);
  assert.equal(nextLesson(it, at(1))?.lesson, "b");
  assert.equal(nextLesson(it, at(201)), null);
  assert.equal(bellAt(lesson("a", 0), 0.5), at(-10) + 15_000);
});

test("the marks of the timetable, and the part of a long day that is shown", () => {
  assert.deepEqual([-20, -5, 5, 41, 60].map((m) => markOf(lesson("a", 0), at(m))), ["later", "open", "now", "over", "over"]);
  assert.equal(markOf(lesson("a", 0, 40, "ended"), at(5)), "over");
  const long = Array.from({ length: 10 }, (_, i) => lesson(`l${i}`, i * 50));
  assert.deepEqual(around(long, at(5 * 50), 4).map((it) => it.lesson), ["l4", "l5", "l6", "l7"]);
  assert.equal(around(long, at(2000), 4).length, 4);
  assert.deepEqual(around(long.slice(0, 2), at(0), 4).length, 2);
});

test("loaded anew only when nothing is about to begin", () => {
  assert.equal(isQuiet(day(lesson("a", 0)), at(-13), 120_000), true);
  assert.equal(isQuiet(day(lesson("a", 0)), at(-11), 120_000), false);
  assert.equal(isQuiet(day(lesson("a", 0, 40, "ended")), at(5), 120_000), true);
  assert.equal(isQuiet(null, at(0), 1), true);
  const html = '<script src="/assets/b-2.js"></script><link href="/assets/a-1.css"><link href="/mark.svg">';
  assert.equal(buildOf(html), "/assets/a-1.css /assets/b-2.js");
});

test("the server's clock from whole seconds: the more answers, the closer", () => {
  const clock = new ServerClock(0);
  const truth = 1_800_000_000_000;
  let worst = 0;
  for (let i = 0; i < 40; i += 1) {
    const asked = i * 30_137;
    const heard = asked + 40 + ((i * 97) % 60);
    clock.push(Math.floor((truth + asked + 20) / 1_000), asked, heard);
    if (i > 20) worst = Math.max(worst, Math.abs(clock.at(heard) - truth - heard));
  }
  assert.ok(worst < 120, `${worst} ms`);
  // Somebody set the server's clock: the newest answer counts.
  clock.push((truth + 7_200_000) / 1_000, 2_000_000, 2_000_050);
  assert.ok(Math.abs(clock.at(0) - truth - 5_200_000) < 1_100);
});
