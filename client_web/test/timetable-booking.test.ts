import assert from "node:assert/strict";
import { test } from "node:test";
import { RestProblem } from "../src/lib/rest.ts";
import type { Form, LessonShown, Plan } from "../src/timetable/api.ts";
import { Checker } from "../src/timetable/checker.ts";
import { bodyOf, elsewhere, missing, newDraft, toPlan, toWhen, weekly, withForm, type Draft } from "../src/timetable/draft.ts";
import { chosen, covers, drag, IDLE, THRESHOLD, type Drag, type DragEvent, type Outcome } from "../src/timetable/drag.ts";
import { align, alongWith, moveSeries, repeatOf, ruleOf } from "../src/timetable/rule.ts";
import { coming } from "../src/timetable/scope.ts";
import { problemSentence } from "../src/timetable/sentences.ts";

const MONDAY = "2026-11-23";
const FORM: Form = { code: "delivered", zh: "专递课堂", en: "delivered lesson", least: 1, usual: 2, most: 3, minutes: 40, records: true, dual: true };
const MASS: Form = { ...FORM, code: "mass", usual: 20, most: 2000, dual: false, records: false };
const ROOM = { id: "room", name: "录播教室", school: "lead", school_name: "第一小学" };

test("rules are made and read back", () => {
  const repeat = { weekdays: [3, 0, 3], weeks: "odd" as const, end: { kind: "until" as const, day: "2027-01-15" } };
  assert.equal(ruleOf(repeat), "FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20270115");
  assert.deepEqual(repeatOf({ first: MONDAY, rule: ruleOf(repeat), weeks: "odd" }), { ...repeat, weekdays: [0, 3] });
  assert.equal(ruleOf(weekly("2026-11-27")), "FREQ=WEEKLY;BYDAY=FR");
  assert.equal(ruleOf({ ...weekly(MONDAY), end: { kind: "count", count: 8 } }), "FREQ=WEEKLY;BYDAY=MO;COUNT=8");
  assert.deepEqual(repeatOf({ first: MONDAY, rule: "RRULE:FREQ=WEEKLY;COUNT=3", weeks: "all" }), { weekdays: [0], weeks: "all", end: { kind: "count", count: 3 } });
});

test("a rule that this page does not make is left alone", () => {
  for (const rule of ["FREQ=MONTHLY;BYDAY=2MO", "FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;UNTIL=2026", "", "FREQ=DAILY"]) {
    assert.equal(repeatOf({ first: MONDAY, rule }), null, rule);
  }
  const when = toWhen({ first: MONDAY, minutes: 40, rule: "FREQ=DAILY", period: 2 });
  assert.deepEqual([when.repeat, when.rule], [null, "FREQ=DAILY"]);
  assert.equal(toPlan(when).rule, "FREQ=DAILY");
});

test("a series begins on the first of its weekdays", () => {
  assert.equal(align("2026-11-24", [0, 3]), "2026-11-26");
  assert.equal(align(MONDAY, []), MONDAY);
  const when = { ...toWhen({ first: "2026-11-25", minutes: 40, period: 3 }), repeat: weekly("2026-11-25", [1]) };
  assert.deepEqual(toPlan(when), { first: "2026-12-01", minutes: 40, rule: "FREQ=WEEKLY;BYDAY=TU", weeks: "all", without: [], period: 3, starts: null });
});

test("a plan by the clock names no period", () => {
  assert.deepEqual(toPlan(toWhen({ first: MONDAY, minutes: 30, starts: 450 })), { first: MONDAY, minutes: 30, period: null, starts: 450 });
});

const SERIES: Plan = { first: "2026-09-07", minutes: 40, rule: "FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20270114", weeks: "all", without: ["2026-12-07"], period: 2 };
const MOVING = { period: 3, starts: null, minutes: 40, today: "2026-11-22" };

