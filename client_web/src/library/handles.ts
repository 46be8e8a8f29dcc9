/** The two ends of a clip that is being cut. Pure; ms. */

import type { Window } from "./sync.ts";

export interface Cut {
  from: number;
  to: number;
}

/** Shorter is nothing that one could watch. */
export const LEAST_MS = 1_000;
const FIRST_MS = 60_000;

/** What is offered first: a minute from this second on. */
export function firstCut(window: Window, at_ms: number): Cut {
  const second = Math.floor(at_ms / 1000) * 1000;
  const from = Math.max(window.starts, Math.min(second, window.ends - LEAST_MS));
  return { from, to: Math.min(window.ends, from + FIRST_MS) };
}

/** One end is moved; the other one stays, and they do not come nearer than `LEAST_MS`. */
export function moved(cut: Cut, end: keyof Cut, at_ms: number, window: Window): Cut {
  const at = Math.round(at_ms);
  return end === "from"
    ? { ...cut, from: Math.max(window.starts, Math.min(at, cut.to - LEAST_MS)) }
    : { ...cut, to: Math.min(window.ends, Math.max(at, cut.from + LEAST_MS)) };
}

/** `1:02:03`, `02:03`, `123` or `2:03.5`. @returns ms, or null when it is no time. */
export function parseTime(text: string): number | null {
  const parts = text.trim().replace(/：/g, ":").split(":");
  if (parts.length > 3 || !parts.every((part, index) => (index === parts.length - 1 ? /^\d+(\.\d+)?$/ : /^\d+$/).test(part))) return null;
  const numbers = parts.map(Number);
  if (numbers.slice(1).some((it) => it >= 60)) return null;
  return Math.round(numbers.reduce((sum, it) => sum * 60 + it, 0) * 1000);
}
