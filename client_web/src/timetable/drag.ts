/** Dragging as a table of what may follow what: press, move, let go, give up. Pure; the grid feeds it pointer events. */

import type { Band } from "./grid.ts";
import { between } from "./days.ts";

export interface Cell {
  day: string;
  band: number;
}

/** `lesson`: its id, or null when an empty place was pressed and times are being chosen. */
export type Drag =
  | { phase: "idle" }
  | { phase: "pressed"; lesson: string | null; from: Cell; x: number; y: number }
  | { phase: "dragging"; lesson: string | null; from: Cell; over: Cell | null };

export type DragEvent =
  | { kind: "press"; lesson: string | null; cell: Cell; x: number; y: number }
  | { kind: "move"; cell: Cell | null; x: number; y: number }
  | { kind: "release" }
  | { kind: "cancel" };

/** What is to be done after an event. */
export type Outcome =
  | { kind: "nothing" }
  | { kind: "over"; lesson: string | null; cell: Cell | null }
  | { kind: "drop"; lesson: string; cell: Cell }
  | { kind: "select"; from: Cell; to: Cell }
  | { kind: "stopped" };

/** Less is a click, px. */
export const THRESHOLD = 5;
export const IDLE: Drag = { phase: "idle" };
const NOTHING: Outcome = { kind: "nothing" };

export function drag(state: Drag, event: DragEvent): [Drag, Outcome] {
  switch (event.kind) {
    case "press":
      return [{ phase: "pressed", lesson: event.lesson, from: event.cell, x: event.x, y: event.y }, NOTHING];
    case "cancel":
      return [IDLE, state.phase === "dragging" ? { kind: "stopped" } : NOTHING];
    case "move":
      return move(state, event);
    case "release":
      return [IDLE, release(state)];
  }
}

function move(state: Drag, event: Extract<DragEvent, { kind: "move" }>): [Drag, Outcome] {
  if (state.phase === "idle") return [state, NOTHING];
  if (state.phase === "pressed" && Math.hypot(event.x - state.x, event.y - state.y) < THRESHOLD) return [state, NOTHING];
  const before = state.phase === "dragging" ? state.over : undefined;
  const next: Drag = { phase: "dragging", lesson: state.lesson, from: state.from, over: event.cell };
  const same = before !== undefined && before?.day === event.cell?.day && before?.band === event.cell?.band;
  return [next, same ? NOTHING : { kind: "over", lesson: state.lesson, cell: event.cell }];
}

function release(state: Drag): Outcome {
  if (state.phase === "idle") return NOTHING;
  if (state.phase === "pressed") return state.lesson === null ? { kind: "select", from: state.from, to: state.from } : NOTHING;
  const { lesson, from, over } = state;
  if (!over) return { kind: "stopped" };
  if (lesson === null) return { kind: "select", from, to: over };
  return over.day === from.day && over.band === from.band ? { kind: "stopped" } : { kind: "drop", lesson, cell: over };
}

/** What a chosen rectangle of the week means: several days are a series, several rows one long lesson. */
export interface Chosen {
  days: string[];
  period: number | null;
  starts: number;
  minutes: number;
}

export function chosen(days: readonly string[], bands: readonly Band[], from: Cell, to: Cell): Chosen | null {
  const [first, last] = [Math.min(from.band, to.band), Math.max(from.band, to.band)];
  const [top, bottom] = [bands[first], bands[last]];
  if (!top || !bottom) return null;
  const [left, right] = between(from.day, to.day) < 0 ? [to.day, from.day] : [from.day, to.day];
  return {
    days: days.filter((day) => left <= day && day <= right),
    period: top.period,
    starts: top.starts,
    minutes: bottom.ends - top.starts,
  };
}

export function covers(from: Cell, to: Cell, cell: Cell): boolean {
  const within = (a: string | number, b: string | number, c: string | number): boolean => (a <= b ? a <= c && c <= b : b <= c && c <= a);
  return within(from.day, to.day, cell.day) && within(from.band, to.band, cell.band);
}
