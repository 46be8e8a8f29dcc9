/** The server's clock, seen through answers that take their time and tell whole seconds. Pure. */

/** Between two clocks of quartz lie some 50 parts per million: 5 ms in so many beats. */
const KEPT = 16;

/**
 * Every answer says in which interval the difference of the clocks lies: the server read its clock after we asked and
 * before we heard, and cut off the fraction. Where all intervals of the last answers overlap is where it is
 * (Marzullo and Owicki 1985, for one source).
 */
export class ServerClock {
  #intervals: { from: number; to: number }[] = [];
  #offset: number;

  /** @param offset first guess, ms to add to our clock. */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** @param serverS seconds since 1970. @param asked, heard ms of our own clock, which only goes forward. */
  push(serverS: number, asked: number, heard: number): void {
    const cut = Number.isInteger(serverS) ? 1_000 : 0;
    const next = { from: serverS * 1_000 - heard, to: serverS * 1_000 + cut - asked };
    this.#intervals = [...this.#intervals.slice(1 - KEPT), next];
    let from = Math.max(...this.#intervals.map((it) => it.from));
    let to = Math.min(...this.#intervals.map((it) => it.to));
    if (from > to) {
      // One of the clocks was set, or our machine slept: what was learnt before says nothing any more.
      this.#intervals = [next];
      ({ from, to } = next);
    }
    this.#offset = (from + to) / 2;
  }

  /** ms since 1970 by the server's clock. @param ours ms of our own clock. */
  at(ours: number): number {
    return ours + this.#offset;
  }
}
