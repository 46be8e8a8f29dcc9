import assert from "node:assert/strict";
import { test } from "node:test";
import { firstValues, missing, asked, type Ask } from "../src/components/form-dialog.ts";
import { noticeText } from "../src/components/notices.ts";
import { entering, nextLesson, plannedSchools, readyName, readyTone, readyWord, assistantUrl, studioUrl, type Ready } from "../src/home/lessons.ts";
import { problemText } from "../src/lib/problems.ts";
import { RestProblem, type Me } from "../src/lib/rest.ts";
import { may, pagesOf } from "../src/lib/rights.ts";
import { ago, fromMinutes, plusDays, toMinutes } from "../src/lib/when.ts";
import { problemOfService, safeNext } from "../src/login/sign-in.ts";

const HERE = "https://school.example:8443";

test("after signing in nobody is sent to another server", () => {
  assert.equal(safeNext("/admin#/people", HERE), "/admin#/people");
  assert.equal(safeNext("/timetable?week=9", HERE), "/timetable?week=9");
  for (const next of [null, "", "https://evil.example/", "//evil.example", "/\\evil.example", "/..//evil.example", "javascript:alert(1)", "/login?next=/login", "admin"]) {
    assert.equal(safeNext(next, HERE), "/home", String(next));
  }
});

test("whom the sign-in service does not bring in is told why, in the server's code and our words", () => {
  assert.equal(problemOfService("?next=/home"), null);
  for (const code of ["oidc_state", "oidc_unknown", "oidc_refused", "oidc_unavailable", "account_inactive"]) {
    const said = problemText(problemOfService(`?problem=${code}`));
    assert.notEqual(said, problemText(new RestProblem(400, "never-heard-of")), code);
  }
  assert.match(problemText(problemOfService("?problem=too_many_attempts&retry_after=600")), /10/);
  // A link cannot put words into the page's mouth.
  assert.equal(problemText(problemOfService("?problem=%3Cb%3Ecall+123%3C/b%3E")), problemText(new RestProblem(400, "never-heard-of")));
});

const lesson = (state: string, opens: number, closes: number, ends = closes) => ({ state, opens, ends, closes });

test("a lesson can be entered while its room is open", () => {
  assert.equal(entering(lesson("scheduled", 100, 200), 99), "soon");
  assert.equal(entering(lesson("open", 100, 200), 100), "now");
  assert.equal(entering(lesson("live", 100, 200), 200), "over");
  assert.equal(entering(lesson("published", 100, 200), 150), "over");
  assert.equal(entering(lesson("cancelled", 100, 200), 150), "off");
});

test("the large one is what runs, else what comes next", () => {
  const [over, runs, comes] = [lesson("ended", 1, 2), lesson("live", 90, 200), lesson("scheduled", 300, 400)];
  assert.equal(nextLesson([over, comes, runs], 100), runs);
  assert.equal(nextLesson([over, comes], 100), comes);
  assert.equal(nextLesson([over], 100), null);
  const late = lesson("open", 10, 200, 95);
  assert.equal(nextLesson([late, runs], 100), runs);
  assert.equal(nextLesson([late, comes], 100), late);
});

test("what is ready has a word and a colour", () => {
  const ready: Ready = { classroom: "c", classroom_name: "多媒体教室", part: "receiving", device: "d", online: true, seen: 1, preflight: { grade: "amber", at: 1 } };
  assert.deepEqual([readyWord(ready), readyTone(ready)], ["amber", "warn"]);
  assert.deepEqual([readyWord({ ...ready, online: false }), readyTone({ ...ready, online: false })], ["offline", "bad"]);
  assert.deepEqual([readyWord({ ...ready, device: null }), readyTone({ ...ready, preflight: null })], ["noDevice", "none"]);
  const seats = [{ classroom: "c", classroom_name: "多媒体教室", school: "s", school_name: "河边村小学", part: "receiving" }];
  assert.equal(readyName(ready, seats), "河边村小学 多媒体教室");
  assert.equal(readyName(ready, []), "多媒体教室");
});

test("each part has its page; the studio gets no token in its address", () => {
  assert.equal(studioUrl("1n9q"), "/studio#lesson=1n9q");
  assert.equal(assistantUrl({ room: "a", token: "b.c" }), "/assistant#room=a&token=b.c");
});

const me = (may: Me["may"]): Me => ({ person: { id: "p", name: "", login: "", language: "", school: null }, grants: [], may, zone: "Asia/Shanghai", csrf: "" });

test("what is one's own opens no page of administration", () => {
  const teacher = me({ "people.read": [{ kind: "person", scope: "p" }], "booking.read": [{ kind: "school", scope: "s" }] });
  assert.equal(may(teacher, "people.read"), false);
  assert.deepEqual(pagesOf(teacher), ["home", "timetable"]);
  assert.deepEqual(pagesOf(me({})), ["home"]);
  assert.deepEqual(plannedSchools(me({ "booking.approve": [{ kind: "region", scope: "r" }, { kind: "school", scope: "s" }] })), ["s"]);
});

test("a form asks only what applies, and says what is missing", () => {
  const asks: Ask[] = [
    { kind: "select", name: "kind", label: "", options: [["free", ""], ["runs", ""]] },
    { kind: "date", name: "runs", label: "", when: (said) => said["kind"] === "runs" },
    { kind: "text", name: "note", label: "", optional: true },
    { kind: "tick", name: "yes", label: "" },
  ];
  const said = firstValues(asks);
  assert.deepEqual(said, { kind: "free", runs: "", note: "", yes: false });
  assert.deepEqual(missing(asks, said), []);
  assert.deepEqual(missing(asks, { ...said, kind: "runs" }), ["runs"]);
  assert.equal(asked(asks, said).length, 3);
});

test("a problem is said by its code, else as the server says it", () => {
  assert.match(problemText(new RestProblem(401, "wrong_login")), /用户名或密码/);
  assert.match(problemText(new RestProblem(429, "too_many_attempts", "", { retry_after: 125 })), /3 分钟/);
  assert.equal(problemText(new RestProblem(409, "of_tomorrow", "What to do.")), "What to do.");
  assert.match(problemText(new RestProblem(0, "offline")), /网络/);
  assert.match(problemText(new RestProblem(400, "bad_request", "In url: it is too long.")), /In url/);
});

test("a notice is a sentence with its facts and its reason", () => {
  const notice = { kind: "cancelled", facts: { title: "语文", starts: 1_800_000_000, reason: "停电" } };
  assert.match(noticeText(notice), /「语文」（.*\d\d:\d\d）已取消。原因：停电/);
  assert.match(noticeText({ kind: "of_tomorrow", facts: { title: "语文" } }), /语文/);
});

test("times of day, days and how long ago", () => {
  assert.equal(fromMinutes(485), "08:05");
  assert.equal(toMinutes("08:05"), 485);
  assert.equal(toMinutes("24:00"), null);
  assert.equal(plusDays("2026-02-28", 1), "2026-03-01");
  assert.match(ago(7200), /2/);
});
