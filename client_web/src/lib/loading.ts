/** Something that is asked of the server while the page is open: not there yet, there, or why not. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { cancelled } from "./rest.ts";

export class Loading<T> implements ReactiveController {
  /** The last that was had; it stays while it is asked for again. */
  value: T | null = null;
  problem: unknown = null;
  #turn = 0;
  #timer = 0;

  /** @param everyMs asked for again this often while the page is looked at; 0: once. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ask: () => Promise<T>,
    private readonly everyMs = 0,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    void this.again();
    if (this.everyMs) {
      this.#timer = window.setInterval(() => document.visibilityState === "visible" && void this.again(), this.everyMs);
    }
  }

  hostDisconnected(): void {
    this.#turn += 1;
    clearInterval(this.#timer);
  }

  again = async (): Promise<void> => {
    const turn = (this.#turn += 1);
    try {
      const value = await this.ask();
      if (turn !== this.#turn) return;
      this.value = value;
      this.problem = null;
    } catch (problem) {
      if (turn !== this.#turn || cancelled(problem)) return;
      this.problem = problem;
    }
    this.host.requestUpdate();
  };
}
