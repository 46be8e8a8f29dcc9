/** What the server says, in the language of the page: by the code and its facts, or as the server wrote it. */

import { locale } from "../lib/i18n.ts";
import { problemText } from "../lib/problems.ts";
import { RestProblem } from "../lib/rest.ts";
import type { Alternative, ConflictProblem, Plan } from "./api.ts";
import { addDays, clockOf, weekday, type Zone } from "./days.ts";
import { repeatOf } from "./rule.ts";
import { w } from "./words.ts";

const UTC_NOON = "T12:00:00Z";

function say(day: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale(), { timeZone: "UTC", ...options }).format(new Date(day + UTC_NOON));
}

export function weekdayName(day: string): string {
  return w(`tt.weekday.${weekday(day)}` as "tt.weekday.0");
}

/** Day and month, as short as the language has them. */
export function dateName(day: string): string {
  return say(day, { month: "short", day: "numeric" });
}

export function dayName(day: string): string {
  return w("tt.day", { date: dateName(day), weekday: weekdayName(day) });
}

export function whenOf(starts: number, ends: number, zone: Zone): string {
  return w("tt.when", { day: dayName(zone.at(starts).day), from: zone.clock(starts), to: zone.clock(ends) });
}

/** A grade as it was typed; a bare number is said as one. */
export function gradeName(grade: string): string {
  return /^\d+$/.test(grade) ? w("tt.grade", { n: grade }) : grade;
}

/** Days and rule of a plan, without its time of day. */
export function planDays(plan: Plan): string {
  if (!plan.rule) return dayName(plan.first);
  const repeat = repeatOf(plan);
  if (!repeat) return w("tt.plan.rule", { day: dayName(plan.first), rule: plan.rule });
  const monday = "2026-01-05";
  const days = repeat.weekdays.map((day) => weekdayName(addDays(monday, day))).join(w("tt.comma"));
  const weeks = repeat.weeks === "all" ? "" : w(`tt.weeks.${repeat.weeks}` as "tt.weeks.odd");
  const end =
    repeat.end.kind === "until" ? w("tt.plan.until", { date: dateName(repeat.end.day) })
    : repeat.end.kind === "count" ? w("tt.plan.count", { n: repeat.end.count })
    : w("tt.plan.term");
  return w("tt.plan.weekly", { days, weeks, first: dateName(plan.first), end });
}

export function planTime(plan: Plan): string {
  return plan.period == null ? clockOf(plan.starts ?? 0) : w("tt.period", { n: plan.period });
}

export function planName(plan: Plan): string {
  return w("tt.plan.both", { days: planDays(plan), time: planTime(plan) });
}

/** One thing that stands in the way. */
export function conflictSentence(problem: ConflictProblem, zone: Zone): string {
  const { facts, code, detail } = problem;
  const values: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(facts)) if (typeof value === "string" || typeof value === "number") values[name] = value;
  const { starts, ends, days } = facts;
  if (typeof starts === "number") values["when"] = typeof ends === "number" ? whenOf(starts, ends, zone) : w("tt.at", { day: dayName(zone.at(starts).day), from: zone.clock(starts) });
  if (Array.isArray(days)) values["date"] = days.slice(0, 3).map((day) => dateName(String(day))).join(w("tt.comma"));
  return w.maybe(`tt.conflict.${code}`, values) ?? detail;
}

/** Why a booking or a change was refused: our own words for what only bookings know, else those of all pages. */
export function problemSentence(error: unknown): string {
  if (!(error instanceof RestProblem)) return problemText(error);
  const { lessons, schools } = error.extra;
  const facts = { n: Array.isArray(lessons) ? lessons.length : 0, schools: Array.isArray(schools) ? schools.join(w("tt.comma")) : "" };
  return w.maybe(`tt.problem.${error.code}`, facts) ?? problemText(error);
}

/** What a conflict carries beside its sentence. */
export function conflictOf(error: unknown): { problems: ConflictProblem[]; more: number; alternatives: Alternative[] } | null {
  if (!(error instanceof RestProblem) || error.code !== "conflict") return null;
  const { problems, more, alternatives } = error.extra;
  return {
    problems: Array.isArray(problems) ? (problems as ConflictProblem[]) : [],
    more: typeof more === "number" ? more : 0,
    alternatives: Array.isArray(alternatives) ? (alternatives as Alternative[]) : [],
  };
}
