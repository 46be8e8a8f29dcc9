import assert from "node:assert/strict";
import { test } from "node:test";
import { FAST, PATIENT, backoffDelay } from "../src/lib/backoff.ts";

test("doubles from the first retry up to the limit", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7].map((attempt) => backoffDelay(attempt, 0, FAST));
  assert.deepEqual(delays, [400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test("jitter only shortens, by its part at most", () => {
  for (const random of [0, 0.3, 0.999]) {
    const delay = backoffDelay(4, random, FAST);
    assert.ok(delay <= 3200 && delay >= 3200 * (1 - FAST.jitter), `${delay}`);
  }
});

test("stays finite after days without a network", () => {
  assert.equal(backoffDelay(100_000, 0, FAST), FAST.maxMs);
  assert.equal(backoffDelay(100_000, 0, PATIENT), PATIENT.maxMs);
});