test("a series moves from the day on which one of its lessons was taken elsewhere", () => {
  const later = moveSeries(SERIES, { ...MOVING, day: MONDAY, from: MONDAY, to: "2026-11-25" });
  assert.equal(later?.since, MONDAY);
  assert.equal(later?.plan.first, "2026-11-25");
  assert.equal(later?.plan.rule, "FREQ=WEEKLY;BYDAY=WE,TH;UNTIL=20270114");
  assert.deepEqual(later?.plan.without, ["2026-12-09"]);
  const earlier = moveSeries(SERIES, { ...MOVING, day: "2026-11-26", from: "2026-11-26", to: "2026-11-24" });
  assert.deepEqual([earlier?.since, earlier?.plan.first, earlier?.plan.rule], ["2026-11-24", "2026-11-24", "FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20270114"]);
});

test("a series is not planned before today", () => {
  const moved = moveSeries(SERIES, { ...MOVING, day: "2026-11-26", from: "2026-11-26", to: "2026-11-24", today: "2026-11-25" });
  assert.deepEqual([moved?.since, moved?.plan.first], ["2026-11-26", "2026-11-30"]);
});

test("the last week keeps its lesson", () => {
  const single = { ...SERIES, rule: "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270111", without: [] };
  assert.equal(moveSeries(single, { ...MOVING, day: MONDAY, from: MONDAY, to: "2026-11-26" })?.plan.rule, "FREQ=WEEKLY;BYDAY=TH;UNTIL=20270114");
  const counted = { ...single, rule: "FREQ=WEEKLY;BYDAY=MO;COUNT=18" };
  assert.equal(moveSeries(counted, { ...MOVING, day: MONDAY, from: MONDAY, to: "2026-11-24" })?.plan.rule, "FREQ=WEEKLY;BYDAY=TU;COUNT=7");
  assert.equal(moveSeries({ ...single, rule: "FREQ=MONTHLY" }, { ...MOVING, day: MONDAY, from: MONDAY, to: "2026-11-24" }), null);
});

test("a series that counts goes on for as many days as it has left", () => {
  const rule = (weekdays: string, count: number, from: string, to: string, without: string[] = []): string | undefined =>
    moveSeries({ ...SERIES, rule: `FREQ=WEEKLY;BYDAY=${weekdays};COUNT=${count}`, without }, { ...MOVING, day: from, from, to })?.plan.rule;
  assert.equal(rule("MO", 18, "2026-09-07", "2026-09-08"), "FREQ=WEEKLY;BYDAY=TU;COUNT=18");
  // Holidays, exceptions and weeks without a lesson are counted by the rule: the lessons that are left would be too few.
  assert.equal(rule("MO", 18, MONDAY, MONDAY, ["2026-12-07"]), "FREQ=WEEKLY;BYDAY=MO;COUNT=7");
  assert.equal(rule("MO,TH", 10, "2026-09-17", "2026-09-18"), "FREQ=WEEKLY;BYDAY=MO,FR;COUNT=7");
  assert.equal(rule("MO", 2, "2026-12-07", "2026-12-08"), "FREQ=WEEKLY;BYDAY=TU;COUNT=1");
  const later = { ...SERIES, first: "2026-09-10", rule: "FREQ=WEEKLY;BYDAY=TH;COUNT=5" };
  assert.equal(moveSeries(later, { ...MOVING, day: "2026-09-07", from: "2026-09-07", to: "2026-09-08" })?.plan.rule, "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=5");
});

test("lessons on swapped days go along with those of the weekday that they run", () => {
  // Sunday runs the Tuesday of a holiday to come, Saturday the Wednesday of it.
  const swapped: Record<string, string> = { "2026-09-20": "2026-10-06", "2026-10-10": "2026-10-07" };
  const planned = (day: string): string => swapped[day] ?? day;
  const tuesdays = ["2026-09-20", "2026-09-22", "2026-09-29", "2026-10-13"];
  const wednesdays = ["2026-09-23", "2026-10-10", "2026-10-14"];
  assert.deepEqual(alongWith("2026-09-22", "2026-09-23", tuesdays.slice(1), false, planned), { day: "2026-09-22", from: "2026-09-22", to: "2026-09-23" });
  assert.deepEqual(alongWith("2026-09-22", "2026-09-23", tuesdays, true, planned), { day: "2026-09-20", from: "2026-09-22", to: "2026-09-23" });
  assert.deepEqual(alongWith("2026-09-20", "2026-09-20", tuesdays, true, planned), { day: "2026-09-20", from: "2026-09-22", to: "2026-09-22" });
  assert.deepEqual(alongWith("2026-10-10", "2026-10-12", wednesdays.slice(1), false, planned), { day: "2026-10-10", from: "2026-10-07", to: "2026-10-12" });
  assert.deepEqual(alongWith("2026-10-14", "2026-10-15", wednesdays, true, planned), { day: "2026-09-23", from: "2026-09-23", to: "2026-09-24" });
  const counted = { ...SERIES, first: "2026-09-08", rule: "FREQ=WEEKLY;BYDAY=TU;COUNT=6", without: [] };
  const moving = { ...MOVING, today: "2026-09-16", ...alongWith("2026-09-20", "2026-09-23", tuesdays, false, planned) };
  const found = moveSeries(counted, moving);
  assert.deepEqual([found?.since, found?.plan.first, found?.plan.rule], ["2026-09-20", "2026-09-20", "FREQ=WEEKLY;BYDAY=WE;COUNT=4"]);
});

