/**
 * The life of a display as one table of what happens to it. Pure: time comes in, and what is to be done goes out.
 *
 *     unpaired ──paired──▶ idle ──bell──▶ preflight ──checked──▶ joining ──admitted──▶ lesson
 *        ▲                  ▲ │                                   ▲   │                   │
 *        └── revoked ◀──────┘ └──── the lesson goes on already ───┘   └─over, cancelled─┐ │ token ran out: joining
 *            (from anywhere)◀───────────────────────────────────────────────────────────┴─┘ over: idle
 */

import type { CheckReport, Day, DayLesson, Pass } from "../lib/device.ts";
import { bellAt, dueLesson } from "../lib/schedule.ts";

export type DisplayPhase = "unpaired" | "idle" | "preflight" | "joining" | "lesson";

export interface DisplayState {
  phase: DisplayPhase;
  /** What `preflight`, `joining` and `lesson` are about. */
  lesson: string | null;
  /** Of `lesson`, in that phase alone. */
  pass: Pass | null;
  /** In `joining`: when to ask for a pass, ms by the server's clock; null while the question is under way. */
  askAt: number | null;
  /** Questions in a row that were answered with no. */
  refused: number;
  /** Why the last one was; for the sentence on the page. */
  trouble: string;
  day: Day | null;
  etag: string;
  /** Beats in a row that nobody answered. */
  missed: number;
  /** Lessons of the day that are over for us, whatever the timetable says. */
  done: readonly string[];
  farewell: { why: "over" | "cancelled"; at: number } | null;
  check: { lesson: string; report: CheckReport } | null;
  /** We were in this lesson before the page was loaded: pupils sit there, and nothing may chirp. */
  resumed: string | null;
}

export type DisplayEvent =
  | { t: "started"; paired: boolean; resumed: string | null }
  | { t: "paired" }
  | { t: "revoked" }
  | { t: "beat"; day: Day | null; etag: string }
  | { t: "missed" }
  | { t: "tick" }
  | { t: "checked"; lesson: string; report: CheckReport | null }
  | { t: "admitted"; lesson: string; pass: Pass }
  | { t: "refused"; lesson: string; code: string; retryAfterMs: number | null }
  | { t: "closed"; why: "notOpen" | "over" | "cancelled" | "token" };

export type DisplayAction =
  | { do: "check"; lesson: string }
  | { do: "ask"; lesson: string }
  /** Ask for the day now, not at the next beat. */
  | { do: "beat" };

export const START: DisplayState = {
  phase: "unpaired",
  lesson: null,
  pass: null,
  askAt: null,
  refused: 0,
  trouble: "",
  day: null,
  etag: "",
  missed: 0,
  done: [],
  farewell: null,
  check: null,
  resumed: null,
};

const FAREWELL_MS = 5 * 60_000;
/** A room that has just closed or not quite opened is asked for again after this, ms. */
const SOON = 3_000;
const KNOCK = 5_000;
const KNOCK_MAX = 30_000;

export interface Step {
  state: DisplayState;
  actions: DisplayAction[];
}

/** @param now ms since 1970 by the server's clock. @param spread see `bellAt`. */
export function step(state: DisplayState, event: DisplayEvent, now: number, spread: number): Step {
  const heard = hear(state, event, now);
  const { state: next, actions } = settle(heard.state, now, spread);
  return { state: next, actions: [...heard.actions, ...actions] };
}

const only = (state: DisplayState): Step => ({ state, actions: [] });

