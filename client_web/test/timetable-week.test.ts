import assert from "node:assert/strict";
import { test } from "node:test";
import type { LessonShown } from "../src/timetable/api.ts";
import { addDays, between, clockOf, isDay, minuteOf, monday, week, weekday, Zone } from "../src/timetable/days.ts";
import { bandAt, bandsOf, headOf, place, rung, shownDays, termWeek } from "../src/timetable/grid.ts";
import { format, parse } from "../src/timetable/whereabouts.ts";

const zone = new Zone("Asia/Shanghai");
const MONDAY = "2026-11-23";
const PERIODS = [
  { number: 1, name: "第一节", starts: 480, ends: 520 },
  { number: 2, name: "第二节", starts: 530, ends: 570 },
  { number: 3, name: "第三节", starts: 600, ends: 640 },
];

/** Seconds since 1970 of a minute of a day in Shanghai. */
function at(day: string, minute: number): number {
  return Date.parse(`${day}T00:00:00+08:00`) / 1000 + minute * 60;
}

function lesson(day: string, from: number, to: number, more: Partial<LessonShown> = {}): LessonShown {
  const seat = { classroom: "r", classroom_name: "录播教室", school: "s", school_name: "第一小学", part: "lead", assistant: null, assistant_name: null, pupil_class: null, pupil_class_name: null };
  return {
    lesson: `${day}-${from}`, booking: "b", version: 1, booking_version: 1, state: "scheduled", day, period: null, starts: at(day, from), ends: at(day, to),
    title: "音乐", form: "delivered", dual: false, subject: "", grade: "", records: true, school: "s", teacher: "t", teacher_name: "教师甲", series: false,
    moved: false, makes_up: null, reason: "", seats: [seat], ...more,
  };
}

test("days are counted without the browser's zone", () => {
  assert.equal(addDays("2026-12-31", 1), "2027-01-01");
  assert.equal(addDays("2024-03-01", -1), "2024-02-29");
  assert.equal(between("2026-11-23", "2026-12-01"), 8);
  assert.deepEqual(["2026-11-22", "2026-11-23", "1969-12-31"].map(weekday), [6, 0, 2]);
  assert.equal(monday("2026-11-22"), "2026-11-16");
  assert.deepEqual(week(MONDAY).slice(-1), ["2026-11-29"]);
  assert.deepEqual(["2026-02-30x", "2026-13-01", "26-1-1", MONDAY].map(isDay), [false, false, false, true]);
});

test("times of day", () => {
  assert.equal(clockOf(485), "08:05");
  assert.deepEqual(["8:05", "23:59", "24:00", "8.05", ""].map(minuteOf), [485, 1439, null, null, null]);
  assert.deepEqual(zone.at(at(MONDAY, 480)), { day: MONDAY, minute: 480 });
  assert.deepEqual(new Zone("Europe/Berlin").at(at(MONDAY, 60)), { day: "2026-11-22", minute: 18 * 60 });
});

test("the newest bell table that is rung already counts", () => {
  const tables = [
    { name: "winter", starts: "2026-11-01", periods: PERIODS },
    { name: "summer", starts: "2026-05-01", periods: PERIODS.slice(0, 1) },
  ];
  assert.equal(rung(tables, "2026-10-31").length, 1);
  assert.equal(rung(tables, "2026-11-01").length, 3);
  assert.equal(rung(tables, "2026-01-01").length, 0);
});

test("rows are periods, and hours where there are none", () => {
  assert.deepEqual(bandsOf([...PERIODS].reverse(), []).map(({ period }) => period), [1, 2, 3]);
  const hours = bandsOf([], [{ starts: 430, ends: 1090 }]);
  assert.deepEqual([hours[0]?.starts, hours.at(-1)?.ends, hours[0]?.name], [420, 1140, "07:00"]);
  assert.equal(bandsOf([], []).length, 9);
});

