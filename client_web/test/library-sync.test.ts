import assert from "node:assert/strict";
import { test } from "node:test";
import { PlaceKeeper } from "../src/library/place.ts";
import { Clock, beginAt, cellsOf, inside, leaderOf, steer, thereAt, thereOf, windowOf, type Following } from "../src/library/sync.ts";

const screen: Following = { offset_ms: 2_000, length_ms: 10_000, at_ms: 0, busy: false, correcting: false };
const at = (at_ms: number, more: Partial<Following> = {}): Following => ({ ...screen, at_ms, ...more });
const leading = (at_ms: number, plays = true, rate = 1) => ({ at_ms, plays, rate });

test("where a file has something", () => {
  assert.deepEqual([0, 1_999, 2_000, 11_999, 12_000].map((it) => thereAt(screen, it)), ["before", "before", "during", "during", "after"]);
  assert.deepEqual([0, 2_500, 99_000].map((it) => inside(screen, it)), [0, 500, 10_000]);
});

test("together is left alone", () => {
  assert.deepEqual(steer(at(1_010), leading(3_000)), { there: "during", plays: true, rate: 1, seek_ms: null, correcting: false });
  assert.equal(steer(at(1_025), leading(3_000)).rate, 1, "not yet worth it");
});

test("a little apart is put right by the speed, until it is together again", () => {
  const late = steer(at(950), leading(3_000));
  assert.ok(late.correcting && late.rate > 1 && late.rate <= 1.1 && late.seek_ms === null);
  const early = steer(at(1_080), leading(3_000, true, 2));
  assert.ok(early.rate < 2 && early.rate >= 1.8);
  assert.ok(steer(at(980, { correcting: true }), leading(3_000)).correcting, "goes on below where it would begin");
  assert.ok(!steer(at(990, { correcting: true }), leading(3_000)).correcting);
  assert.equal(steer(at(800), leading(3_000)).rate, 1.1, "no faster than nobody hears");
});

test("far apart jumps, a little ahead, and never while it jumps", () => {
  assert.equal(steer(at(0), leading(3_000)).seek_ms, 1_060);
  assert.equal(steer(at(9_000), leading(3_000)).seek_ms, 1_060);
  assert.equal(steer(at(0, { busy: true }), leading(3_000)).seek_ms, null);
  assert.equal(steer(at(0), leading(11_990)).seek_ms, 10_000, "not beyond its end");
});

test("at rest it stands exactly", () => {
  assert.deepEqual(steer(at(900), leading(3_000, false)), { there: "during", plays: false, rate: 1, seek_ms: 1_000, correcting: false });
  assert.equal(steer(at(1_000), leading(3_000, false)).seek_ms, null);
});

test("where it has nothing it rests", () => {
  for (const [when, there] of [[500, "before"], [12_500, "after"]] as const) {
    assert.deepEqual(steer(at(0), leading(when)), { there, plays: false, rate: 1, seek_ms: null, correcting: false });
  }
});

test("a drifting picture is held within 40 ms over an hour", () => {
  // It plays 300 ppm too fast, looked at ten times a second.
  let [own, correcting, worst] = [0, false, 0];
  for (let now = 0; now < 3_600_000; now += 100) {
    const did = steer({ offset_ms: 0, length_ms: 4e6, at_ms: own, busy: false, correcting }, leading(now));
    assert.equal(did.seek_ms, null);
    correcting = did.correcting;
    own += 100 * did.rate * 1.0003;
    worst = Math.max(worst, Math.abs(own - now - 100));
  }
  assert.ok(worst < 40, `${worst} ms`);
});

test("the line's own clock", () => {
  const clock = new Clock();
  clock.put(5_000, 0);
  assert.equal(clock.at(900), 5_000, "it does not run yet");
  clock.run(1_000, 1.5);
  assert.equal(clock.at(3_000), 8_000);
  clock.put(1_000, 3_000);
  assert.equal(clock.at(4_000), 2_500);
  clock.halt(4_000);
  assert.deepEqual([clock.at(9_000), clock.runs], [2_500, false]);
});

test("the part that is shown, and who leads", () => {
  const tracks = [{ offset_ms: 500, length_ms: 9_000 }];
  const resource = { kind: "lesson", starts_ms: 0, ends_ms: 0, length_ms: 0, tracks };
  assert.deepEqual(windowOf(resource), { starts: 0, ends: 9_500 });
  assert.deepEqual(windowOf({ ...resource, length_ms: 12_000 }), { starts: 0, ends: 12_000 });
  assert.deepEqual(windowOf({ ...resource, kind: "clip", starts_ms: 2_000, ends_ms: 4_000, length_ms: 2_000 }), { starts: 2_000, ends: 4_000 });
  const file = (name: string, media_type = "video/webm") => ({ name, media_type });
  assert.equal(leaderOf([file("screen"), file("sound-a", "audio/ogg"), file("camera")])?.name, "camera");
  assert.equal(leaderOf([file("screen"), file("sound-a", "audio/ogg")])?.name, "sound-a");
  assert.equal(leaderOf([file("screen")])?.name, "screen");
  assert.equal(leaderOf([]), null);
  assert.equal(leaderOf([file("screen"), file("classroom-1-screen"), file("classroom-1"), file("camera-2")])?.name, "camera-2");
  assert.equal(leaderOf([file("screen-2"), file("sound-a", "audio/ogg")])?.name, "sound-a");
});

test("where one begins", () => {
  const window = { starts: 0, ends: 2_700_000 };
  assert.equal(beginAt(window, 65_000, 300_000), 65_000, "the address counts");
  assert.equal(beginAt(window, null, 300_000), 300_000);
  assert.equal(beginAt(window, null, 2_695_000), 0, "she has seen it");
  assert.equal(beginAt(window, null, null), 0);
  assert.equal(beginAt({ starts: 5_000, ends: 9_000 }, 1_000, null), 5_000);
  assert.equal(beginAt({ starts: 5_000, ends: 9_000 }, 99_000, null), 8_900);
  assert.equal(beginAt({ starts: 5_000, ends: 9_000 }, null, 8_000), 8_000, "of a short one less counts as seen");
});

test("a place is told every ten seconds at most, and when she leaves", () => {
  const keeper = new PlaceKeeper(0);
  assert.equal(keeper.due(500, 0), null, "she has hardly begun");
  assert.equal(keeper.due(1_500.4, 1_000), 1_500);
  assert.equal(keeper.due(9_000, 9_000), null);
  assert.equal(keeper.due(9_000, 9_000, true), 9_000);
  assert.equal(keeper.due(9_200, 9_100, true), null, "it is known");
  assert.equal(keeper.due(20_000, 18_000), null);
  assert.equal(keeper.due(20_000, 19_000), 20_000);
});

test("files in a row are one picture", () => {
  const file = (name: string) => ({ name });
  const names = ["camera", "camera-2", "screen", "classroom-1", "classroom-1-2", "classroom-1-screen", "classroom-2"];
  assert.deepEqual(
    cellsOf(names.map(file)).map((it) => [it.role, it.tracks.length]),
    [["camera", 2], ["screen", 1], ["classroom-1", 2], ["classroom-1-screen", 1], ["classroom-2", 1]],
  );
  const row = [{ offset_ms: 0, length_ms: 100 }, { offset_ms: 150, length_ms: 100 }];
  assert.deepEqual([50, 120, 200, 300].map((at) => thereOf(row, at)), ["during", "before", "during", "after"]);
});
