/** Weeks of quality as bars. Pure. */

import type { Measures } from "../lib/quality.ts";
import { plusDays } from "../lib/when.ts";

export interface Quality {
  forms: number;
  lead: number | null;
  receiving: number | null;
  participants: number;
  seen_s: number;
  freezes: number;
  delay_ms: number | null;
  loss: number | null;
}

export interface Week {
  /** Its Monday. */
  first: string;
  lessons: number;
  quality: Quality;
}

export interface Held {
  lesson: string;
  title: string;
  day: string;
  starts: number;
  state: string;
  teacher_name: string;
  quality: Quality;
}

/** From the first to the last week of which something is known; null for those between of which nothing is. */
export function filled(weeks: readonly Week[]): { first: string; week: Week | null }[] {
  const [earliest, latest] = [weeks[0]?.first, weeks[weeks.length - 1]?.first];
  if (!earliest || !latest) return [];
  const known = new Map(weeks.map((week) => [week.first, week]));
  const all: { first: string; week: Week | null }[] = [];
  for (let first = earliest; first <= latest; first = plusDays(first, 7)) all.push({ first, week: known.get(first) ?? null });
  return all;
}

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  value: number;
  week: number;
  series: number;
}

/** In a box of `width` × `height`; values above `most` touch its upper edge. */
export function barsOf(series: readonly (readonly (number | null)[])[], most: number, width: number, height: number): Bar[] {
  const weeks = series[0]?.length ?? 0;
  const step = width / Math.max(1, weeks);
  const wide = Math.min(28, (step * 0.7) / series.length);
  const bars: Bar[] = [];
  series.forEach((values, which) =>
    values.forEach((value, week) => {
      if (value === null) return;
      const tall = Math.max(2, Math.min(1, value / most) * height);
      const x = week * step + (step - wide * series.length) / 2 + which * wide;
      bars.push({ x, y: height - tall, width: Math.max(1, wide - 1), height: tall, value, week, series: which });
    }),
  );
  return bars;
}

/** A round number at or above all of them. */
export function topOf(values: readonly (number | null)[]): number {
  const most = Math.max(1, ...values.map((value) => value ?? 0));
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5].find((factor) => factor * power >= most) ?? 10) * power;
}

/** As one participant's measures are graded. */
export function measuresOf({ freezes, delay_ms, loss, participants }: Quality): Measures {
  return participants ? { freezes, delay_p95: delay_ms, loss_p95: loss } : {};
}
