/** Which classroom has which tile, and what its tile says. Pure. */

import type { Key } from "../lib/i18n.ts";
import type { IconName } from "../lib/icons.ts";
import type { Participant, ParticipantStats } from "../lib/protocol.ts";

/** The server's limit on one `tiles` message. */
export const TILES_PER_PAGE = 8;

/** Raised hands first, then the called one, then by name. */
export function orderClassrooms(all: Iterable<Participant>, called: string | null, locale: string): Participant[] {
  const rank = (p: Participant): number => (p.hand ? 0 : p.id === called ? 1 : 2);
  return [...all]
    .filter((p) => p.role === "classroom")
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, locale) || (a.id < b.id ? -1 : 1));
}

export function pageCount(classrooms: number): number {
  return Math.max(1, Math.ceil(classrooms / TILES_PER_PAGE));
}

/**
 * The next `tiles` message: whoever stays keeps the tile it has, so that a raised hand, which moves a tile on the
 * page, does not make the server switch pictures.
 * @param before ids of the last message. @param wanted ids of this page, at most `TILES_PER_PAGE`.
 */
export function assignTiles(before: readonly string[], wanted: readonly string[]): string[] {
  const waiting = wanted.filter((id) => !before.includes(id));
  const next = before.map((id) => (wanted.includes(id) ? id : waiting.shift()));
  const assigned = [...next, ...waiting];
  // The list has no holes: the last ones move into the places of those who left.
  while (assigned.includes(undefined)) {
    const last = assigned.pop();
    if (last !== undefined) assigned[assigned.indexOf(undefined)] = last;
  }
  return assigned as string[];
}

export interface Health {
  text: Key;
  icon: IconName;
  tone: "ok" | "warn" | "bad" | "calm";
  /** Sees and hears the lesson. */
  well: boolean;
}

/** Loss beyond this is seen and heard, 0…1. */
const LOSSY = 0.06;
/** We must have been speaking for this long unheard before we say so, ms. */
export const UNHEARD_MS = 8_000;

/**
 * @param unheardMs for how long the teacher has been speaking without this classroom reporting sound.
 */
export function healthOf(who: Participant, stats: ParticipantStats | undefined, unheardMs: number): Health {
  const report = stats?.report;
  if (!who.online) return { text: "tile.offline", icon: "bad", tone: "bad", well: false };
  if (!report) return { text: "tile.joined", icon: "clock", tone: "calm", well: false };
  if (report.picture === false) return { text: "tile.noPicture", icon: "bad", tone: "bad", well: false };
  if (unheardMs > UNHEARD_MS) return { text: "tile.noSound", icon: "silent", tone: "bad", well: false };
  if ((report.loss ?? 0) > LOSSY || (stats?.down?.loss ?? 0) > LOSSY) {
    return { text: "tile.weak", icon: "line", tone: "warn", well: true };
  }
  return { text: "tile.good", icon: "check", tone: "ok", well: true };
}

/** For how long each classroom has not heard a teacher who was speaking. */
export class Hearing {
  #quietSince = new Map<string, number>();
  #spokeAt = 0;

  spoke(now: number): void {
    this.#spokeAt = now;
  }

  /** A `stats` message came. */
  update(stats: Readonly<Record<string, ParticipantStats>>, now: number): void {
    const next = new Map<string, number>();
    for (const [id, { report }] of Object.entries(stats)) {
      if (report) next.set(id, report.sound ? now : (this.#quietSince.get(id) ?? now));
    }
    this.#quietSince = next;
  }

  /** ms; 0 while nothing can be said. */
  unheardMs(id: string): number {
    const since = this.#quietSince.get(id);
    return since === undefined ? 0 : Math.max(0, this.#spokeAt - since);
  }
}