test("lessons before the first and after the last period have rows of their own", () => {
  const bands = bandsOf(PERIODS, [{ starts: 450, ends: 470 }, { starts: 1000, ends: 1040 }, { starts: 530, ends: 570 }]);
  assert.deepEqual(bands.map(({ name }) => name), ["07:30", "第一节", "第二节", "第三节", "16:40"]);
  assert.equal(bandAt(bands, 460), 0);
  assert.equal(bandAt(bands, 525), 1);
});

test("a lesson stands in the row in which it begins, and goes on in those below", () => {
  const bands = bandsOf(PERIODS, []);
  const long = lesson(MONDAY, 480, 570);
  const byClock = lesson("2026-11-24", 535, 560);
  const own = lesson("2026-11-25", 600, 640, { period: 3 });
  const cells = place([long, byClock, own], bands, zone);
  assert.deepEqual([...cells.keys()], [`${MONDAY}/0`, `${MONDAY}/1`, "2026-11-24/1", "2026-11-25/2"]);
  assert.equal(cells.get(`${MONDAY}/1`)?.[0]?.goesOn, true);
  assert.equal(cells.get("2026-11-24/1")?.[0]?.byClock, true);
  assert.equal(cells.get("2026-11-25/2")?.[0]?.byClock, false);
  assert.equal(place([long], [], zone).size, 0);
});

test("a lesson over midnight stays on its day", () => {
  const cells = place([lesson(MONDAY, 23 * 60 + 30, 24 * 60 + 20)], bandsOf([], [{ starts: 1410, ends: 1460 }]), zone);
  assert.deepEqual([...cells.keys()].every((key) => key.startsWith(MONDAY)), true);
});

test("several in one cell are in the order of time and room", () => {
  const second = lesson(MONDAY, 480, 520, { lesson: "b", seats: [{ ...lesson(MONDAY, 0, 1).seats[0]!, classroom_name: "乙" }] });
  const first = lesson(MONDAY, 480, 520, { lesson: "a", seats: [{ ...lesson(MONDAY, 0, 1).seats[0]!, classroom_name: "丙" }] });
  const early = lesson(MONDAY, 475, 500, { lesson: "c" });
  const there = place([first, second, early], bandsOf(PERIODS, []), zone).get(`${MONDAY}/0`) ?? [];
  assert.deepEqual(there.map((one) => one.lesson.lesson), ["c", "a", "b"]);
});

test("holidays and swapped days are said, Sundays shown when they matter", () => {
  const days = [
    { day: "2026-10-01", runs: null, name: "国庆节" },
    { day: "2026-10-04", runs: "2026-10-02", name: "调休" },
  ];
  const all = week("2026-09-28");
  const heads = all.map((day) => headOf(day, "2026-09-29", days));
  assert.equal(heads[3]?.holiday, "国庆节");
  assert.equal(heads[6]?.runs, "2026-10-02");
  assert.equal(heads[1]?.today, true);
  assert.equal(heads[0]?.holiday, null);
  assert.deepEqual(shownDays(all, [], heads), [...all.slice(0, 5), "2026-10-04"]);
  const plain = all.map((day) => headOf(day, "2026-01-01", []));
  assert.deepEqual(shownDays(all, [lesson("2026-10-03", 480, 520)], plain), all.slice(0, 6));
});

test("weeks of the term are counted from its Monday", () => {
  const terms = [{ name: "秋季学期", starts: "2026-09-01", ends: "2027-01-20" }];
  assert.deepEqual(termWeek("2026-08-31", terms), { name: "秋季学期", week: 1 });
  assert.deepEqual(termWeek(MONDAY, terms), { name: "秋季学期", week: 13 });
  assert.equal(termWeek("2027-02-01", terms), null);
});

test("the address remembers view, whose and week", () => {
  assert.deepEqual(parse("?view=teacher&id=abc&week=2026-11-26"), { view: "teacher", id: "abc", week: MONDAY });
  assert.deepEqual(parse("?view=nonsense&week=2026-99-99"), { view: null, id: "", week: "" });
  assert.equal(format({ view: "classroom", id: "a b", week: MONDAY }), "?view=classroom&id=a+b&week=2026-11-23");
  assert.equal(format({ view: "school", id: "", week: "" }), "");
});
