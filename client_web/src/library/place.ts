/** When to tell the server where somebody is in a recording: now and then while she watches, and when she leaves. Pure. */

import { PLACE_EVERY_MS } from "./sync.ts";

/** Less than this is the same place. */
const MOVED_MS = 1_000;

export class PlaceKeeper {
  #told: number;
  #last = -Infinity;

  /** @param at what the server knows. */
  constructor(at: number) {
    this.#told = at;
  }

  /** @returns what to tell, or null. @param leaving or resting: however short ago it was told. */
  due(at: number, now: number, leaving = false): number | null {
    if (Math.abs(at - this.#told) < MOVED_MS || (!leaving && now - this.#last < PLACE_EVERY_MS)) return null;
    this.#told = at;
    this.#last = now;
    return Math.round(at);
  }
}
