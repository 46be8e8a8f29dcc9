/** Which classroom has which tile, and what its tile says. Pure. */

import type { Key } from "../lib/i18n.ts";
import type { IconName } from "../lib/icons.ts";
import type { Participant, ParticipantStats, Report } from "../lib/protocol.ts";

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

/** Nothing is known while the teacher herself is cut off. */
export const STALE: Health = { text: "tile.stale", icon: "clock", tone: "calm", well: false };

/** Loss beyond this is seen and heard, 0…1. */
const LOSSY = 0.06;
/** Complaints shorter than this are joining, a pause between two sentences, a keyframe on its way, ms. */
export const PATIENCE_MS = 8_000;

/** For how long a classroom has said that something does not reach it, ms; 0 when it does, or when nothing is sent. */
export interface Missing {
  picture: number;
  sound: number;
}

export function healthOf(who: Participant, stats: ParticipantStats | undefined, missing: Missing): Health {
  const report = stats?.report;
  if (!who.online) return { text: "tile.offline", icon: "bad", tone: "bad", well: false };
  if (who.display?.local) return { text: "tile.local", icon: "people", tone: "warn", well: false };
  if (!report) return { text: "tile.joined", icon: "clock", tone: "calm", well: false };
  if (missing.picture > PATIENCE_MS) return { text: "tile.noPicture", icon: "bad", tone: "bad", well: false };
  if (missing.sound > PATIENCE_MS) return { text: "tile.noSound", icon: "silent", tone: "bad", well: false };
  if (who.display && (!who.display.loudspeaker || who.display.volume === 0)) {
    return { text: "tile.quiet", icon: "silent", tone: "warn", well: false };
  }
  if (missing.picture > 0) return { text: "tile.joined", icon: "clock", tone: "calm", well: false };
  if ((report.loss ?? 0) > LOSSY || (stats?.down?.loss ?? 0) > LOSSY) {
    return { text: "tile.weak", icon: "line", tone: "warn", well: true };
  }
  return { text: "tile.good", icon: "check", tone: "ok", well: true };
}

/** Follows the classrooms' reports: since when does each of them see and hear nothing? */
export class Attention {
  #blindSince = new Map<string, number>();
  #quietSince = new Map<string, number>();
  #spokeAt = 0;

  /** The teacher was heard by her own microphone. */
  spoke(now: number): void {
    this.#spokeAt = now;
  }

  /** A `stats` message came. Classrooms that it does not name are forgotten. */
  update(stats: Readonly<Record<string, ParticipantStats>>, now: number): void {
    this.#blindSince = since(this.#blindSince, stats, (report) => report.picture === false, now);
    this.#quietSince = since(this.#quietSince, stats, (report) => report.sound === false, now);
  }

  /** @param sending what the teacher sends: silence and darkness of her own choice are nobody's trouble. */
  missing(id: string, sending: { picture: boolean; sound: boolean }, now: number): Missing {
    const blind = this.#blindSince.get(id);
    const quiet = this.#quietSince.get(id);
    return {
      picture: sending.picture && blind !== undefined ? Math.max(1, now - blind) : 0,
      // Only while she speaks can anybody tell.
      sound: sending.sound && quiet !== undefined ? Math.max(0, this.#spokeAt - quiet) : 0,
    };
  }
}

function since(
  before: ReadonlyMap<string, number>,
  stats: Readonly<Record<string, ParticipantStats>>,
  missing: (report: Report) => boolean,
  now: number,
): Map<string, number> {
  const next = new Map<string, number>();
  for (const [id, { report }] of Object.entries(stats)) {
    if (report && missing(report)) next.set(id, before.get(id) ?? now);
  }
  return next;
}
