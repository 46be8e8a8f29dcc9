/** Where lessons stand on the week: rows are the school's periods, or hours where it has no bell table. */

import type { BellTable, CalendarDay, Calendar, LessonShown, Period } from "./api.ts";
import { addDays, between, clockOf, monday, type Zone } from "./days.ts";

/** A row. Times are minutes after midnight; `period` is null for an hour. */
export interface Band {
  period: number | null;
  name: string;
  starts: number;
  ends: number;
}

const FIRST_HOUR = 8;
const LAST_HOUR = 17;

/** The table that is rung on a day. */
export function rung(tables: readonly BellTable[], day: string): Period[] {
  const begun = tables.filter((table) => table.starts <= day).sort((a, b) => (a.starts < b.starts ? -1 : 1));
  return begun[begun.length - 1]?.periods ?? [];
}

export function bandsOf(periods: readonly Period[], times: readonly { starts: number; ends: number }[]): Band[] {
  if (periods.length) {
    const rows = [...periods].sort((a, b) => a.starts - b.starts).map(({ number, name, starts, ends }) => ({ period: number, name, starts, ends }));
    return around(rows, times);
  }
  const first = Math.min(FIRST_HOUR, ...times.map(({ starts }) => Math.floor(starts / 60)));
  const last = Math.max(LAST_HOUR, ...times.map(({ ends }) => Math.ceil(ends / 60)));
  return Array.from({ length: last - first }, (_, at) => {
    const starts = (first + at) * 60;
    return { period: null, name: clockOf(starts), starts, ends: starts + 60 };
  });
}

/** With a row before the first period and one after the last, where there are lessons then. */
function around(rows: readonly Band[], times: readonly { starts: number; ends: number }[]): Band[] {
  const [opens, closes] = [(rows[0] as Band).starts, Math.max(...rows.map(({ ends }) => ends))];
  const early = times.filter(({ ends }) => ends <= opens).map(({ starts }) => starts);
  const late = times.filter(({ starts }) => starts >= closes);
  const outside = (starts: number, ends: number): Band => ({ period: null, name: clockOf(starts), starts, ends });
  return [
    ...(early.length ? [outside(Math.min(...early), opens)] : []),
    ...rows,
    ...(late.length ? [outside(Math.min(...late.map(({ starts }) => starts)), Math.max(...late.map(({ ends }) => ends)))] : []),
  ];
}

/** A lesson in one cell of the week. `from` and `to`: minutes after midnight. */
export interface Placed {
  lesson: LessonShown;
  from: number;
  to: number;
  /** It began in a row above and still lasts. */
  goesOn: boolean;
  /** Its times are not those of its row, so they are written. */
  byClock: boolean;
}

/** Row and column → lessons, in the order of time and then of the lead classroom. */
export type Cells = Map<string, Placed[]>;

export function cellKey(day: string, band: number): string {
  return `${day}/${band}`;
}

/** The row in which a time lies: the last one that has begun; what comes before all of them is in the first. */
export function bandAt(bands: readonly Band[], minute: number): number {
  let found = 0;
  bands.forEach((band, at) => {
    if (band.starts <= minute) found = at;
  });
  return found;
}

export function place(lessons: readonly LessonShown[], bands: readonly Band[], zone: Zone): Cells {
  const cells: Cells = new Map();
  if (!bands.length) return cells;
  const put = (day: string, band: number, placed: Placed): void => {
    const key = cellKey(day, band);
    const there = cells.get(key);
    if (there) there.push(placed);
    else cells.set(key, [placed]);
  };
  for (const lesson of lessons) {
    const from = zone.at(lesson.starts).minute;
    const to = from + Math.round((lesson.ends - lesson.starts) / 60);
    const first = bandAt(bands, from);
    const own = bands[first] as Band;
    const byClock = from !== own.starts || to !== own.ends || lesson.period === null;
    put(lesson.day, first, { lesson, from, to, goesOn: false, byClock });
    for (let band = first + 1; band < bands.length && (bands[band] as Band).starts < to; band += 1) {
      put(lesson.day, band, { lesson, from, to, goesOn: true, byClock });
    }
  }
  const room = ({ lesson }: Placed): string => `${lesson.seats[0]?.school_name ?? ""} ${lesson.seats[0]?.classroom_name ?? ""}`;
  for (const there of cells.values()) {
    there.sort((a, b) => Number(b.goesOn) - Number(a.goesOn) || a.from - b.from || room(a).localeCompare(room(b), "zh-CN"));
  }
  return cells;
}

/** What is said of a day above its column. */
export interface DayHead {
  day: string;
  today: boolean;
  /** Name of the holiday; null when the day has school. An empty name: a holiday without one. */
  holiday: string | null;
  /** The day whose timetable runs instead of its own. */
  runs: string | null;
}

export function headOf(day: string, today: string, days: readonly CalendarDay[]): DayHead {
  const found = days.find((one) => one.day === day);
  const runs = found && found.runs !== null && found.runs !== day ? found.runs : null;
  return { day, today: day === today, holiday: found && found.runs === null ? found.name : null, runs };
}

/** Which week of the term it is. Null outside of every term. */
export function termWeek(day: string, terms: Calendar["terms"]): { name: string; week: number } | null {
  const term = terms.find(({ starts, ends }) => starts <= addDays(monday(day), 6) && monday(day) <= ends);
  return term ? { name: term.name, week: between(monday(term.starts), monday(day)) / 7 + 1 } : null;
}

/** Saturday and Sunday are shown when something is on them, when they have school, or when somebody looks on them. */
export function shownDays(days: readonly string[], lessons: readonly LessonShown[], heads: readonly DayHead[]): string[] {
  return days.filter((day, at) => at < 5 || heads[at]?.runs || heads[at]?.today || lessons.some((lesson) => lesson.day === day));
}
