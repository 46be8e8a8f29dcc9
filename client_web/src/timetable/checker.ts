/** Asks what stands in the way of a plan while it is still being chosen: late enough, one at a time, only the newest. */

import { cancelled } from "../lib/rest.ts";

export const DELAY_MS = 180;

/** @typeParam Q the question. @typeParam A its answer. */
export class Checker<Q, A> {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #abort: AbortController | null = null;

  /** @param answered gets the answer of the newest question alone; `failed` its error. */
  constructor(
    private readonly ask: (question: Q, signal: AbortSignal) => Promise<A>,
    private readonly answered: (answer: A, question: Q) => void,
    private readonly failed: (error: unknown, question: Q) => void,
    private readonly delayMs = DELAY_MS,
  ) {}

  get busy(): boolean {
    return this.#timer !== null || this.#abort !== null;
  }

  question(question: Q): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#run(question);
    }, this.delayMs);
  }

  /** No answer comes any more. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#abort?.abort();
    this.#abort = null;
  }

  async #run(question: Q): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const answer = await this.ask(question, abort.signal);
      if (this.#abort !== abort) return;
      this.#abort = null;
      this.answered(answer, question);
    } catch (error) {
      if (this.#abort !== abort || cancelled(error)) return;
      this.#abort = null;
      this.failed(error, question);
    }
  }
}
