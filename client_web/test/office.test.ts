import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { actionText, detailLines } from "../src/components/audit.ts";
import { notThis, refusalText, shareOf } from "../src/lib/imports.ts";
import { grantOf, grantableKinds, grantableRoles } from "../src/admin/people.ts";
import { kindsBelow, treeOf } from "../src/admin/places.ts";
import { routeOf, tabsOf } from "../src/admin/route.ts";
import { differing, firstOverlap, nextTyped, periodsOf, typedOf, withDays, withoutDay } from "../src/admin/times.ts";
import type { Me } from "../src/lib/rest.ts";
import { refusedEn } from "../src/strings/refused.en.ts";

function someone(role: string, kind: string, may: Record<string, { kind: string; scope: string }[]> = {}): Me {
  return {
    person: { id: "p", name: "教师甲", login: "jia", language: "zh-CN", school: null },
    grants: [{ role, kind, scope: kind === "system" ? "" : "x" }],
    may,
    zone: "Asia/Shanghai",
    csrf: "",
  };
}

test("nobody is offered a role or a scope beyond what she may give", () => {
  assert.ok(grantableRoles(someone("admin", "system")).includes("admin"));
  assert.deepEqual(grantableRoles(someone("planner", "school")), ["teacher", "assistant", "staff"]);
  assert.deepEqual(grantableRoles(someone("teacher", "school")), []);
  assert.deepEqual(grantableKinds(someone("admin", "system")), ["school", "classroom", "region", "system"]);
  assert.deepEqual(grantableKinds(someone("planner", "school")), ["school", "classroom"]);
});

test("a role for the whole system names no place", () => {
  assert.deepEqual(grantOf({ role: "admin", kind: "system", school: "s" }), { role: "admin", kind: "system", scope: "" });
  assert.deepEqual(grantOf({ role: "teacher", kind: "school", school: "s" }), { role: "teacher", kind: "school", scope: "s" });
});

test("regions make a tree, and one whose parent is hidden stands at its root", () => {
  const region = (id: string, parent: string | null, kind = "county") => ({ id, parent, kind, name: id });
  const tree = treeOf([region("c", "b"), region("a", null, "province"), region("b", "a", "city"), region("z", "unseen")]);
  assert.deepEqual(tree.map((it) => it.region.id), ["a", "z"]);
  assert.equal(tree[0]?.branches[0]?.branches[0]?.region.id, "c");
  assert.deepEqual(kindsBelow("city"), ["county"]);
  assert.deepEqual(kindsBelow("county"), []);
});

test("a tab has its own address, and what is none leads to the first", () => {
  const me = someone("planner", "school", { "people.read": [{ kind: "school", scope: "x" }], "times.write": [{ kind: "school", scope: "x" }] });
  const tabs = tabsOf(me);
  assert.deepEqual(tabs, ["people", "places", "devices", "calendars", "bells"]);
  assert.deepEqual(routeOf("#/bells/0abc", tabs), { tab: "bells", id: "0abc" });
  assert.deepEqual(routeOf("#/school/0abc", tabs), { tab: "school", id: "0abc" });
  assert.deepEqual(routeOf("#/audit", tabs), { tab: "people", id: "" });
  assert.deepEqual(routeOf("#/bells/<script>", tabs), { tab: "people", id: "" });
  assert.deepEqual(tabsOf(someone("teacher", "school", { "people.read": [{ kind: "person", scope: "p" }] })), []);
  assert.equal(routeOf("#/people", []), null);
});

test("of proposed days only those that change something are left", () => {
  const known = [{ day: "2026-10-01", runs: null, name: "国庆节" }];
  const proposed = [...known, { day: "2026-10-10", runs: "2026-10-07", name: "补课" }];
  assert.deepEqual(differing(known, proposed).map((it) => it.day), ["2026-10-10"]);
  const all = withDays(known, [{ day: "2026-09-25", runs: null, name: "中秋节" }, { day: "2026-10-01", runs: null, name: "国庆" }]);
  assert.deepEqual(all.map((it) => it.name), ["中秋节", "国庆"]);
  assert.deepEqual(withoutDay(all, "2026-09-25").map((it) => it.day), ["2026-10-01"]);
});

