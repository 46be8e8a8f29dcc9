/** How a series repeats, as the page asks it, and as a rule of RFC 5545 §3.3.10. */

import { addDays, isDay, monday, weekday } from "./days.ts";
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

export interface Moving {
  /** The day of the lesson that is moved, and the one that it goes to. */
  from: string;
  to: string;
  period: number | null;
  starts: number | null;
  minutes: number;
  /** Lessons of the series from `from` on; a rule that counts is told this. */
  left: number;
  /** No lesson can be planned before it. */
  today: string;
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
  const earliest = moving.to < moving.from ? moving.to : moving.from;
  const since = earliest < moving.today ? moving.from : earliest;
  const end = endAfter(repeat, before, after, moving.left);
  return {
    since,
    plan: {
      first: align(since, weekdays),
      minutes: moving.minutes,
      rule: ruleOf({ weekdays, weeks: repeat.weeks, end }),
      weeks: repeat.weeks,
      without: (plan.without ?? []).map((day) => (weekday(day) === before ? addDays(day, after - before) : day)),
      period: moving.period,
      starts: moving.starts,
    },
  };
}

/** The last week keeps its lesson when that comes later in the week than the series ended. */
function endAfter({ weekdays, end }: Repeat, before: number, after: number, left: number): End {
  if (end.kind === "count") return { kind: "count", count: Math.max(1, left) };
  if (end.kind === "term") return end;
  const last = weekday(end.day);
  const hides = weekdays.some((day) => day !== before && day > last && day <= after);
  if (before <= last && after > last && !hides) return { kind: "until", day: addDays(monday(end.day), after) };
  return end;
}

function sorted(days: readonly number[]): number[] {
  return [...new Set(days)].sort((a, b) => a - b);
}