test("a refusal names the schools that want to be asked", () => {
  const problem = new RestProblem(409, "needs_yes", "", { schools: ["第一村小", "第二村小"] });
  assert.match(problemSentence(problem), /^第一村小、第二村小的教室/);
});

test("lessons that can still be changed", () => {
  const one = { lesson: "a", state: "scheduled", day: MONDAY, starts: 100, makes_up: null };
  const lessons = [one, { ...one, starts: 5 }, { ...one, state: "cancelled" }, { ...one, makes_up: "x" }, { ...one, day: "2026-11-30" }];
  assert.deepEqual(coming(lessons, 50).length, 2);
  assert.deepEqual(coming(lessons, 50, "2026-11-24").length, 1);
});

function filled(): Draft {
  const draft = newDraft(toWhen({ first: MONDAY, minutes: 40, period: 2 }), FORM);
  const receivers = draft.receivers.map((one, at) => ({ ...one, classroom: { ...ROOM, id: `village${at}`, school: `v${at}` } }));
  return { ...draft, title: " 音乐 ", classroom: ROOM, teacher: { ...ROOM, id: "teacher" }, receivers, points: "节拍、音高, 节奏" };
}

test("a booking says what is missing", () => {
  const empty = newDraft(toWhen({ first: MONDAY, minutes: 40, period: null }), FORM);
  assert.deepEqual(missing({ ...empty, when: { ...empty.when, by: "period", repeat: weekly(MONDAY, []) } }), ["title", "teacher", "classroom", "receivers", "weekdays", "time"]);
  assert.equal(bodyOf(empty), null);
  assert.deepEqual(missing(filled()), []);
});

test("a booking becomes a request", () => {
  const body = bodyOf(filled());
  assert.equal(body?.school, "lead");
  assert.equal(body?.title, "音乐");
  assert.deepEqual(body?.points, ["节拍", "音高", "节奏"]);
  assert.deepEqual(body?.receivers[1], { classroom: "village1", assistant: null, pupil_class: null });
  assert.deepEqual(body?.plan, { first: MONDAY, minutes: 40, period: 2, starts: null });
  assert.equal(bodyOf({ ...filled(), title: "" })?.title, "–");
});

test("another form is a template, and keeps what was chosen", () => {
  const changed = withForm({ ...filled(), dual: true }, MASS);
  assert.deepEqual([changed.form, changed.records, changed.dual, changed.receivers.length], ["mass", false, false, 3]);
  assert.equal(changed.receivers[0]?.classroom?.id, "village0");
});

test("where a lesson is already is no alternative", () => {
  const offer = { first: MONDAY, rule: "", without: [], weeks: "all" as const, period: 2, starts: null, minutes: 40, begins: 100, ends: 200, lessons: 1 };
  const checked = { problems: [], more: 0, lessons: [], skipped: [], alternatives: [offer, { ...offer, begins: 300 }, { ...offer, first: "2026-11-24" }] };
  assert.equal(elsewhere(checked, { day: MONDAY, starts: 100 } as LessonShown).alternatives.length, 2);
});

// ---------------------------------------------------------------- dragging

