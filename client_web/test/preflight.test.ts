import assert from "node:assert/strict";
import { test } from "node:test";
import { findSweep, loudness, sweep } from "../src/display/echo.ts";
import { LIMITS, pictureGrade, rateGrade, reportOf, soundGrade, worst, type Found } from "../src/display/grades.ts";

const RATE = 48_000;

/** Noise that is the same in every run (a linear congruential generator). */
function noise(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** What a microphone hears of a sweep `delay` seconds after the beginning, with echoes from the walls. */
function room(delay: number, gain: number, hiss: number, rate = RATE): Float32Array<ArrayBuffer> {
  const heard = new Float32Array(32_768);
  const random = noise();
  const sent = sweep(rate);
  for (let i = 0; i < heard.length; i += 1) heard[i] = hiss * random();
  for (const [late, part] of [[0, 1], [0.011, 0.5], [0.023, -0.4], [0.041, 0.25]] as const) {
    const first = Math.round((delay + late) * rate);
    sent.forEach((value, i) => {
      if (first + i < heard.length) heard[first + i] = (heard[first + i] ?? 0) + gain * part * value;
    });
  }
  return heard;
}

test("the sweep is found where it is, to a millisecond, at both common rates", () => {
  for (const rate of [48_000, 44_100]) {
    for (const delay of [0.005, 0.08, 0.21, 0.4]) {
      const found = findSweep(room(delay, 0.3, 0.002, rate), rate);
      assert.ok(found && Math.abs(found.at - delay) < 0.001, `${delay} at ${rate}: ${found?.at}`);
      assert.ok(found.likeness > 0.5);
    }
  }
});

test("it is found under a noise louder than itself", () => {
  const found = findSweep(room(0.15, 0.1, 0.04), RATE);
  assert.ok(found && Math.abs(found.at - 0.15) < 0.002 && found.likeness > LIMITS.likeness, JSON.stringify(found));
});

test("where there is none, nothing is found: noise, speech-like tones, silence", () => {
  const random = noise(7);
  const hiss = Float32Array.from({ length: 32_768 }, () => 0.2 * random());
  assert.ok((findSweep(hiss, RATE)?.likeness ?? 0) < LIMITS.likeness);
  const vowel = Float32Array.from({ length: 32_768 }, (_, i) => 0.1 * Math.sin((2 * Math.PI * 180 * i) / RATE) + 0.05 * Math.sin((2 * Math.PI * 900 * i) / RATE));
  assert.ok((findSweep(vowel, RATE)?.likeness ?? 0) < LIMITS.likeness);
  assert.equal(findSweep(new Float32Array(32_768), RATE), null);
  assert.equal(findSweep(new Float32Array(100), RATE), null);
});

test("loudness in decibels below full scale", () => {
  assert.equal(Math.round(loudness(new Float32Array(100).fill(0.1))), -20);
  assert.equal(loudness(new Float32Array(100)), -100);
});

test("grades by the thresholds", () => {
  assert.equal(soundGrade({ levelDb: -30, echoMs: 90, likeness: 0.7 }), "green");
  assert.equal(soundGrade({ levelDb: -30, echoMs: 380, likeness: 0.7 }), "amber");
  assert.equal(soundGrade({ levelDb: -30, echoMs: 90, likeness: 0.1 }), "amber");
  assert.equal(soundGrade({ levelDb: -90, echoMs: null, likeness: 0 }), "red");
  assert.equal(soundGrade(null), "red");
  assert.equal(pictureGrade({ width: 960, height: 540, fps: 24 }), "green");
  assert.equal(pictureGrade({ width: 320, height: 240, fps: 24 }), "amber");
  assert.equal(pictureGrade({ width: 960, height: 540, fps: 0 }), "red");
  assert.equal(pictureGrade(null), "red");
  assert.deepEqual([5_000, 4_000, 3_999, 699, null].map((kbps) => rateGrade(kbps, LIMITS.down)), ["green", "green", "amber", "red", "red"]);
  assert.equal(worst("green", "red", "amber"), "red");
});

test("the report is the worst of its parts, in whole numbers", () => {
  const found: Found = {
    sound: { levelDb: -31.6, echoMs: 88.4, likeness: 0.8 },
    picture: { width: 960, height: 540, fps: 23.96 },
    line: { up: 2_400.7, down: 900 },
  };
  assert.deepEqual(reportOf(found), {
    grade: "amber",
    sound: { grade: "green", level_db: -32, echo_ms: 88 },
    picture: { grade: "green", width: 960, height: 540, fps: 24 },
    line: { grade: "amber", up_kbps: 2401, down_kbps: 900 },
  });
  const nothing = reportOf({ sound: null, picture: null, line: { up: null, down: null } });
  assert.deepEqual([nothing.grade, nothing.sound.level_db, nothing.line.up_kbps], ["red", -100, 0]);
});
