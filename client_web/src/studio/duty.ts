/** A teacher's lessons of one day: which is next, what can be done with it, what its classrooms are ready for. Pure. */

import { markOf, type LessonMark } from "../lib/schedule.ts";
import type { Grade } from "../lib/device.ts";

/** A lesson of the caller, as `GET /lessons/mine` tells it; instants in seconds since 1970. */
export interface Duty {
  lesson: string;
  title: string;
  state: string;
  form: string;
  subject: string;
  grade: string;
  version: number;
  opens: number;
  starts: number;
  ends: number;
  closes: number;
  part: "lead" | "assistant";
  seats: readonly { classroom: string; classroom_name: string; school_name: string; part: string; assistant_name: string | null }[];
}

/** One classroom of a lesson, as `GET /lessons/{lesson}/readiness` tells it. */
export interface Readiness {
  classroom: string;
  part: string;
  device: { id: string; name: string } | string | null;
  online: boolean;
  seen: number | null;
  preflight: {
    grade: Grade;
    at: number;
    lesson?: string | null;
    sound?: { grade: Grade };
    picture?: { grade: Grade };
    line?: { grade: Grade };
  } | null;
}

/** She may already wait so long before the room opens, s. */
const WAIT_FROM = 30 * 60;
/** An old check says nothing of this lesson, s. */
const FRESH = 60 * 60;

export function mark(duty: Duty, nowS: number): LessonMark {
  return markOf(duty, nowS * 1_000);
}

/** The one to show largest: what goes on, or comes next. */
export function nextDuty(duties: readonly Duty[], nowS: number): Duty | null {
  const left = duties.filter((it) => !["over", "cancelled"].includes(mark(it, nowS)) || inGrace(it, nowS));
  // One that goes on or begins, before one that should have ended.
  left.sort((a, b) => Number(inGrace(a, nowS)) - Number(inGrace(b, nowS)) || a.starts - b.starts);
  return left[0] ?? null;
}

/** Past its end, but its room is open still. */
export function inGrace(duty: Duty, nowS: number): boolean {
  return ["open", "live"].includes(duty.state) && nowS >= duty.ends && nowS < duty.closes;
}

export function mayEnter(duty: Duty, nowS: number): boolean {
  // The server's word counts more than the clock of her machine.
  if (duty.state === "open" || duty.state === "live") return true;
  const over = ["ended", "processing", "published", "cancelled"].includes(duty.state) || nowS >= duty.closes;
  return !over && nowS >= duty.opens - WAIT_FROM;
}

/** How a classroom stands before the lesson. */
export type Ready = Grade | "waiting" | "offline" | "none";

export function readyOf(row: Readiness, nowS: number): Ready {
  if (!row.device) return "none";
  if (!row.online) return "offline";
  if (!row.preflight || nowS - row.preflight.at > FRESH) return "waiting";
  return row.preflight.grade;
}

/** Which parts of the check are not green. */
export function faults(row: Readiness): ("sound" | "picture" | "line")[] {
  const { preflight } = row;
  return (["sound", "picture", "line"] as const).filter((part) => preflight?.[part] && preflight[part]?.grade !== "green");
}

/** When to ask for the pass again: when the room opens, or when the server says, ms from now. */
export function knockAfter(duty: Duty, nowS: number, retryAfterMs: number | null): number {
  const until = (duty.opens - nowS) * 1_000;
  return Math.min(30_000, Math.max(1_000, until, retryAfterMs ?? 0));
}