function play(events: DragEvent[]): [Drag, Outcome[]] {
  const outcomes: Outcome[] = [];
  let state: Drag = IDLE;
  for (const event of events) {
    const [next, outcome] = drag(state, event);
    state = next;
    if (outcome.kind !== "nothing") outcomes.push(outcome);
  }
  return [state, outcomes];
}

const A = { day: MONDAY, band: 1 };
const B = { day: "2026-11-25", band: 2 };
const press = (lesson: string | null): DragEvent => ({ kind: "press", lesson, cell: A, x: 0, y: 0 });
const moveTo = (cell: typeof A | null, x = 50): DragEvent => ({ kind: "move", cell, x, y: 0 });

test("a press that hardly moves is a click", () => {
  assert.deepEqual(play([press("l"), moveTo(A, THRESHOLD - 1), { kind: "release" }]), [IDLE, []]);
  assert.deepEqual(play([press(null), { kind: "release" }]), [IDLE, [{ kind: "select", from: A, to: A }]]);
});

test("a lesson is told where it is, once for each cell, and dropped there", () => {
  const [state, outcomes] = play([press("l"), moveTo(A), moveTo(A, 60), moveTo(B, 90), { kind: "release" }]);
  assert.equal(state, IDLE);
  assert.deepEqual(outcomes, [
    { kind: "over", lesson: "l", cell: A },
    { kind: "over", lesson: "l", cell: B },
    { kind: "drop", lesson: "l", cell: B },
  ]);
});

test("dropped where it was, outside, or given up: nothing has happened", () => {
  assert.deepEqual(play([press("l"), moveTo(B), moveTo(A), { kind: "release" }])[1].at(-1), { kind: "stopped" });
  assert.deepEqual(play([press("l"), moveTo(null), { kind: "release" }])[1].at(-1), { kind: "stopped" });
  assert.deepEqual(play([press("l"), moveTo(B), { kind: "cancel" }, { kind: "release" }])[1].at(-1), { kind: "stopped" });
  assert.deepEqual(play([{ kind: "move", cell: B, x: 9, y: 9 }, { kind: "release" }, { kind: "cancel" }]), [IDLE, []]);
});

test("a rectangle of days and periods is chosen in any direction", () => {
  const bands = [480, 530, 600].map((starts, at) => ({ period: at + 1, name: "", starts, ends: starts + 40 }));
  const days = [MONDAY, "2026-11-24", "2026-11-25"];
  const expected = { days, period: 2, starts: 530, minutes: 110 };
  assert.deepEqual(chosen(days, bands, A, B), expected);
  assert.deepEqual(chosen(days, bands, B, A), expected);
  assert.equal(chosen(days, bands, A, { day: MONDAY, band: 9 }), null);
  assert.ok(covers(A, B, { day: "2026-11-24", band: 2 }));
  assert.ok(!covers(A, B, { day: "2026-11-24", band: 0 }));
});

test("only the newest question is answered, and a stopped one never", async () => {
  const asked: string[] = [];
  const answers: string[] = [];
  const failures: string[] = [];
  const open: { question: string; signal: AbortSignal; done: (answer: string) => void; fail: (error: Error) => void }[] = [];
  const checker = new Checker<string, string>(
    (question, signal) => {
      asked.push(question);
      return new Promise((done, fail) => open.push({ question, signal, done, fail }));
    },
    (answer) => answers.push(answer),
    (error) => failures.push((error as Error).message),
    0,
  );
  const asking = async (count: number): Promise<void> => {
    while (open.length < count) await new Promise((later) => setImmediate(later));
  };
  checker.question("a");
  checker.question("b");
  await asking(1);
  assert.deepEqual(asked, ["b"]);
  checker.question("c");
  assert.equal(open[0]?.signal.aborted, true);
  open[0]?.done("late");
  await asking(2);
  open[1]?.done("yes");
  await new Promise((later) => setImmediate(later));
  assert.deepEqual(answers, ["yes"]);
  assert.equal(checker.busy, false);
  checker.question("d");
  await asking(3);
  checker.stop();
  open[2]?.fail(new Error("x"));
  checker.question("e");
  await asking(4);
  open[3]?.fail(new Error("no"));
  await new Promise((later) => setImmediate(later));
  assert.deepEqual([answers, failures], [["yes"], ["no"]]);
});
