/** A long list of the server, page by page: more of it, and all that is shown once more. Knows no view. */

import { cancelled, type Page } from "./rest.ts";

export class Paging<T> {
  /** Null: nothing has come yet. */
  rows: readonly T[] | null = null;
  next: string | null = null;
  problem: unknown = null;
  /** More is under way; asking again is not seen. */
  adding = false;
  /** Something is under way. */
  asking = false;
  /** How many rows somebody wants to see, whatever page they are on. */
  #wanted = 0;
  #turn = 0;

  /** @param load one page after the mark `next` of the one before. @param tell something looks different now. */
  constructor(
    private readonly load: (after: string) => Promise<Page<T>>,
    private readonly tell: () => void,
  ) {}

  /** Asks again for as many as are shown, which stay meanwhile. */
  again(): Promise<void> {
    return this.#fetch([], "");
  }

  more(): Promise<void> {
    const rows = this.rows ?? [];
    this.#wanted = rows.length + 1;
    return this.#fetch(rows, this.next ?? "");
  }

  async #fetch(before: readonly T[], after: string): Promise<void> {
    const turn = (this.#turn += 1);
    this.asking = true;
    this.adding = after !== "";
    this.tell();
    try {
      let page = await this.load(after);
      let rows = after ? [...before, ...page.items] : page.items;
      while (turn === this.#turn && rows.length < this.#wanted && page.next !== null) {
        page = await this.load(page.next);
        rows = [...rows, ...page.items];
      }
      if (turn !== this.#turn) return; // a later question counts
      this.rows = rows;
      this.next = page.next;
      this.problem = null;
      this.#wanted = rows.length;
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!cancelled(error)) this.problem = error;
    }
    this.asking = this.adding = false;
    this.tell();
  }
}
