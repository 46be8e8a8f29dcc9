/** A code on the screen, for an administrator to type: until somebody did, and again when it expires. */

import { FAST, backoffDelay } from "../lib/backoff.ts";
import { newPairing, pairingState, type Pairing } from "../lib/device.ts";
import { Problem } from "../lib/http.ts";

const POLL_MS = 3_000;
const STORED = "tongke.pairing";

export class PairingLoop {
  pairing: Pairing | null = null;
  /** Questions in a row without an answer. */
  missed = 0;
  #timer = 0;
  #run = 0;

  constructor(
    private readonly onKey: (key: string) => void,
    private readonly onChange: () => void,
  ) {}

  /** @param claim of a code that was typed already: nothing is shown, the key is fetched. */
  start(claim = ""): void {
    this.stop();
    if (claim) this.#store({ code: "", claim });
    this.pairing = this.#stored();
    void this.#turn(this.#run);
  }

  stop(): void {
    this.#run += 1;
    clearTimeout(this.#timer);
    this.pairing = null;
    this.missed = 0;
  }

  async #turn(run: number): Promise<void> {
    let wait = POLL_MS;
    try {
      const key = await this.#ask();
      if (run !== this.#run) return;
      this.missed = 0;
      if (key !== null) {
        this.#store(null);
        this.onKey(key);
        return;
      }
    } catch (error) {
      if (run !== this.#run) return;
      this.missed += 1;
      const asked = error instanceof Problem ? error.retryAfterMs : null;
      wait = Math.max(asked ?? 0, POLL_MS, backoffDelay(this.missed, Math.random(), FAST));
      // A claim that the server does not know is of another server, or of another time.
      if (error instanceof Problem && [401, 404, 410].includes(error.status)) this.#take(null);
    }
    this.onChange();
    this.#timer = window.setTimeout(() => void this.#turn(run), wait);
  }

  /** @returns the key, or null while there is none. */
  async #ask(): Promise<string | null> {
    // When it expires is the server's to say: the clock of a box whose battery is dead says anything.
    if (this.pairing === null) this.#take(await newPairing());
    const { state, key } = await pairingState((this.pairing as Pairing).claim);
    if (state === "paired" && key) return key;
    // Paired without a key: it was told to a page that did not live to keep it.
    if (state !== "waiting") this.#take(null);
    return null;
  }

  #take(pairing: Pairing | null): void {
    this.pairing = pairing;
    this.#store(pairing);
  }

  /** A page that is loaded anew goes on with its code: new ones are counted. */
  #stored(): Pairing | null {
    try {
      return JSON.parse(sessionStorage.getItem(STORED) ?? "null") as Pairing | null;
    } catch {
      return null;
    }
  }

  #store(pairing: Pairing | null): void {
    try {
      if (pairing) sessionStorage.setItem(STORED, JSON.stringify(pairing));
      else sessionStorage.removeItem(STORED);
    } catch {
      return;
    }
  }
}
