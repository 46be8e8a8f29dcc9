import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceError } from "../src/lib/devices.ts";
import { duration, ms, percent, rate } from "../src/lib/format.ts";
import type { Display, Participant, ParticipantStats, Report } from "../src/lib/protocol.ts";
import { answerOf, type Answer } from "../src/studio/answer.ts";
import { median, microphoneVerdict, rateVerdict, rttVerdict } from "../src/studio/checks.ts";
import { obstacleOf, type Surroundings } from "../src/studio/obstacle.ts";
import { SHORTCUTS } from "../src/studio/shortcuts.ts";
import { Attention, PATIENCE_MS, assignTiles, healthOf, orderClassrooms, pageCount, type Health } from "../src/studio/tiles.ts";

const classroom = (id: string, more: Partial<Participant> = {}): Participant => ({
  id,
  name: id,
  role: "classroom",
  online: true,
  hand: false,
  muted: false,
  display: null,
  tracks: [],
  ...more,
});

const report = (more: Partial<Report> = {}): ParticipantStats => ({
  up: null,
  down: null,
  report: {
    delay_ms: 90,
    loss: 0,
    bitrate: 1e6,
    width: 640,
    height: 360,
    fps: 20,
    sound: true,
    picture: true,
    freezes: 0,
    ...more,
  },
});

test("raised hands come first, then the called classroom, then names", () => {
  const all = [classroom("b"), classroom("a"), classroom("d", { hand: true }), classroom("c"), classroom("x", { role: "staff" })];
  assert.deepEqual(orderClassrooms(all, "c", "en").map((p) => p.id), ["d", "c", "a", "b"]);
  assert.deepEqual([0, 8, 9, 17].map(pageCount), [1, 1, 2, 3]);
});

test("whoever stays keeps the tile, and there are no holes", () => {
  assert.deepEqual(assignTiles([], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(assignTiles(["a", "b", "c"], ["c", "a", "b"]), ["a", "b", "c"]);
  assert.deepEqual(assignTiles(["a", "b", "c"], ["d", "b", "c"]), ["d", "b", "c"]);
  assert.deepEqual(assignTiles(["a", "b", "c"], ["c", "b"]), ["c", "b"]);
  assert.deepEqual(assignTiles(["a", "b", "c"], []), []);
});

test("a tile's word", () => {
  const fine = { picture: 0, sound: 0 };
  const word = (who: Participant, stats: ParticipantStats | undefined, missing = fine): string => healthOf(who, stats, missing).text;
  assert.equal(word(classroom("a"), report()), "tile.good");
  assert.equal(word(classroom("a"), undefined), "tile.joined");
  assert.equal(word(classroom("a"), report({ loss: 0.1 })), "tile.weak");
  assert.equal(word(classroom("a"), report(), { picture: 1000, sound: 0 }), "tile.joined");
  assert.equal(word(classroom("a"), report(), { picture: PATIENCE_MS + 1, sound: 0 }), "tile.noPicture");
  assert.equal(word(classroom("a"), report(), { picture: 0, sound: PATIENCE_MS + 1 }), "tile.noSound");
  assert.equal(word(classroom("a", { online: false }), report()), "tile.offline");
  const set = (display: Partial<Display>): Participant =>
    classroom("a", { display: { microphone: true, loudspeaker: true, volume: 100, local: false, ...display } });
  assert.equal(word(set({}), report()), "tile.good");
  assert.equal(word(set({ local: true, volume: 0 }), report()), "tile.local");
  for (const quiet of [{ loudspeaker: false }, { volume: 0 }]) assert.equal(word(set(quiet), report()), "tile.quiet");
});

test("only a teacher who speaks can be unheard", () => {
  const attention = new Attention();
  const both = { picture: true, sound: true };
  attention.update({ a: report({ sound: false }) }, 1000);
  assert.equal(attention.missing("a", both, 60_000).sound, 0, "she is silent");
  attention.spoke(20_000);
  attention.update({ a: report({ sound: false }) }, 20_000);
  assert.equal(attention.missing("a", both, 60_000).sound, 19_000);
  assert.equal(attention.missing("a", { picture: true, sound: false }, 60_000).sound, 0, "she is muted");
  attention.update({ a: report() }, 21_000);
  assert.equal(attention.missing("a", both, 60_000).sound, 0);
});

test("a picture is missed from the first report without one", () => {
  const attention = new Attention();
  attention.update({ a: report({ picture: false }) }, 1000);
  attention.update({ a: report({ picture: false }) }, 3000);
  assert.equal(attention.missing("a", { picture: true, sound: true }, 5000).picture, 4000);
  assert.equal(attention.missing("a", { picture: false, sound: true }, 5000).picture, 0);
  attention.update({}, 6000);
  assert.equal(attention.missing("a", { picture: true, sound: true }, 7000).picture, 0);
});

test("the headline", () => {
  const connected = { state: "connected", attempt: 0, problem: null } as const;
  const good = healthOf(classroom("a"), report(), { picture: 0, sound: 0 });
  const joining = healthOf(classroom("b"), undefined, { picture: 0, sound: 0 });
  const bad = healthOf(classroom("c", { online: false }), undefined, { picture: 0, sound: 0 });
  const both = { picture: true, sound: true };
  const answer = (...all: Health[]): Answer => answerOf(connected, both, all.map((health, i) => ({ name: `K${i}`, health })), ", ");
  assert.equal(answer().text, "answer.nobody");
  assert.equal(answer(good, good).text, "answer.all");
  assert.equal(answer(good, joining).text, "answer.joining");
  const some = answer(good, joining, bad);
  assert.deepEqual([some.text, some.values["n"], some.values["of"], some.values["names"]], ["answer.some", 1, 3, "K2"]);
  assert.equal(answer(bad, bad, bad).values["names"], "K0, K1 …");
  assert.equal(answerOf(connected, { picture: true, sound: false }, [], "").text, "answer.muted");
  assert.equal(answerOf(connected, { picture: false, sound: true }, [], "").text, "answer.dark");
  const lost = answerOf({ state: "unstable", attempt: 0, problem: null }, both, [], "");
  assert.deepEqual([lost.text, lost.values["attempt"]], ["answer.reconnecting", 1]);
});

test("preflight verdicts", () => {
  assert.deepEqual([30, 180, 400].map((v) => rttVerdict(v).tone), ["ok", "warn", "bad"]);
  assert.deepEqual([8e6, 2e6, 5e5].map((v) => rateVerdict(v).tone), ["ok", "warn", "bad"]);
  assert.equal(rateVerdict("failed").tone, "bad");
  assert.equal(microphoneVerdict("on", -20).tone, "ok");
  assert.equal(microphoneVerdict("on", -80).tone, "warn");
  assert.equal(microphoneVerdict("denied", -20).text, "check.microphone.denied");
  assert.deepEqual([median([3, 1, 2]), median([])], [2, null]);
});

test("refusals of getUserMedia", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "TypeError"];
  assert.deepEqual(names.map((name) => deviceError({ name })), ["denied", "missing", "busy", "failed"]);
});

