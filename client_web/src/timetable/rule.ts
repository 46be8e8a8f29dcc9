/** How a series repeats, as the page asks it, and as a rule of RFC 5545 §3.3.10. */

import { addDays, between, isDay, monday, weekday } from "./days.ts";
import type { Alternative, Plan, Weeks } from "./api.ts";

const NAMES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

export type End = { kind: "term" } | { kind: "until"; day: string } | { kind: "count"; count: number };

/** @prop weekdays 0 for Monday, in order. */
export interface Repeat {
  weekdays: number[];
  weeks: Weeks;
  end: End;
}

export function ruleOf({ weekdays, end }: Repeat): string {
  const days = sorted(weekdays).map((day) => NAMES[day]).join(",");
  const until = end.kind === "until" ? `;UNTIL=${end.day.replace(/-/g, "")}` : "";
  return `FREQ=WEEKLY;BYDAY=${days}${until}${end.kind === "count" ? `;COUNT=${end.count}` : ""}`;
}

/** Null when the rule is none that this page makes: it is then shown as it is, and kept. */
export function repeatOf(plan: Pick<Plan, "rule" | "weeks" | "first">): Repeat | null {
  const parts = new Map((plan.rule ?? "").toUpperCase().replace(/^RRULE:/, "").split(";").map((part) => part.split("=") as [string, string]));
  const known = ["FREQ", "BYDAY", "UNTIL", "COUNT", "INTERVAL", "WKST"];
  if (parts.get("FREQ") !== "WEEKLY" || (parts.get("INTERVAL") ?? "1") !== "1" || [...parts.keys()].some((name) => !known.includes(name))) return null;
  const byDay = parts.get("BYDAY");
  const weekdays = byDay ? byDay.split(",").map((name) => NAMES.indexOf(name)) : [weekday(plan.first)];
  if (weekdays.includes(-1)) return null;
  const [until, count] = [parts.get("UNTIL"), parts.get("COUNT")];
  const day = until ? `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6, 8)}` : "";
  if (until && !isDay(day)) return null;
  const end: End = until ? { kind: "until", day } : count ? { kind: "count", count: Number(count) } : { kind: "term" };
  return { weekdays: sorted(weekdays), weeks: plan.weeks ?? "all", end };
}

/** The first day from `since` on that is one of these weekdays. */
export function align(since: string, weekdays: readonly number[]): string {
  for (let after = 0; after < 7; after += 1) if (weekdays.includes(weekday(addDays(since, after)))) return addDays(since, after);
  return since;
}

export function planOf(alternative: Alternative): Plan {
  const { first, minutes, rule, without, weeks, period, starts } = alternative;
  return { first, minutes, rule, without, weeks, period, starts };
}

/** Of swapped days `from` and `to` are those whose timetable they run. */
export interface Moving {
  /** The first day on which a lesson is that goes along: before `from` where it is taught on a swapped day before. */
  day: string;
  /** The first day that such a lesson was planned for, and the one that it goes to. */
  from: string;
  to: string;
  period: number | null;
  starts: number | null;
  minutes: number;
  /** No lesson can be planned before it. */
  today: string;
}

/**
 * Which lessons go along when one of a series is taken from a day to another one: those of its weekday.
 * @param days of the lessons that may go along, in order. @param planned the day whose timetable a day runs.
 */
export function alongWith(from: string, to: string, days: readonly string[], whole: boolean, planned: (day: string) => string): Pick<Moving, "day" | "from" | "to"> {
  const [own, goal] = [planned(from), planned(to)];
  const along = days.filter((day) => weekday(planned(day)) === weekday(own));
  const first = along.map(planned).reduce((least, day) => (day < least ? day : least), own);
  // All go as many days as this one; a day that was made up for in advance says nothing of how far that is.
  const far = own > from ? weekday(goal) - weekday(own) : between(own, goal);
  return { day: along[0] ?? from, from: first, to: whole ? addDays(first, far) : goal };
}

/**
 * The plan of a series one of whose lessons goes elsewhere and takes the later ones along.
 * @returns since: from which day on the series changes. Null: the rule is none that this page understands.
 */
export function moveSeries(plan: Plan, moving: Moving): { since: string; plan: Plan } | null {
  const repeat = repeatOf(plan);
  if (!repeat) return null;
  const [before, after] = [weekday(moving.from), weekday(moving.to)];
  const weekdays = sorted([...repeat.weekdays.filter((day) => day !== before), after]);
  const own = moving.day < moving.from ? moving.day : moving.from;
  const earliest = moving.to < own ? moving.to : own;
  const since = earliest < moving.today ? own : earliest;
  const end = endAfter(repeat, before, after, met(repeat.weekdays, plan.first, own));
  return {
    since,
    plan: {
      // Where it begins with a swapped day, the weekday of that is none of the rule's.
      first: moving.day < moving.from ? since : align(since, weekdays),
      minutes: moving.minutes,
      rule: ruleOf({ weekdays, weeks: repeat.weeks, end }),
      weeks: repeat.weeks,
      without: (plan.without ?? []).map((day) => (weekday(day) === before ? addDays(day, after - before) : day)),
      period: moving.period,
      starts: moving.starts,
    },
  };
}

/** How often the rule is met before `until`: it counts holidays and exceptions, though they have no lesson. */
function met(weekdays: readonly number[], first: string, until: string): number {
  const days = between(first, until);
  if (days <= 0) return 0;
  return weekdays.reduce((sum, day) => sum + Math.floor((days + 6 - ((day - weekday(first) + 7) % 7)) / 7), 0);
}

/** The last week keeps its lesson when that comes later in the week than the series ended. */
function endAfter({ weekdays, end }: Repeat, before: number, after: number, behind: number): End {
  if (end.kind === "count") return { kind: "count", count: Math.max(1, end.count - behind) };
  if (end.kind === "term") return end;
  const last = weekday(end.day);
  const hides = weekdays.some((day) => day !== before && day > last && day <= after);
  if (before <= last && after > last && !hides) return { kind: "until", day: addDays(monday(end.day), after) };
  return end;
}

function sorted(days: readonly number[]): number[] {
  return [...new Set(days)].sort((a, b) => a - b);
}