test("periods are read as typed, and the row that does not do is named", () => {
  const typed = [
    { name: "", starts: "08:00", ends: "08:40" },
    { name: "早操", starts: "08:55", ends: "09:35" },
  ];
  const periods = periodsOf(typed)!;
  assert.deepEqual(periods[1], { number: 2, name: "早操", starts: 535, ends: 575 });
  assert.deepEqual(typedOf(periods), typed);
  assert.equal(firstOverlap(periods), null);
  assert.equal(firstOverlap(periodsOf([typed[1]!, typed[0]!])!), 2);
  assert.equal(firstOverlap(periodsOf([{ name: "", starts: "09:00", ends: "08:00" }])!), 1);
  assert.equal(periodsOf([{ name: "", starts: "25:00", ends: "" }]), null);
  assert.deepEqual(nextTyped(typed), { name: "", starts: "09:50", ends: "10:30" });
  assert.equal(nextTyped([]).starts, "08:00");
});

test("every refusal of the server has words, with the same blanks", () => {
  const source = readFileSync(join(import.meta.dirname, "../../signalling/exchange/report.py"), "utf8");
  const table = source.slice(source.indexOf("SENTENCES"), source.indexOf("class Refusal"));
  const known = Object.fromEntries([...table.matchAll(/^ {8}"(\w+)": "(.*)",$/gm)].map((m) => [`refused.${m[1]}`, m[2]]));
  assert.ok(Object.keys(known).length > 40);
  assert.deepEqual(refusedEn, known);
  const refusal = { file: "users.csv", row: 3, column: "username", code: "empty", sentence: "", facts: { column: "username" } };
  assert.match(refusalText(refusal), /username/);
  assert.equal(refusalText({ ...refusal, code: "of_tomorrow", sentence: "What the server says." }), "What the server says.");
});

test("why a lesson of a timetable cannot be booked is said in the reader's words, with its time", () => {
  const starts = Date.UTC(2026, 8, 7, 0, 0) / 1000;
  const busy = { problem: "classroom_busy", why: "server's words", name: "录播教室", title: "三年级数学", teacher: "教师甲", school: "第一小学", starts, ends: starts + 2400 };
  const line = (facts: Record<string, string | number>): string => refusalText({ file: "timetable.csv", row: 2, column: "周一第1节", code: "not_booked", sentence: "", facts });
  assert.match(line(busy), /录播教室.*08:00–08:40.*三年级数学/);
  assert.doesNotMatch(line(busy), /server's words|\{|。）/);
  assert.match(line({ problem: "holiday", why: "server's words", name: "第一村小", count: 2, day: "2026-10-01" }), /第一村小 .*10.*1.*2/);
  assert.doesNotMatch(line({ problem: "bad_form", why: "server's words" }), /server's words/);
  assert.match(line({ problem: "of_tomorrow", why: "server's words." }), /server's words）/);
});

test("a file of the wrong kind is not sent, and a share is one of what is known", () => {
  assert.equal(notThis("roster", "county.ZIP"), null);
  assert.equal(notThis("roster", "county.csv"), "needsZip");
  assert.equal(notThis("days", "days.xlsx"), "needsCsv");
  assert.equal(shareOf({ done: 3, total: null }), null);
  assert.equal(shareOf({ done: 5, total: 4 }), 1);
});

test("the audit log is said in words where there are some, and never fills the page", () => {
  assert.equal(actionText("login.begun"), "登录");
  assert.equal(actionText("of.tomorrow"), "of.tomorrow");
  const lines = detailLines({ a: 1, b: { c: "x".repeat(500) }, d: null, e: "", f: 1, g: 1, h: 1, i: 1, j: 1 });
  assert.equal(lines.length, 7);
  assert.ok(lines.every((line) => line.length <= 121));
});
