/** What the page of a lesson shows, from what the server says. Pure. */

import type { AuditRow } from "../components/audit.ts";
import type { MyLesson, Seat } from "../home/lessons.ts";
import type { Measures } from "../lib/quality.ts";

export interface WholeSeat extends Seat {
  assistant: string | null;
  assistant_name: string | null;
  pupil_class_name: string | null;
}

/** Instants: seconds since 1970. */
export interface Whole extends Omit<MyLesson, "part" | "classroom" | "seats"> {
  booking: string;
  day: string;
  form: string;
  dual: boolean;
  subject: string;
  grade: string;
  records: boolean;
  school: string;
  teacher: string;
  seats: WholeSeat[];
  opened: number | null;
  live: number | null;
  ended: number | null;
  textbook: string;
  unit: string;
  points: string[];
  note: string;
  series: boolean;
  moved: boolean;
  makes_up: string | null;
  /** Actions of docs/rights.md. */
  may: string[];
}

export interface Attended {
  participant: string;
  name: string;
  role: string;
  classroom: string | null;
  classroom_name: string;
  joined: number;
  left: number | null;
  present_s: number;
  seen_s: number;
  heard_s: number;
  sent_s: number;
  count: number | null;
  quality: Measures;
}

export interface Proof {
  participants: Attended[];
  audit: AuditRow[];
}

export function isOver({ state }: Pick<Whole, "state">): boolean {
  return ["ended", "processing", "published"].includes(state);
}

/** One classroom of the lesson and who was there; without `seat` those of whom no classroom is known. */
export interface Place {
  seat: WholeSeat | null;
  people: Attended[];
  /** As somebody counted them; null: nobody did. */
  pupils: number | null;
}

/** In the order of the seats, the lead first. */
export function placesOf(seats: readonly WholeSeat[], people: readonly Attended[]): Place[] {
  const places: Place[] = seats.map((seat) => {
    const here = people.filter((it) => it.classroom === seat.classroom);
    return { seat, people: here.filter(attended), pupils: here.find((it) => it.count !== null)?.count ?? null };
  });
  const known = new Set(seats.map((seat) => seat.classroom));
  const others = people.filter((it) => !it.classroom || !known.has(it.classroom));
  return others.length ? [...places, { seat: null, people: others, pupils: null }] : places;
}

/** Who counted pupils and was never in the room has a row too. */
function attended(it: Attended): boolean {
  return it.present_s > 0 || it.count === null;
}

export function pupilsOf(places: readonly Place[]): number | null {
  const counted = places.filter((it) => it.pupils !== null);
  return counted.length ? counted.reduce((sum, it) => sum + (it.pupils ?? 0), 0) : null;
}

export interface Frame {
  from: number;
  to: number;
}

/** The time that a strip stands for: the lesson as planned, and whoever came before or stayed after. */
export function frameOf(lesson: Pick<Whole, "starts" | "ends">, people: readonly Attended[], now: number): Frame {
  const ends = people.map((it) => it.left ?? Math.max(it.joined, Math.min(now, lesson.ends)));
  return {
    from: Math.min(lesson.starts, ...people.map((it) => it.joined)),
    to: Math.max(lesson.ends, ...ends),
  };
}

/** In percent of the frame. */
export interface Span {
  at: number;
  wide: number;
}

export function spanOf(frame: Frame, from: number, to: number): Span {
  const whole = Math.max(1, frame.to - frame.from);
  const clamp = (at: number): number => Math.min(100, Math.max(0, ((at - frame.from) / whole) * 100));
  return { at: clamp(from), wide: Math.max(0, clamp(to) - clamp(from)) };
}

/** How much of the planned time somebody was there for. */
export function attendanceGrade(presentS: number, lesson: Pick<Whole, "starts" | "ends">): "ok" | "warn" | "bad" {
  const part = presentS / Math.max(1, lesson.ends - lesson.starts);
  return part >= 0.9 ? "ok" : part >= 0.5 ? "warn" : "bad";
}

/** What is expected of a role is said even where there was nothing of it; the rest only where there was. */
export function secondsOf(it: Attended): (readonly ["present" | "seen" | "heard" | "sent", number])[] {
  const expected: Readonly<Record<string, string>> = { lead: "sent", classroom: "seen heard" };
  const all = [
    ["present", it.present_s],
    ["seen", it.seen_s],
    ["heard", it.heard_s],
    ["sent", it.sent_s],
  ] as const;
  return all.filter(([name, value]) => name === "present" || value > 0 || (expected[it.role] ?? "").includes(name));
}

export interface FaultRow {
  number: number;
  at: number;
  classroom: string;
  fault: string;
  text: string;
  by: string;
}

export function faultsOf(audit: readonly AuditRow[], seats: readonly Seat[]): FaultRow[] {
  return audit
    .filter(({ action }) => action === "lesson.fault")
    .map(({ number, at, actor_name, detail }) => {
      const text = (name: string): string => (typeof detail[name] === "string" ? (detail[name] as string) : "");
      const seat = seats.find((it) => it.classroom === text("classroom"));
      return { number, at, classroom: seat ? `${seat.school_name} · ${seat.classroom_name}` : "", fault: text("fault"), text: text("text"), by: actor_name };
    });
}

/** The reader's own part in it, if any. */
export function partOf(lesson: Pick<Whole, "teacher" | "seats">, me: string): "lead" | "assistant" | null {
  if (lesson.teacher === me) return "lead";
  return lesson.seats.some((seat) => seat.assistant === me) ? "assistant" : null;
}

/** A test that was made after the lesson says nothing about it. */
export function before<T extends { preflight: { at: number } | null }>(ready: readonly T[], ends: number): T[] {
  return ready.map((it) => (it.preflight && it.preflight.at > ends ? { ...it, preflight: null } : it));
}

/** The id in the address, as `#id=…`; empty where there is none that can be one. */
export function idOf(hash: string): string {
  const id = new URLSearchParams(hash.replace(/^#/, "")).get("id") ?? "";
  return /^[0-9A-Za-z]{1,16}$/.test(id) ? id : "";
}
