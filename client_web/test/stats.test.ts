import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENCE_DB, digest, levelDb, meterPosition, takeSample, type StatsEntry } from "../src/lib/stats.ts";

const pair: StatsEntry = { id: "P", type: "candidate-pair", currentRoundTripTime: 0.04, nominated: true };
const transport: StatsEntry = { id: "T", type: "transport", selectedCandidatePairId: "P" };

const inbound = (more: Record<string, unknown>): StatsEntry => ({ id: "I", type: "inbound-rtp", transportId: "T", ...more });

const video = (n: number): StatsEntry[] => [
  inbound({
    bytesReceived: 125_000 * n,
    packetsReceived: 95 * n,
    packetsLost: 5 * n,
    framesDecoded: 30 * n,
    freezeCount: n,
    jitterBufferDelay: 3 * n,
    jitterBufferEmittedCount: 30 * n,
    frameWidth: 1280,
    frameHeight: 720,
  }),
  transport,
  pair,
];

test("two samples make rate, loss, frame rate and delay", () => {
  const before = takeSample(video(1), 1000);
  const after = takeSample(video(2), 2000);
  assert.ok(after);
  const result = digest(before, after);
  assert.equal(result.bitrate, 1_000_000);
  assert.equal(result.loss, 0.05);
  assert.equal(result.fps, 30);
  assert.equal(result.freezes, 1);
  assert.ok(Math.abs((result.delayMs ?? 0) - 120) < 1e-6, "100 ms of jitter buffer and half of 40 ms");
  assert.deepEqual([result.width, result.height], [1280, 720]);
});

test("Chromium 87 keeps the jitter buffer in a track entry", () => {
  const old = (n: number): StatsEntry[] => [
    { id: "I", type: "inbound-rtp", trackId: "K", bytesReceived: n, packetsReceived: n, packetsLost: 0 },
    { id: "K", type: "track", jitterBufferDelay: 0.6 * n, jitterBufferEmittedCount: 10 * n, frameWidth: 640, frameHeight: 360 },
  ];
  const after = takeSample(old(2), 2000);
  assert.ok(after);
  const result = digest(takeSample(old(1), 1000), after);
  assert.ok(Math.abs((result.delayMs ?? 0) - 60) < 1e-6);
  assert.equal(result.width, 640);
});

test("nothing is said from one sample, nor when counters went backwards", () => {
  const first = takeSample(video(1), 1000);
  const second = takeSample(video(2), 2000);
  assert.ok(first && second);
  for (const result of [digest(null, first), digest(second, { ...first, at: 3000 })]) {
    assert.equal(result.bitrate, null);
    assert.equal(result.loss, null);
    assert.equal(result.width, 1280);
  }
});

test("an interval without packets has no loss, and late packets make none negative", () => {
  const first = takeSample(video(2), 1000);
  assert.ok(first);
  assert.equal(digest(first, { ...first, at: 2000 }).loss, null);
  assert.equal(digest(first, { ...first, at: 2000, received: first.received + 10, lost: first.lost - 3 }).loss, 0);
});

test("nothing is received before the first packet", () => {
  assert.equal(takeSample([transport, pair], 0), null);
});

test("sound level is the root mean square of the interval", () => {
  assert.ok(Math.abs((levelDb(0.25 * 2, 2) ?? 0) + 6.02) < 0.01);
  assert.equal(levelDb(0, 2), SILENCE_DB);
  assert.equal(levelDb(0, 0), null);
});

test("a meter shows the upper 60 dB", () => {
  assert.deepEqual([0, -30, -60, -100].map(meterPosition), [1, 0.5, 0, 0]);
});
