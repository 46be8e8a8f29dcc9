import assert from "node:assert/strict";
import { test } from "node:test";
import { inSight, tells } from "../src/library/arrange.ts";
import { cueAt, lastBegun, parseVtt, pictureAt } from "../src/library/cues.ts";
import { firstCut, moved, parseTime } from "../src/library/handles.ts";
import { likingOf, USUAL } from "../src/library/kept.ts";
import { actionOf, nextSpeed, type Pressed } from "../src/library/keys.ts";
import { onlySchool, templateUrl } from "../src/library/lists.ts";
import { found, spansOf } from "../src/library/marks.ts";
import { metadataAsks, metadataOf, pointsOf } from "../src/library/metadata.ts";
import { NO_WISH, chosenOf, openHash, openedOf, pagesFor, same, searchQuery, shareUrl, toggle, wishHash, wishOf } from "../src/library/route.ts";
import { megabytes, titleOf } from "../src/library/upload.ts";

test("what is wished stands in the address, and comes back from it", () => {
  const wish = { q: "四分之一 & 分母", chosen: { subject: ["数学", "语文"], year: ["2026"] }, sort: "new" as const, page: 3 };
  assert.deepEqual(wishOf(wishHash(wish)), wish);
  assert.equal(wishHash(NO_WISH), "");
  assert.deepEqual(wishOf(""), NO_WISH);
  assert.deepEqual(wishOf("#lang=en"), NO_WISH);
  for (const page of ["0", "-1", "2.5", "x"]) assert.equal(wishOf(`#q=a&page=${page}`).page, 1);
  assert.equal(wishOf("#page=99999").page, 42, "no further than the server goes");
  assert.deepEqual(wishOf("#year=20x6&sort=odd&grade=").chosen, {});
  assert.deepEqual(wishOf("#year=20x6&year=2025&subject=a&subject=a&subject=").chosen, { subject: ["a"], year: ["2025"] });
  assert.equal(wishOf(`#q=a${Array.from({ length: 90 }, (_, at) => `&school=s${at}`).join("")}`).chosen.school?.length, 30, "no more than the server takes");
  assert.ok(same(wishOf("#subject=数学&q=a"), wishOf("#q=a&subject=数学")));
});

test("choosing twice is choosing nothing, and begins at the first page", () => {
  const one = toggle({ ...NO_WISH, page: 4 }, "subject", "数学");
  assert.deepEqual([one.chosen, one.page], [{ subject: ["数学"] }, 1]);
  const two = toggle(toggle(one, "subject", "语文"), "grade", "三年级");
  assert.deepEqual(two.chosen, { subject: ["数学", "语文"], grade: ["三年级"] });
  assert.deepEqual(chosenOf(two), [["subject", "数学"], ["subject", "语文"], ["grade", "三年级"]]);
  assert.deepEqual(toggle(toggle(two, "subject", "数学"), "grade", "三年级").chosen, { subject: ["语文"] });
  assert.ok(same(toggle(one, "subject", "数学"), NO_WISH), "the address is what it was");
});

test("facets that tell something apart, and what of them is in sight", () => {
  const values = (...counts: number[]) => counts.map((count, at) => ({ value: `v${at}`, label: "", count }));
  assert.equal(tells(values(7), 7, []), false);
  assert.equal(tells([], 7, []), false);
  assert.equal(tells(values(5), 7, []), true, "two have nothing there");
  assert.equal(tells(values(5, 2), 7, []), true);
  assert.equal(tells(values(7), 7, ["v0"]), true);
  const many = values(9, 8, 7, 6, 5, 4, 3, 2, 1);
  assert.deepEqual(inSight(many, ["v7"], false).map((it) => it.value), ["v0", "v1", "v2", "v3", "v4", "v5", "v7"]);
  assert.equal(inSight(many, [], true).length, 9);
  assert.equal(inSight(many.slice(0, 7), [], false).length, 7, "one alone is not hidden");
});

