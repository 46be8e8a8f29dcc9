/** What a press shows at once: what was asked of the display, until it says that it did so, or has had its time. Pure. */

import type { Display } from "../lib/protocol.ts";

export interface Setting extends Display {
  hand: boolean;
}

/** So long we believe in what was asked. Then the display's word counts again, ms. */
const PATIENCE = 3_000;

export class Asked {
  #asked = new Map<keyof Setting, { value: boolean | number; at: number }>();

  ask(change: Partial<Setting>, now: number): void {
    for (const [name, value] of Object.entries(change)) this.#asked.set(name as keyof Setting, { value, at: now });
  }

  /** Refused: nothing of it will come. */
  forget(): void {
    this.#asked.clear();
  }

  /** @param actual what the display says. */
  shown(actual: Setting, now: number): Setting {
    const shown: Record<string, boolean | number> = { ...actual };
    for (const [name, { value, at }] of this.#asked) {
      if (actual[name] === value || now - at > PATIENCE) this.#asked.delete(name);
      else shown[name] = value;
    }
    return shown as unknown as Setting;
  }
}
