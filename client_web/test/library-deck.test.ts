import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Deck } from "../src/library/deck.ts";
import type { Track } from "../src/library/model.ts";

const METADATA = 1;
const ENOUGH = 4;
let now = 0;
let tick: () => void = () => undefined;

/** As much of a media element as the deck looks at. */
class Element extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  ended = false;
  seeking = false;
  readyState = ENOUGH;
  error = null;
  play(): Promise<void> {
    this.paused = false;
    return Promise.resolve();
  }
  pause(): void {
    this.paused = true;
  }
}

beforeEach(() => {
  now = 0;
  mock.restoreAll();
  mock.method(performance, "now", () => now);
  Object.assign(globalThis, {
    window: { setInterval: (run: () => void) => ((tick = run), 1) },
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    HTMLMediaElement: { HAVE_METADATA: METADATA, HAVE_CURRENT_DATA: 2, HAVE_FUTURE_DATA: 3 },
  });
});

const track = (name: string, offset_ms: number, length_ms: number): Track => ({ name, offset_ms, length_ms, media_type: "video/webm", url: "", width: 0, height: 0 }) as Track;

function deckOf(...tracks: Track[]) {
  const media = tracks.map((it) => ({ track: it, element: new Element() }));
  const deck = new Deck({ starts: 0, ends: Math.max(...tracks.map((it) => it.offset_ms + it.length_ms)) }, () => undefined);
  deck.attach(media as never);
  /** Time goes by: what plays and has data goes on. */
  const pass = (ms: number): void => {
    for (let gone = 0; gone < ms; gone += 100) {
      now += 100;
      for (const { track: it, element } of media) {
        if (element.paused || element.readyState < 3) continue;
        element.currentTime = Math.min(element.currentTime + 0.1 * element.playbackRate, it.length_ms / 1000);
        element.ended = element.currentTime * 1000 >= it.length_ms;
      }
      tick();
    }
  };
  return { deck, elements: media.map((it) => it.element), pass };
}

test("who takes over when the camera's file ends leads, and is waited for", () => {
  const { deck, elements, pass } = deckOf(track("camera", 0, 10_000), track("screen", 0, 30_000), track("camera-2", 10_000, 20_000));
  const [camera, screen, second] = elements as [Element, Element, Element];
  deck.play();
  pass(9_000);
  second.readyState = METADATA; // a bad line: nothing of it has come yet
  pass(5_000);
  assert.ok(deck.at >= 10_000 && deck.at < 10_300, `${deck.at} ms: no speech is left out`);
  assert.ok(deck.waits && camera.paused && screen.paused);
  second.readyState = ENOUGH;
  pass(3_000);
  assert.ok(!deck.waits && !second.paused && !screen.paused);
  assert.ok(Math.abs(deck.at - 10_000 - second.currentTime * 1000) < 1, "its time is the line's");
  assert.ok(deck.at > 12_500 && deck.at < 13_300);
});

test("where the camera has nothing the screen leads, and the clock where nobody has", () => {
  const { deck, elements, pass } = deckOf(track("camera", 0, 4_000), track("screen", 0, 8_000), track("camera-2", 12_000, 4_000));
  const [, screen, second] = elements as [Element, Element, Element];
  deck.play();
  pass(5_000);
  screen.readyState = METADATA;
  const at = deck.at;
  pass(2_000);
  assert.deepEqual([deck.at, deck.waits], [at, true]);
  screen.readyState = ENOUGH;
  pass(4_000);
  assert.ok(screen.paused && !deck.waits && deck.at > 8_000, "the gap goes by");
  pass(4_000);
  assert.ok(!second.paused && deck.at > 12_000);
  pass(6_000);
  assert.ok(deck.ended && !deck.playing && second.paused);
});

test("of two that overlap the later one leads, and time does not go back and forth", () => {
  const { deck, pass } = deckOf(track("camera", 0, 5_000), track("camera-2", 4_900, 5_000));
  deck.play();
  let before = 0;
  for (let turn = 0; turn < 80; turn += 1) {
    pass(100);
    assert.ok(deck.at >= before - 100, `${before} → ${deck.at}`);
    before = deck.at;
  }
  assert.ok(deck.at > 7_000);
});

test("one that is far behind when it takes over jumps to where the line is", () => {
  const { deck, elements, pass } = deckOf(track("camera", 0, 5_000), track("screen", 0, 20_000));
  const screen = elements[1]!;
  deck.play();
  screen.readyState = METADATA;
  pass(4_900);
  assert.equal(screen.currentTime, 0);
  pass(300);
  assert.ok(screen.currentTime >= 5, "not from its beginning once more");
  assert.ok(deck.at >= 5_000);
});
