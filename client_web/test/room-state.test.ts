import assert from "node:assert/strict";
import { test } from "node:test";
import type { Participant, ServerMessage, SlotState } from "../src/lib/protocol.ts";
import { EMPTY_ROOM, reduceRoom, slotNamed, slotsOf, type RoomState } from "../src/lib/room-state.ts";

const NOW = 1_000_000;

export function person(id: string, more: Partial<Participant> = {}): Participant {
  return { id, name: id.toUpperCase(), role: "classroom", online: true, hand: false, muted: false, display: null, tracks: [], ...more };
}

const WELCOME: ServerMessage = {
  t: "welcome",
  v: 1,
  participant: "c1",
  role: "classroom",
  name: "C1",
  room: "demo",
  now: NOW + 250,
  lesson: { state: "waiting", since: 5, lead: null },
  called: null,
  participants: [person("c1"), person("lead", { role: "lead" })],
  captions: true,
};

const slot = (mid: string, name: string): SlotState => ({
  mid,
  slot: name,
  kind: "video",
  status: "playing",
  participant: "lead",
  source: "camera",
  codec: "VP8",
});

const fold = (...messages: ServerMessage[]): RoomState => messages.reduce((s, m) => reduceRoom(s, m, NOW), EMPTY_ROOM);

test("welcome is the complete state and sets the clock", () => {
  const state = fold({ t: "participant", participant: person("stale") }, WELCOME);
  assert.equal(state.known, true);
  assert.equal(state.clockOffset, 250);
  assert.deepEqual([...state.participants.keys()], ["c1", "lead"]);
});

test("a participant replaces what was known, and leaves", () => {
  const raised = fold(WELCOME, { t: "participant", participant: person("c1", { hand: true }) });
  assert.equal(raised.participants.get("c1")?.hand, true);
  assert.equal(reduceRoom(raised, { t: "left", id: "c1" }, NOW).participants.has("c1"), false);
});

test("captions are shown while they are on, and gone with them", () => {
  const on = fold(WELCOME, { t: "captioning", state: "on" }, { t: "captions", lines: ["同学们好"], tentative: "今天" });
  assert.equal(on.canCaption, true);
  assert.equal(on.captioning, "on");
  assert.deepEqual(on.captions, { lines: ["同学们好"], tentative: "今天" });
  const late = reduceRoom(on, { t: "captioning", state: "late" }, NOW);
  assert.equal(late.captions, on.captions);
  assert.equal(reduceRoom(late, { t: "captioning", state: "off" }, NOW).captions, null);
  assert.equal(reduceRoom(on, WELCOME, NOW).captioning, "off", "said again after it");
});

test("nothing changes for somebody unknown who leaves, or for a message that is not about the room", () => {
  const state = fold(WELCOME);
  assert.equal(reduceRoom(state, { t: "left", id: "nobody" }, NOW), state);
  assert.equal(reduceRoom(state, { t: "pong", id: 1, now: NOW }, NOW), state);
  assert.equal(reduceRoom(state, { t: "later" } as unknown as ServerMessage, NOW), state);
});

test("earlier states are not written to", () => {
  const before = fold(WELCOME);
  reduceRoom(before, { t: "participant", participant: person("c2") }, NOW);
  assert.equal(before.participants.has("c2"), false);
});

test("lesson and call are followed", () => {
  const state = fold(WELCOME, { t: "lesson", lesson: { state: "live", since: 9, lead: "lead" } }, { t: "called", participant: "c2" });
  assert.equal(state.lesson.state, "live");
  assert.equal(state.called, "c2");
});

test("slots are kept per session, the newest four", () => {
  const sessions = ["a", "b", "c", "d", "e"];
  const state = fold(WELCOME, ...sessions.map((session): ServerMessage => ({ t: "slots", session, slots: [slot("2", "camera")] })));
  assert.deepEqual([...state.slots.keys()], ["b", "c", "d", "e"]);
  assert.equal(slotNamed(slotsOf(state, "e"), "camera", "video")?.mid, "2");
  assert.equal(slotNamed(slotsOf(state, "e"), "camera", "audio"), null);
  assert.deepEqual(slotsOf(state, null), []);
  assert.deepEqual(slotsOf(state, "a"), []);
});

test("what is recorded is known until the next welcome says otherwise", () => {
  const told: ServerMessage = { t: "recording", state: "paused", excluded: ["c1"], by: "lead" };
  assert.deepEqual(fold(WELCOME, told).recording, { state: "paused", excluded: ["c1"], by: "lead" });
  assert.equal(fold(WELCOME, told, WELCOME).recording, null);
});
