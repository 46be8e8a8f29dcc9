/** Special days of a calendar and periods of a bell table, worked on before the server is asked. */

import { fromMinutes, toMinutes } from "../lib/when.ts";

/** A day unlike others. `runs`: the day whose timetable it runs; null: no school. */
export interface SpecialDay {
  day: string;
  runs: string | null;
  name: string;
}

export interface Term {
  id: string;
  name: string;
  starts: string;
  ends: string;
}

export interface Calendar {
  id: string;
  name: string;
  zone: string;
  terms: Term[];
  days: SpecialDay[];
  may_write: boolean;
}

/** What was proposed and is not so yet. */
export function differing(known: readonly SpecialDay[], proposed: readonly SpecialDay[]): SpecialDay[] {
  const had = new Map(known.map((it) => [it.day, it]));
  return proposed.filter(({ day, runs, name }) => had.get(day)?.runs !== runs || had.get(day)?.name !== name);
}

/** All special days when these are added; one of the same day is replaced. */
export function withDays(known: readonly SpecialDay[], added: readonly SpecialDay[]): SpecialDay[] {
  const all = new Map([...known, ...added].map((it) => [it.day, it]));
  return [...all.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}

export function withoutDay(known: readonly SpecialDay[], day: string): SpecialDay[] {
  return known.filter((it) => it.day !== day);
}

/** Instants are minutes after midnight. */
export interface Period {
  number: number;
  name: string;
  starts: number;
  ends: number;
}

export interface BellTable {
  id: string;
  name: string;
  /** The first day on which it is rung. */
  starts: string;
  periods: Period[];
}

/** A period as it is being typed. */
export interface Typed {
  name: string;
  starts: string;
  ends: string;
}

export function typedOf(periods: readonly Period[]): Typed[] {
  return periods.map(({ name, starts, ends }) => ({ name, starts: fromMinutes(starts), ends: fromMinutes(ends) }));
}

/** One more period: as long as the last one, after the same break as before it. */
export function nextTyped(typed: readonly Typed[]): Typed {
  const periods = periodsOf(typed);
  const last = periods?.[periods.length - 1];
  if (!last) return { name: "", starts: "08:00", ends: "08:40" };
  const before = periods?.[periods.length - 2];
  const pause = before ? last.starts - before.ends : 10;
  const starts = last.ends + pause;
  return { name: "", starts: fromMinutes(starts % 1440), ends: fromMinutes((starts + last.ends - last.starts) % 1440) };
}

/** Null: something of it is no time of day. Numbers are 1 and on, in the order of the rows. */
export function periodsOf(typed: readonly Typed[]): Period[] | null {
  const periods: Period[] = [];
  for (const [index, { name, starts, ends }] of typed.entries()) {
    const [from, to] = [toMinutes(starts), toMinutes(ends)];
    if (from === null || to === null) return null;
    periods.push({ number: index + 1, name: name.trim(), starts: from, ends: to });
  }
  return periods;
}

/** The first row that ends before it starts, or starts before the one above ends. Rows count from 1; null: there is none. */
export function firstOverlap(periods: readonly Period[]): number | null {
  const at = periods.findIndex((it, index) => it.ends <= it.starts || it.starts < (periods[index - 1]?.ends ?? 0));
  return at < 0 ? null : at + 1;
}
