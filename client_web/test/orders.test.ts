import assert from "node:assert/strict";
import { test } from "node:test";
import type { Recording } from "../src/lib/protocol.ts";
import { Orders, obeyed, type Order } from "../src/studio/orders.ts";

const room = (state: Recording["state"] = "recording", ...excluded: string[]): Recording => ({ state, excluded, by: "teacher" });
const codeOf = (orders: Orders): string | undefined => orders.problem?.code;
const leaveOut = (participant: string): Order => ({ action: "exclude", participant });

test("what she wants is shown until the room says that it is so", () => {
  const orders = new Orders();
  orders.gave(leaveOut("b"), true, room(), 0);
  assert.equal(orders.wanted("b"), "exclude");
  assert.equal(orders.wanted("a"), null);
  orders.heard(room("paused"));
  assert.equal(orders.wanted("b"), "exclude", "somebody else's order");
  orders.heard(room("paused", "b"));
  assert.deepEqual([orders.wanted("b"), orders.problem, orders.late(99_000)], [null, null, false]);
});

test("without a line it is not given, and she is told", () => {
  const orders = new Orders();
  orders.gave(leaveOut("b"), false, room(), 0);
  assert.deepEqual([orders.wanted("b"), codeOf(orders)], [null, "offline"]);
  orders.gave({ action: "pause", participant: null }, true, room(), 1_000);
  assert.equal(orders.problem, null, "she tries something else");
});

test("a line that breaks, or is silent, has not carried it", () => {
  const orders = new Orders();
  orders.lost();
  assert.equal(orders.problem, null, "nothing was on its way");
  orders.gave(leaveOut("b"), true, room(), 0);
  orders.lost();
  assert.deepEqual([orders.wanted("b"), codeOf(orders)], [null, "offline"]);
  orders.heard(room());
  assert.equal(codeOf(orders), "offline", "what holds is not what she wanted");
  orders.heard(room("recording", "b"));
  assert.equal(orders.problem, null, "it had arrived");

  orders.gave({ action: "stop", participant: null }, true, room(), 1_000);
  assert.equal(orders.late(13_000), false);
  assert.equal(orders.late(13_001), true);
  assert.equal(codeOf(orders), "offline");
  assert.equal(orders.late(99_000), false);
});

test("what the server refuses does not hold, and it says why", () => {
  const orders = new Orders();
  orders.gave(leaveOut("b"), true, room(), 0);
  orders.refused("recording_off", "This server does not record.");
  assert.deepEqual([orders.wanted("b"), codeOf(orders), orders.problem?.detail], [null, "recording_off", "This server does not record."]);
});

test("each order is done by what it asks for", () => {
  const done = (action: Order["action"], recording: Recording | null, participant: string | null = null): boolean => obeyed({ action, participant }, recording);
  assert.ok(done("start", room("recording")) && done("start", room("troubled")) && done("resume", room("recording")));
  assert.ok(done("pause", room("paused")) && done("stop", room("off")));
  assert.ok(!done("pause", room("recording")) && !done("stop", room("paused")) && !done("start", room("off")) && !done("stop", null));
  assert.ok(done("include", room("off"), "x") && !done("include", room("off", "x"), "x") && !done("exclude", room("off", "x"), "y"));
});

test("of one classroom the latest order counts", () => {
  const orders = new Orders();
  orders.gave(leaveOut("b"), true, room(), 0);
  orders.gave(leaveOut("c"), true, room(), 0);
  orders.gave({ action: "include", participant: "b" }, true, room("recording", "b"), 1);
  assert.deepEqual([orders.wanted("b"), orders.wanted("c")], ["include", "exclude"]);
});
