/**
 * The teacher's orders for the recording that are on their way. What she asked for is shown until the room says that it is
 * so; when the line breaks, the server refuses or nobody answers, what holds is shown again, and she is told. Pure.
 */

import { Problem } from "../lib/http.ts";
import type { RecordAction, Recording } from "../lib/protocol.ts";

export interface Order {
  action: RecordAction;
  /** A classroom, of `exclude` and `include`. */
  participant: string | null;
}

/** The server writes it down before it answers; a line that is dead is known by then, too. ms. */
const PATIENCE_MS = 12_000;

export function obeyed({ action, participant }: Order, recording: Recording | null): boolean {
  if (!recording) return false;
  const { state, excluded } = recording;
  if (participant !== null) return excluded.includes(participant) === (action === "exclude");
  if (action === "pause") return state === "paused";
  if (action === "stop") return state === "off";
  return state === "recording" || state === "troubled";
}

export class Orders {
  /** Why the latest were not obeyed, as far as is known. */
  problem: Problem | null = null;
  #waiting: readonly { order: Order; since: number }[] = [];
  #failed: readonly Order[] = [];

  /** @param sent false: there is no line. @param recording as the room is told. @param now ms of a monotonic clock. */
  gave(order: Order, sent: boolean, recording: Recording | null, now: number): void {
    this.#clear();
    const others = this.#waiting.filter((it) => it.order.participant !== order.participant);
    this.#waiting = [...others, { order, since: now }];
    if (sent) this.heard(recording);
    else this.lost();
  }

  /** The room has said how the recording is. */
  heard(recording: Recording | null): void {
    this.#waiting = this.#waiting.filter((it) => !obeyed(it.order, recording));
    // It had arrived after all.
    if (this.#failed.length && this.#failed.every((it) => obeyed(it, recording))) this.#clear();
  }

  /** The server's refusal does not say of which: none of them counts as given. */
  refused(code: string, detail: string): void {
    this.#fail(new Problem(409, code, detail));
  }

  /** The line is gone, and nobody knows whether they arrived. */
  lost(): void {
    if (this.#waiting.length) this.#fail(new Problem(0, "offline"));
  }

  /** @returns whether something looks different now. */
  late(now: number): boolean {
    if (!this.#waiting.some((it) => now - it.since > PATIENCE_MS)) return false;
    this.lost();
    return true;
  }

  /** @returns whether a classroom shall be left out and is not yet, or the other way round; null when nothing is on its way. */
  wanted(participant: string): RecordAction | null {
    return this.#waiting.find((it) => it.order.participant === participant)?.order.action ?? null;
  }

  #fail(problem: Problem): void {
    this.problem = problem;
    this.#failed = this.#waiting.map((it) => it.order);
    this.#waiting = [];
  }

  #clear(): void {
    this.problem = null;
    this.#failed = [];
  }
}
