/** Lessons as `/home` shows them, and what is ready for them. Pure but for the requests. */

import type { Me, Rest } from "../lib/rest.ts";

export interface Seat {
  classroom: string;
  classroom_name: string;
  school: string;
  school_name: string;
  part: string;
}

export interface Lesson {
  lesson: string;
  state: string;
  period: number | null;
  /** Seconds since 1970, as the others. */
  starts: number;
  ends: number;
  title: string;
  teacher_name: string;
  seats: Seat[];
  reason: string;
}

export interface MyLesson extends Lesson {
  /** When its room may be entered, and until when. */
  opens: number;
  closes: number;
  part: "lead" | "assistant";
  classroom: string;
}

export interface Ready {
  classroom: string;
  classroom_name: string;
  part: string;
  device: string | null;
  online: boolean;
  seen: number | null;
  preflight: { grade: "green" | "amber" | "red"; at: number } | null;
}

/** `soon`: its room is not open yet. */
export type Entering = "soon" | "now" | "over" | "off";

export function entering(lesson: Pick<MyLesson, "state" | "opens" | "closes">, now: number): Entering {
  if (lesson.state === "cancelled") return "off";
  if (["ended", "processing", "published"].includes(lesson.state) || now >= lesson.closes) return "over";
  return now < lesson.opens ? "soon" : "now";
}

/** The one that stands large: what can be entered, before what should have ended, before what is still to come. */
export function nextLesson<T extends Pick<MyLesson, "state" | "opens" | "ends" | "closes">>(lessons: readonly T[], now: number): T | null {
  const open = lessons.filter((it) => entering(it, now) === "now");
  return open.find((it) => now < it.ends) ?? open[0] ?? lessons.find((it) => entering(it, now) === "soon") ?? null;
}

/** Two schools may call a classroom the same: the school's name comes first where the lesson has it. */
export function readyName(ready: Ready, seats: readonly Seat[]): string {
  const seat = seats.find((it) => it.classroom === ready.classroom);
  return seat && seat.part !== "lead" ? `${seat.school_name} ${ready.classroom_name}` : ready.classroom_name;
}

/** The worst of a classroom: no device, no contact, no test, or what the test said. */
export function readyTone(ready: Ready): "ok" | "warn" | "bad" | "none" {
  if (!ready.device) return "none";
  if (!ready.online) return "bad";
  if (!ready.preflight) return "none";
  return ({ green: "ok", amber: "warn", red: "bad" } as const)[ready.preflight.grade];
}

/** The word beside it: `strings/home`, `ready.…`. */
export function readyWord(ready: Ready): "noDevice" | "offline" | "untested" | "green" | "amber" | "red" {
  if (!ready.device) return "noDevice";
  if (!ready.online) return "offline";
  return ready.preflight?.grade ?? "untested";
}

/** The studio fetches its own pass, and only so knows the lesson: its end, how to make it longer, its rating. */
export function studioUrl(lesson: string): string {
  return `/studio#lesson=${encodeURIComponent(lesson)}`;
}

export function assistantUrl(pass: { room: string; token: string }): string {
  return `/assistant#room=${encodeURIComponent(pass.room)}&token=${encodeURIComponent(pass.token)}`;
}

export async function enter(rest: Rest, { lesson, part }: Pick<MyLesson, "lesson" | "part">): Promise<void> {
  const url = part === "lead" ? studioUrl(lesson) : assistantUrl(await rest.post<{ room: string; token: string }>(`/lessons/${lesson}/pass`));
  location.assign(url);
}

/** The schools that somebody plans for by name; of a region's planner there are too many to list. */
export function plannedSchools(me: Me): string[] {
  return (me.may["booking.approve"] ?? []).filter((it) => it.kind === "school").map((it) => it.scope);
}