test("lists of resources", () => {
  const may = (...scopes: [string, string][]) => onlySchool({ may: { "library.import": scopes.map(([kind, scope]) => ({ kind, scope })) } });
  assert.deepEqual([may(["school", "s1"]), may(["school", "s1"], ["school", "s2"]), may(["system", ""]), may(), onlySchool({ may: {} })], ["s1", "", "", "", ""]);
  assert.equal(decodeURIComponent(templateUrl("标题,链接").split(",").slice(1).join(",")), "\ufeff标题,链接\r\n");
});

test("what the server is asked", () => {
  assert.deepEqual(searchQuery(NO_WISH), { q: "", sort: "new", page: 1 });
  assert.deepEqual(searchQuery({ q: "圆", chosen: { kind: ["lesson", "clip"], year: ["2026"] }, sort: "best", page: 2 }), {
    ...{ q: "圆", kind: ["lesson", "clip"], year: ["2026"], sort: "best", page: 2 },
  });
  assert.deepEqual([0, 1, 24, 25, 1000, 9_000_000].map(pagesFor), [1, 1, 1, 2, 42, 42]);
});

test("a resource and its second in the address", () => {
  assert.deepEqual(openedOf("#r=abc&t=12.5"), { id: "abc", at_ms: 12_500 });
  assert.deepEqual(openedOf(openHash("abc", 65_432)), { id: "abc", at_ms: 65_400 });
  assert.deepEqual(openedOf("#r=abc"), { id: "abc", at_ms: null });
  for (const t of ["", "x", "-3"]) assert.equal(openedOf(`#r=abc&t=${t}`)?.at_ms ?? null, t === "" ? 0 : null);
  for (const hash of ["", "#q=abc", "#r=", "#r=../me", "#r=a b"]) assert.equal(openedOf(hash), null);
  assert.equal(shareUrl("https://tongke.school", "abc", 65_432), "https://tongke.school/library#r=abc&t=65");
});

test("marks become spans", () => {
  const cut = (text: string, ...marks: [number, number][]) => spansOf(text, marks).map((it) => (it.marked ? `[${it.text}]` : it.text)).join("");
  assert.equal(cut("分数的意义", [0, 2]), "[分数]的意义");
  assert.equal(cut("分数的意义", [3, 5], [0, 2]), "[分数]的[意义]");
  assert.equal(cut("分数的意义", [0, 2], [1, 3], [3, 4]), "[分数的意]义", "overlapping and touching ones are one");
  assert.equal(cut("分数", [1, 9], [-3, 0], [5, 6]), "分[数]", "nothing outside of the text");
  assert.equal(cut("𝒳分数", [2, 4]), "𝒳[分数]", "UTF-16 code units");
  assert.deepEqual(spansOf("", [[0, 3]]), []);
  assert.deepEqual(found("The cat, the CAT", " cat "), [[4, 7], [13, 16]]);
  assert.deepEqual(found("aaaa", "aa"), [[0, 2], [2, 4]]);
  assert.deepEqual(found("text", "  "), []);
});

test("captions are read, whatever else the file has", () => {
  const cues = parseVtt(
    "\ufeffWEBVTT\r\nLanguage: zh\r\n\r\nNOTE --> nothing\n\n1\n00:00:01.500 --> 00:00:03.000 align:start\n<v 教师>a &lt; b &amp; c</v>\nsecond\n\n00:00.100 --> 00:00.900\nfirst\n\nbroken\n00:09 --> 00:10\nx\n\n01:00:00.000 --> 00:00:01.000\nbackwards",
  );
  assert.deepEqual(cues, [
    { starts: 100, ends: 900, text: "first" },
    { starts: 1500, ends: 3000, text: "a < b & c\nsecond" },
  ]);
  assert.equal(cueAt(cues, 1500), "a < b & c\nsecond");
  assert.deepEqual([0, 950, 3000].map((at) => cueAt(cues, at)), ["", "", ""]);
  assert.deepEqual(parseVtt("<html>"), []);
  assert.deepEqual([0, 5, 7, 99].map((at) => lastBegun([5, 7, 7], at, (it) => it)), [-1, 0, 2, 2]);
  const strip = { columns: 4, rows: 3, every_ms: 1000 };
  assert.deepEqual([0, 4999, 11_000, 99_000].map((at) => pictureAt(strip, at)), [
    ...[{ column: 0, row: 0 }, { column: 0, row: 1 }, { column: 3, row: 2 }, { column: 3, row: 2 }],
  ]);
});

