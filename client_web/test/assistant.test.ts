import assert from "node:assert/strict";
import { test } from "node:test";
import { Asked, type Setting } from "../src/assistant/asked.ts";
import { doorOf } from "../src/assistant/door.ts";
import { lineOf, minutesLeft, phaseOf, type ViewInput } from "../src/assistant/view.ts";
import { why } from "../src/assistant/words.ts";
import { UNTOUCHED, loudness, untouched } from "../src/classroom/remote.ts";
import { decodeToken, type TokenClaims } from "../src/lib/params.ts";
import type { Participant, ParticipantStats } from "../src/lib/protocol.ts";
import { EMPTY_ROOM } from "../src/lib/room-state.ts";

const claims: TokenClaims = {
  room: "r",
  sub: "a",
  role: "assistant",
  name: "A",
  publish: [],
  exp: 2000,
  beside: "c1",
  ends: 1500,
};
const room = (state: "waiting" | "live" | "interrupted" | "ended") => ({
  ...EMPTY_ROOM,
  known: true,
  lesson: { state, since: 0, lead: null },
});
const fine: ViewInput = { claims, socket: { state: "open", attempt: 0, problem: null }, room: room("live"), over: false };
const phase = (more: Partial<ViewInput>): string => phaseOf({ ...fine, ...more }).phase;

test("what a token says of the display and the end", () => {
  const payload = Buffer.from(JSON.stringify({ role: "assistant", beside: "c1", ends: 1500 })).toString("base64url");
  const read = decodeToken(`x.${payload}.y`);
  assert.deepEqual([read?.beside, read?.ends], ["c1", 1500]);
  const bare = decodeToken(`x.${Buffer.from("{}").toString("base64url")}.y`);
  assert.deepEqual([bare?.beside, bare?.ends], [null, null]);
});

test("the phase of the page", () => {
  assert.equal(phase({}), "live");
  assert.equal(phase({ claims: null }), "noToken");
  assert.equal(phase({ claims: { ...claims, role: "lead" } }), "wrongRole");
  for (const state of ["waiting", "interrupted"] as const) assert.equal(phase({ room: room(state) }), state);
  assert.equal(phase({ room: room("ended") }), "over");
  assert.equal(phase({ over: true, socket: { state: "stopped", attempt: 0, problem: null } }), "over");
  for (const problem of ["token", "forbidden", "replaced"] as const) {
    assert.equal(phase({ socket: { state: "waiting", attempt: 1, problem } }), problem);
  }
  assert.equal(phase({ room: EMPTY_ROOM, socket: { state: "connecting", attempt: 0, problem: null } }), "connecting");
  assert.deepEqual(phaseOf({ ...fine, socket: { state: "waiting", attempt: 3, problem: null } }), {
    phase: "reconnecting",
    attempt: 3,
  });
  // The lesson was over before the line broke: nothing is left to connect to.
  assert.equal(phase({ room: room("ended"), socket: { state: "waiting", attempt: 3, problem: null } }), "over");
});

const display = { id: "c1", online: true } as Participant;
const stats = (report: Record<string, unknown> | null, down = 0): ParticipantStats =>
  ({ up: null, down: { loss: down, rtt_ms: null, bitrate: null }, report }) as ParticipantStats;

test("the line to the display in one word", () => {
  const seen = { picture: true, sound: true, loss: 0 };
  assert.equal(lineOf(display, stats(seen), true), "good");
  assert.equal(lineOf(display, stats({ ...seen, loss: 0.1 }), true), "weak");
  assert.equal(lineOf(display, stats(seen, 0.1), true), "weak");
  assert.equal(lineOf(display, stats({ ...seen, picture: false, sound: false }), true), "bad");
  assert.equal(lineOf(display, stats({ ...seen, picture: false }), true), "good", "a teacher may teach without a picture");
  for (const [who, what, live] of [
    [null, stats(seen), true],
    [{ ...display, online: false }, stats(seen), true],
    [display, stats(null), true],
    [display, undefined, true],
    [display, stats(seen), false],
  ] as const) {
    assert.equal(lineOf(who, what, live), "unknown");
  }
});

test("minutes left, and over time", () => {
  assert.equal(minutesLeft(null, 0), null);
  assert.equal(minutesLeft(600, 0), 10);
  assert.equal(minutesLeft(600, 1), 9);
  assert.equal(minutesLeft(600, 541_000), 0, "less than one");
  assert.equal(minutesLeft(600, 601_000), -1, "just over");
  assert.equal(minutesLeft(600, 780_000), -3);
});

test("what was asked is shown until the display has it, or had its time", () => {
  const actual: Setting = { ...UNTOUCHED, hand: false };
  const asked = new Asked();
  asked.ask({ volume: 30, hand: true }, 0);
  assert.deepEqual(asked.shown(actual, 10), { ...actual, volume: 30, hand: true });
  assert.deepEqual(asked.shown({ ...actual, hand: true }, 20), { ...actual, volume: 30, hand: true });
  assert.equal(asked.shown(actual, 30).hand, false, "it was so, and somebody else lowered it");
  asked.ask({ volume: 40 }, 2_000);
  assert.equal(asked.shown(actual, 4_900).volume, 40);
  assert.equal(asked.shown(actual, 5_100).volume, 100, "the display did not do it");
  asked.ask({ local: true }, 6_000);
  asked.forget();
  assert.equal(asked.shown(actual, 6_001).local, false);
});

test("a display that somebody touched", () => {
  assert.ok(untouched(UNTOUCHED));
  const touched = [{ microphone: false }, { loudspeaker: false }, { volume: 99 }, { local: true }];
  for (const change of touched) assert.ok(!untouched({ ...UNTOUCHED, ...change }));
});

test("how loud the display plays", () => {
  assert.equal(loudness(UNTOUCHED), 1);
  assert.equal(loudness({ ...UNTOUCHED, volume: 40 }), 0.4);
  assert.equal(loudness({ ...UNTOUCHED, loudspeaker: false }), 0);
  const taken = loudness({ ...UNTOUCHED, volume: 40, local: true });
  assert.ok(taken > 0 && taken < 0.1, "still there, in nobody's way");
});

test("who may enter when", () => {
  const lesson = { state: "scheduled", opens: 100, ends: 3000 };
  assert.equal(doorOf(lesson, 99_000), "soon");
  assert.equal(doorOf(lesson, 100_000), "open");
  assert.equal(doorOf(lesson, 3_000_000), "soon");
  const doors = ["open", "live", "ended", "processing", "published", "cancelled"].map((state) => doorOf({ ...lesson, state }, 0));
  assert.deepEqual(doors, ["open", "live", "ended", "ended", "ended", "cancelled"]);
});

test("a refusal is a sentence", () => {
  assert.match(why("not_beside", ""), /./);
  assert.match(why("something_new", "Do this."), /Do this\./);
  assert.notEqual(why("something_new", ""), "");
  assert.notEqual(why("toString", ""), "");
});
