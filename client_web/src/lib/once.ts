/** The idempotency key of what a person does once: the same body keeps its key, however often it has to be sent. */

import { RestProblem, newKey } from "./rest.ts";

export class Once {
  #key = "";
  #body = "";

  /** The server refuses a key that comes again with another body. */
  keyOf(body: unknown): string {
    const said = JSON.stringify(body);
    if (said !== this.#body) this.#key = newKey();
    this.#body = said;
    return this.#key;
  }

  /** Done: the same once more is something new. */
  over(): void {
    this.#body = "";
  }
}

/** No word came whether it was done: it is to be sent again as it was. */
export function unanswered(problem: unknown): boolean {
  return problem instanceof RestProblem && (problem.status === 0 || problem.status === 503 || problem.code === "in_progress");
}