test("the ends of a clip keep apart and inside", () => {
  const window = { starts: 10_000, ends: 60_000 };
  assert.deepEqual(firstCut(window, 12_345), { from: 12_000, to: 60_000 });
  assert.deepEqual(firstCut(window, 59_900), { from: 59_000, to: 60_000 });
  assert.deepEqual(firstCut(window, 0), { from: 10_000, to: 60_000 });
  const cut = { from: 20_000, to: 30_000 };
  assert.deepEqual(moved(cut, "from", 25_000.4, window), { from: 25_000, to: 30_000 });
  assert.deepEqual(moved(cut, "from", 40_000, window), { from: 29_000, to: 30_000 });
  assert.deepEqual(moved(cut, "from", 0, window), { from: 10_000, to: 30_000 });
  assert.deepEqual(moved(cut, "to", 0, window), { from: 20_000, to: 21_000 });
  assert.deepEqual(moved(cut, "to", 90_000, window), { from: 20_000, to: 60_000 });
});

test("times as people write them", () => {
  for (const [text, ms] of [["12:30", 750_000], ["1:02:03", 3_723_000], [" 90 ", 90_000], ["0:01.5", 1500], ["1：05", 65_000]] as const) assert.equal(parseTime(text), ms);
  for (const text of ["", "1:60", "a", "1:2:3:4", "-1", "1.5:00", ":"]) assert.equal(parseTime(text), null, text);
});

test("keys leave fields, buttons and the browser alone", () => {
  const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
  assert.equal(actionOf(press(" "), "else")?.action, "toggle");
  assert.equal(actionOf(press("K"), "button")?.action, "toggle");
  assert.equal(actionOf(press(" "), "button"), null);
  assert.equal(actionOf(press("k"), "text"), null);
  assert.equal(actionOf(press("f", { ctrlKey: true }), "else"), null);
  assert.deepEqual(actionOf(press("7"), "else"), { action: "tenth", tenth: 7 });
  assert.equal(actionOf(press("Enter"), "else"), null);
  for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", " "]) assert.equal(actionOf(press(key), "list"), null, "it scrolls what is beside the film");
  assert.equal(actionOf(press("k"), "list")?.action, "toggle");
  assert.deepEqual([nextSpeed(1, 1), nextSpeed(2, 1), nextSpeed(0.5, -1), nextSpeed(1.1, -1)], [1.25, 2, 0.5, 1]);
});

test("how somebody likes to watch", () => {
  assert.deepEqual(likingOf(null), USUAL);
  assert.deepEqual(likingOf("{"), USUAL);
  assert.deepEqual(likingOf("null"), USUAL);
  assert.deepEqual(likingOf('{"volume": 5, "rate": "2", "muted": 1, "captions": 0}'), USUAL);
  assert.deepEqual(likingOf('{"volume": 0.3, "rate": 1.5, "muted": true, "captions": false}'), { volume: 0.3, rate: 1.5, muted: true, captions: false });
});

test("what is said of a resource", () => {
  const names = (kind: string) => metadataAsks({}, [], kind).map((it) => it.name);
  assert.deepEqual(names("clip"), ["title", "points", "rights", "description"]);
  assert.ok(names("video").includes("subject"));
  assert.deepEqual(pointsOf("分数、 单位“1”,分母；;\n"), ["分数", "单位“1”", "分母"]);
  assert.deepEqual(metadataOf({ title: "荷花", points: "写景", day: "", unit: "", odd: true }), { title: "荷花", points: ["写景"], unit: "" });
  assert.deepEqual(["荷花.mp4", "第一课", "a.b.PDF", ".mp4"].map(titleOf), ["荷花", "第一课", "a.b", ".mp4"]);
  assert.deepEqual([1, 999_999, 5_400_000, 3e9].map(megabytes), ["1 kB", "1000 kB", "5.4 MB", "3.00 GB"]);
});
