/**
 * Several files on one time line: which of them has something to show, and how one that follows is kept beside the one that
 * leads. Pure: the player tells where each is, and does what it is told.
 */

/** Where a file lies on the time line, ms. */
export interface Piece {
  offset_ms: number;
  length_ms: number;
}

/** The line's part of which a piece has something. */
export type There = "before" | "during" | "after";

export function thereAt(piece: Piece, at_ms: number): There {
  if (at_ms < piece.offset_ms) return "before";
  return at_ms < piece.offset_ms + piece.length_ms ? "during" : "after";
}

/** @returns where in the file to be, ms; its nearest end when it has nothing then. */
export function inside(piece: Piece, at_ms: number): number {
  return Math.min(Math.max(0, at_ms - piece.offset_ms), Math.max(0, piece.length_ms));
}

/** Closer than this is together: less than half the 40 ms within which nobody sees lips and voice apart. */
const TOGETHER_MS = 15;
/** From here on it is put right; until it is together again. */
const APART_MS = 30;
/** Further off than this it jumps: at the greatest correction it would take seconds. */
const FAR_MS = 300;
/** How much faster or slower a picture may play unnoticed. */
const MOST = 0.1;
/** In how long a difference is to be gone, ms. */
const WITHIN_MS = 1_000;
/** A jump takes about as long as this; it goes that far ahead, or it would be late again. */
const AHEAD_MS = 60;

export interface Following extends Piece {
  /** Time in its own file, ms. */
  at_ms: number;
  /** A jump is under way, or nothing is there to show yet. */
  busy: boolean;
  /** What it was told last: it is being put right. */
  correcting: boolean;
}

export interface Leading {
  /** On the time line, ms. */
  at_ms: number;
  rate: number;
  plays: boolean;
}

export interface Steering {
  there: There;
  plays: boolean;
  rate: number;
  /** Time in its own file, ms; null: no jump. */
  seek_ms: number | null;
  correcting: boolean;
}

export function steer(it: Following, leading: Leading): Steering {
  const there = thereAt(it, leading.at_ms);
  const still = { there, plays: false, rate: leading.rate, seek_ms: null, correcting: false };
  const wanted = inside(it, leading.at_ms);
  const behind = wanted - it.at_ms;
  if (there !== "during") return still;
  if (it.busy) return { ...still, plays: leading.plays };
  if (!leading.plays) return { ...still, seek_ms: Math.abs(behind) > APART_MS ? wanted : null };
  if (Math.abs(behind) > FAR_MS) return { ...still, plays: true, seek_ms: Math.min(wanted + AHEAD_MS * leading.rate, it.length_ms) };
  const correcting = Math.abs(behind) > (it.correcting ? TOGETHER_MS : APART_MS);
  const change = correcting ? Math.max(-MOST, Math.min(MOST, behind / WITHIN_MS)) : 0;
  return { there, plays: true, rate: leading.rate * (1 + change), seek_ms: null, correcting };
}

/** The time line's own clock, for where the leading file has nothing. `now`: ms of a monotonic clock. */
export class Clock {
  #at = 0;
  #since: number | null = null;
  #rate = 1;

  at(now: number): number {
    return this.#since === null ? this.#at : this.#at + Math.max(0, now - this.#since) * this.#rate;
  }

  get runs(): boolean {
    return this.#since !== null;
  }

  run(now: number, rate: number): void {
    this.#at = this.at(now);
    this.#rate = rate;
    this.#since = now;
  }

  halt(now: number): void {
    this.#at = this.at(now);
    this.#since = null;
  }

  /** Goes on from there, if it runs. */
  put(at_ms: number, now: number): void {
    this.#at = at_ms;
    if (this.#since !== null) this.#since = now;
  }
}

/** The part of the time line that is shown: of a clip its own alone. */
export interface Window {
  starts: number;
  ends: number;
}

export function windowOf(resource: { kind: string; starts_ms: number; ends_ms: number; length_ms: number; tracks: readonly Piece[] }): Window {
  if (resource.kind === "clip" && resource.ends_ms > resource.starts_ms) return { starts: resource.starts_ms, ends: resource.ends_ms };
  const last = Math.max(0, ...resource.tracks.map((it) => it.offset_ms + it.length_ms));
  return { starts: 0, ends: resource.length_ms || last };
}

/** Who leads: the camera, whose file has the teacher's voice; else any sound; else what there is. */
export function leaderOf<T extends { name: string; media_type: string }>(tracks: readonly T[]): T | null {
  return (
    tracks.find((it) => roleOf(it.name) === "camera") ??
    tracks.find((it) => !roleOf(it.name).endsWith("screen") && it.media_type.startsWith("video/")) ??
    tracks.find((it) => it.media_type.startsWith("audio/")) ??
    tracks[0] ??
    null
  );
}

/**
 * Who leads at a moment: of those who have something then, of two in a row the later one. Who has just begun cannot lead back
 * before its own beginning, and so to the other one.
 */
export function leaderAt<T extends Piece & { name: string; media_type: string }>(tracks: readonly T[], at_ms: number): T | null {
  const here = tracks.filter((it) => thereAt(it, at_ms) === "during");
  return leaderOf(here.sort((one, other) => other.offset_ms - one.offset_ms));
}

/** Who takes the lead goes on from where it is, if that is near. @returns where else in its file it has to be, ms. */
export function takesOver(piece: Piece, own_ms: number, at_ms: number): number | null {
  const wanted = inside(piece, at_ms);
  return Math.abs(wanted - own_ms) > FAR_MS ? wanted : null;
}

export const PLACE_EVERY_MS = 10_000;
/** So near to the end one has seen it: of a short one, less. */
const SEEN_MS = 10_000;
const SEEN_PART = 0.05;

/** Where to begin: where the address says, where she stopped, at the beginning. */
export function beginAt(window: Window, asked: number | null, place: number | null): number {
  const within = (at: number): number => Math.min(Math.max(at, window.starts), Math.max(window.starts, window.ends - 100));
  if (asked !== null) return within(asked);
  const seen = Math.min(SEEN_MS, (window.ends - window.starts) * SEEN_PART);
  if (place !== null && place > window.starts && place < window.ends - seen) return within(place);
  return window.starts;
}

/** Files that show the same, one after the other: a new one begins with another picture size (`camera`, `camera-2`). */
export interface Cell<T> {
  /** `camera`, `screen`, `classroom-1`, `classroom-1-screen`. */
  role: string;
  tracks: T[];
}

export function roleOf(name: string): string {
  return name.replace(/^(camera|screen|classroom-\d+(?:-screen)?)-\d+$/, "$1");
}

export function cellsOf<T extends { name: string }>(tracks: readonly T[]): Cell<T>[] {
  const cells = new Map<string, T[]>();
  for (const track of tracks) cells.set(roleOf(track.name), [...(cells.get(roleOf(track.name)) ?? []), track]);
  return [...cells].map(([role, tracks]) => ({ role, tracks }));
}

/** Of several files in a row. */
export function thereOf(tracks: readonly Piece[], at_ms: number): There {
  const theres = tracks.map((it) => thereAt(it, at_ms));
  return theres.includes("during") ? "during" : theres.includes("before") ? "before" : "after";
}