function hear(state: DisplayState, event: DisplayEvent, now: number): Step {
  switch (event.t) {
    case "started":
      return only({ ...START, phase: event.paired ? "idle" : "unpaired", resumed: event.resumed });
    case "paired":
      return { state: { ...START, phase: "idle" }, actions: [{ do: "beat" }] };
    case "revoked":
      return only(START);
    case "missed":
      return only({ ...state, missed: state.missed + 1 });
    case "beat": {
      const day = event.day ?? state.day;
      const known = new Set(day?.lessons.map((it) => it.lesson));
      const done = state.done.filter((id) => known.has(id));
      return only({ ...state, day, etag: event.etag, missed: 0, done });
    }
    case "tick":
      return only(state.farewell && now - state.farewell.at > FAREWELL_MS ? { ...state, farewell: null } : state);
    case "checked": {
      const check = event.report ? { lesson: event.lesson, report: event.report } : state.check;
      if (state.phase !== "preflight" || state.lesson !== event.lesson) return only({ ...state, check });
      return only({ ...state, check, phase: "joining", askAt: now, refused: 0 });
    }
    case "admitted":
      if (state.phase !== "joining" || state.lesson !== event.lesson) return only(state);
      return only({ ...state, phase: "lesson", pass: event.pass, askAt: null, refused: 0, trouble: "", farewell: null });
    case "refused": {
      if (state.phase !== "joining" || state.lesson !== event.lesson) return only(state);
      if (event.code === "lesson_over") return leave(state, "over", now);
      if (event.code === "lesson_cancelled") return leave(state, "cancelled", now);
      const refused = state.refused + 1;
      const wait = Math.max(event.retryAfterMs ?? 0, Math.min(KNOCK_MAX, KNOCK * refused));
      // The server has said when the door opens: that long, and no longer.
      const after = event.code === "lesson_not_open" ? (event.retryAfterMs ?? KNOCK) : wait;
      return only({ ...state, refused, trouble: event.code, askAt: now + after });
    }
    case "closed":
      if (state.phase !== "lesson") return only(state);
      if (event.why === "over" || event.why === "cancelled") return leave(state, event.why, now);
      return only({ ...state, phase: "joining", pass: null, askAt: now + SOON });
  }
}

/** Back to the idle page, with a sentence, not to come back to this lesson. */
function leave(state: DisplayState, why: "over" | "cancelled", now: number): Step {
  const done = state.lesson ? [...state.done, state.lesson] : state.done;
  return { state: { ...home(state), done, farewell: { why, at: now } }, actions: [{ do: "beat" }] };
}

function home(state: DisplayState): DisplayState {
  return { ...state, phase: "idle", lesson: null, pass: null, askAt: null, refused: 0, trouble: "", resumed: null };
}

/** What follows from the time and the timetable alone. */
function settle(state: DisplayState, now: number, spread: number): Step {
  if (state.phase === "unpaired") return only(state);
  const ours = state.day?.lessons.find((it) => it.lesson === state.lesson) ?? null;
  const due = dueLesson(state.day, now, state.done);
  if (state.phase === "lesson" || state.phase === "joining") {
    if (ours?.state === "cancelled") return leave(state, "cancelled", now);
    // Another one has begun, and ours should be over: nobody sits there watching an empty room.
    const late = ours !== null && now >= ours.ends * 1_000 && due !== null && due.lesson !== ours.lesson && now >= due.starts * 1_000;
    if (late) return join(state, due, now);
  }
  switch (state.phase) {
    case "lesson":
      if (ours === null || over(ours, now)) return leave(state, "over", now);
      return only(state);
    case "joining":
      if (ours === null || over(ours, now)) return leave(state, "over", now);
      // Moved to a later time.
      if (now < ours.opens * 1_000) return only(home(state));
      if (state.askAt === null || now < state.askAt) return only(state);
      return { state: { ...state, askAt: null }, actions: [{ do: "ask", lesson: ours.lesson }] };
    case "preflight":
      return due?.lesson === state.lesson ? only(state) : only(home(state));
    default: {
      if (due === null) return only(state);
      const checked = state.check?.lesson === due.lesson || state.resumed === due.lesson || now >= due.starts * 1_000;
      if (checked) return join(state, due, now);
      if (now < bellAt(due, spread)) return only(state);
      return { state: { ...state, phase: "preflight", lesson: due.lesson }, actions: [{ do: "check", lesson: due.lesson }] };
    }
  }
}

function join(state: DisplayState, due: DayLesson, now: number): Step {
  return settle({ ...home(state), phase: "joining", lesson: due.lesson, askAt: now, resumed: state.resumed }, now, 0);
}

/** By the timetable, or because its room should have closed a minute ago and nobody said so. */
function over(lesson: DayLesson, now: number): boolean {
  return ["ended", "processing", "published"].includes(lesson.state) || now > lesson.closes * 1_000 + 60_000;
}