test("what keeps the studio from starting", () => {
  const fine: Surroundings = {
    claims: { room: "r", sub: "s", role: "lead", name: "", publish: [], exp: 2000, beside: null, ends: null },
    room: "r",
    now: 1_000_000,
    webrtc: true,
    secure: true,
    socket: { state: "connecting", attempt: 0, problem: null },
  };
  assert.equal(obstacleOf(fine), null);
  assert.equal(obstacleOf({ ...fine, claims: null }), "noToken");
  assert.equal(obstacleOf({ ...fine, socket: { state: "waiting", attempt: 1, problem: "notOpen" } }), "notOpen");
  assert.equal(obstacleOf({ ...fine, socket: { state: "stopped", attempt: 1, problem: "over" } }), "over");
  assert.equal(obstacleOf({ ...fine, claims: { ...fine.claims!, role: "classroom" } }), "wrongRole");
  assert.equal(obstacleOf({ ...fine, now: 2_011_000 }), "expired");
  assert.equal(obstacleOf({ ...fine, now: 2_011_000, socket: { state: "open", attempt: 0, problem: null } }), null);
  assert.equal(obstacleOf({ ...fine, secure: false }), "insecure");
  assert.equal(obstacleOf({ ...fine, webrtc: false }), "unsupported");
  assert.equal(obstacleOf({ ...fine, socket: { state: "stopped", attempt: 1, problem: "replaced" } }), "replaced");
});

test("one key per action", () => {
  const keys = Object.values(SHORTCUTS);
  assert.equal(new Set(keys).size, keys.length);
});

test("numbers have units", () => {
  assert.deepEqual([ms(12.4), ms(0.3), ms(null)], ["12 ms", "< 1 ms", "–"]);
  assert.deepEqual([percent(0.004), percent(0), percent(0.25)], ["0.4 %", "0 %", "25 %"]);
  assert.deepEqual([rate(640_000), rate(2_450_000)], ["640 kbit/s", "2.5 Mbit/s"]);
  assert.deepEqual([duration(65_000), duration(3_700_000)], ["01:05", "1:01:40"]);
});
