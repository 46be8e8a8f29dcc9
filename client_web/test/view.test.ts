import assert from "node:assert/strict";
import { test } from "node:test";
import { LineQuality, viewOf, type ViewInput } from "../src/classroom/view.ts";
import { makeReport } from "../src/classroom/report.ts";
import type { LessonPhase, SlotState, SlotStatus } from "../src/lib/protocol.ts";
import { EMPTY_ROOM, type RoomState } from "../src/lib/room-state.ts";
import type { Digest } from "../src/lib/stats.ts";

const room = (state: LessonPhase, more: Partial<RoomState> = {}): RoomState => ({
  ...EMPTY_ROOM,
  known: true,
  me: "c1",
  lesson: { state, since: 0, lead: "lead" },
  ...more,
});

const slots = (camera: SlotStatus, screen: SlotStatus, called: SlotStatus = "empty"): SlotState[] =>
  Object.entries({ camera, screen, called }).map(([slot, status], i) => ({
    mid: String(i),
    slot,
    kind: "video",
    status,
    participant: "lead",
    source: "camera",
    codec: "VP8",
  }));

const input = (more: Partial<ViewInput> = {}): ViewInput => ({
  hasToken: true,
  socket: { state: "open", attempt: 0, problem: null },
  link: { state: "connected", attempt: 0, problem: null },
  room: room("live"),
  slots: slots("playing", "empty"),
  weak: false,
  screenGoneMs: 0,
  previous: "idle",
  ...more,
});

test("the lesson's states", () => {
  assert.equal(viewOf(input({ hasToken: false })).phase, "noToken");
  assert.equal(viewOf(input({ room: EMPTY_ROOM })).phase, "connecting");
  assert.deepEqual(
    (["waiting", "live", "interrupted", "ended"] as const).map((state) => viewOf(input({ room: room(state) })).phase),
    ["waiting", "live", "interrupted", "ended"],
  );
  assert.equal(viewOf(input({ weak: true })).phase, "weak");
});

test("a room that is closed is told as what it is, without a picture", () => {
  const closed = (["notOpen", "over", "cancelled"] as const).map((problem) =>
    viewOf(input({ socket: { state: "waiting", attempt: 1, problem }, previous: "screen" })),
  );
  assert.deepEqual(closed.map(({ phase, layout }) => [phase, layout]), [["notOpen", "idle"], ["ended", "idle"], ["cancelled", "idle"]]);
});

test("slides own the display; the camera is large without them", () => {
  assert.equal(viewOf(input()).layout, "camera");
  assert.equal(viewOf(input({ slots: slots("playing", "playing") })).layout, "screen");
  assert.equal(viewOf(input({ slots: slots("playing", "unsupported") })).layout, "screen");
  assert.equal(viewOf(input({ room: room("waiting") })).layout, "idle");
});

test("a lost line keeps the layout and counts attempts", () => {
  const lost = viewOf(input({ slots: [], previous: "screen", link: { state: "retrying", attempt: 3, problem: null } }));
  assert.deepEqual([lost.phase, lost.attempt, lost.layout], ["reconnecting", 3, "screen"]);
  assert.equal(viewOf(input({ link: { state: "unstable", attempt: 0, problem: null } })).attempt, 1);
});

test("a teacher who is gone for a moment leaves her last picture", () => {
  const gone = viewOf(input({ room: room("interrupted"), slots: slots("empty", "empty"), previous: "screen" }));
  assert.deepEqual([gone.phase, gone.layout], ["interrupted", "screen"]);
});

test("slides stay for a moment after their slot is empty, in case the teacher's line broke", () => {
  const after = (ms: number): string => viewOf(input({ previous: "screen", screenGoneMs: ms })).layout;
  assert.deepEqual([after(1), after(1000), after(5000)], ["screen", "screen", "camera"]);
  const broken = viewOf(input({ room: room("interrupted"), slots: slots("waiting", "empty"), previous: "screen" }));
  assert.equal(broken.layout, "screen");
});

test("a lost WebSocket is not mentioned while the lesson plays on, but is on the waiting page", () => {
  const socket = { state: "waiting", attempt: 2, problem: null } as const;
  assert.equal(viewOf(input({ socket })).phase, "live");
  const starved = viewOf(input({ socket, weak: true }));
  assert.deepEqual([starved.phase, starved.attempt], ["reconnecting", 2]);
  const idle = viewOf(input({ socket, room: room("waiting") }));
  assert.deepEqual([idle.phase, idle.attempt], ["reconnecting", 2]);
});

test("what only a person can put right is said at once", () => {
  for (const problem of ["token", "forbidden", "replaced"] as const) {
    assert.equal(viewOf(input({ socket: { state: "waiting", attempt: 1, problem } })).phase, problem);
  }
  assert.equal(viewOf(input({ link: { state: "refused", attempt: 1, problem: null } })).phase, "refused");
});

test("the called classroom is shown to others, and told so itself", () => {
  const called = slots("playing", "playing", "playing");
  assert.equal(viewOf(input({ room: room("live", { called: "c2" }), slots: called })).showCalled, true);
  const here = viewOf(input({ room: room("live", { called: "c1" }), slots: slots("playing", "playing") }));
  assert.deepEqual([here.calledHere, here.showCalled], [true, false]);
  assert.equal(viewOf(input({ slots: called })).showCalled, false);
});

test("a weak line needs two bad reports and is forgiven after three good ones", () => {
  const quality = new LineQuality();
  const push = (...losses: number[]): boolean[] => losses.map((loss) => quality.push(loss, false));
  assert.deepEqual(push(0.2, 0, 0.2, 0.2), [false, false, false, true]);
  assert.deepEqual(push(0, 0, 0.2, 0, 0, 0), [true, true, true, true, true, false]);
  quality.push(null, true);
  assert.equal(quality.push(null, true), true, "pictures that do not come");
});

const numbers = (more: Partial<Digest>): Digest => ({
  delayMs: 100,
  loss: 0,
  bitrate: 1000,
  width: 640,
  height: 360,
  fps: 20,
  freezes: 0,
  levelDb: null,
  ...more,
});

test("a report speaks of the main picture, the worst loss and the whole rate", () => {
  const sound: SlotState = { mid: "9", slot: "teacher", kind: "audio", status: "playing", participant: "lead", source: "microphone", codec: "opus" };
  const all = [...slots("playing", "playing"), sound];
  const digests = new Map([
    ["0", numbers({ width: 320, loss: 0.1 })],
    ["1", numbers({ width: 1920, fps: 4 })],
    ["9", numbers({ width: null, fps: null, levelDb: -20 })],
  ]);
  const report = makeReport(all, digests, true);
  assert.deepEqual([report.width, report.fps, report.loss, report.bitrate], [1920, 4, 0.1, 3000]);
  assert.deepEqual([report.sound, report.picture], [true, true]);
  assert.equal(makeReport(all, digests, false).sound, false, "the browser holds the sound back");
});

test("a report of nothing is all null and false", () => {
  const report = makeReport(slots("empty", "empty"), new Map(), true);
  assert.deepEqual(Object.values(report), [null, null, null, null, null, null, false, false, null]);
});
