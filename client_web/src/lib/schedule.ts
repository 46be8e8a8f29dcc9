/** Which lesson of the day it is time for. Pure; `now` is ms since 1970 by the server's clock. */

import type { Day, DayLesson } from "./device.ts";

/** A county's displays do not all measure their lines in the same second: they spread over so much, ms. */
const SPREAD_MAX = 30_000;

const NEVER = new Set(["ended", "processing", "published", "cancelled"]);

/** Its room is open, by the clock: the server may say so a second later. */
export function isDue(lesson: DayLesson, now: number): boolean {
  return !NEVER.has(lesson.state) && now >= lesson.opens * 1_000 && now < lesson.closes * 1_000;
}

/**
 * The lesson to be in now: rather one that goes on than one that begins soon, and rather that than one in its grace.
 * @param done lessons that are over for us.
 */
export function dueLesson(day: Day | null, now: number, done: readonly string[]): DayLesson | null {
  const due = (day?.lessons ?? []).filter((lesson) => !done.includes(lesson.lesson) && isDue(lesson, now));
  const rank = ({ starts, ends }: DayLesson): number => (now < starts * 1_000 ? 1 : now < ends * 1_000 ? 0 : 2);
  // Of two that go on, the later one: the earlier one is late.
  due.sort((a, b) => rank(a) - rank(b) || (rank(a) === 0 ? b.starts - a.starts : a.starts - b.starts));
  return due[0] ?? null;
}

/** The next one that has not opened yet. */
export function nextLesson(day: Day | null, now: number): DayLesson | null {
  const later = (day?.lessons ?? []).filter((lesson) => !NEVER.has(lesson.state) && now < lesson.starts * 1_000);
  later.sort((a, b) => a.starts - b.starts);
  return later[0] ?? null;
}

/** When this display begins its check. @param spread 0 ≤ spread < 1, of this display's own. */
export function bellAt(lesson: DayLesson, spread: number): number {
  const ahead = Math.max(0, lesson.starts - lesson.opens) * 1_000;
  return lesson.opens * 1_000 + spread * Math.min(SPREAD_MAX, ahead / 20);
}

/** Nothing begins within this time, so the page may be loaded anew. */
export function isQuiet(day: Day | null, now: number, forMs: number): boolean {
  return (day?.lessons ?? []).every((it) => NEVER.has(it.state) || now >= it.closes * 1_000 || now + forMs < it.opens * 1_000);
}

export type LessonMark = "over" | "cancelled" | "now" | "open" | "later";

/** What the timetable says of a lesson. */
export function markOf(lesson: Pick<DayLesson, "state" | "opens" | "starts" | "ends" | "closes">, now: number): LessonMark {
  if (lesson.state === "cancelled") return "cancelled";
  if (NEVER.has(lesson.state) || now >= lesson.closes * 1_000) return "over";
  if (lesson.state === "live" || (now >= lesson.starts * 1_000 && now < lesson.ends * 1_000)) return "now";
  if (now >= lesson.ends * 1_000) return "over";
  return now >= lesson.opens * 1_000 ? "open" : "later";
}

/** At most `most` lessons, those around now: a board shows what can be read from eight metres. */
export function around(lessons: readonly DayLesson[], now: number, most: number): readonly DayLesson[] {
  const sorted = [...lessons].sort((a, b) => a.starts - b.starts);
  const first = sorted.findIndex((lesson) => !["over", "cancelled"].includes(markOf(lesson, now)));
  const from = first < 0 ? sorted.length : first - 1;
  const start = Math.max(0, Math.min(from, sorted.length - most));
  return sorted.slice(start, start + most);
}
