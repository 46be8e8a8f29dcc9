/** What the assistant's page shows, from what is known. Pure. */

import type { TokenClaims } from "../lib/params.ts";
import type { Participant, ParticipantStats } from "../lib/protocol.ts";
import type { RoomState } from "../lib/room-state.ts";
import type { SocketStatus } from "../lib/socket.ts";

export type Phase =
  | "noToken"
  | "wrongRole"
  | "token"
  | "forbidden"
  | "replaced"
  | "connecting"
  | "reconnecting"
  | "waiting"
  | "live"
  | "interrupted"
  | "over";

export interface ViewInput {
  /** Null when there is no token, or none that can be read. */
  claims: TokenClaims | null;
  socket: SocketStatus;
  room: RoomState;
  /** The server said that the lesson is over, and does not let us in any more. */
  over: boolean;
}

/** @returns the phase, and which attempt to reconnect this is. */
export function phaseOf({ claims, socket, room, over }: ViewInput): { phase: Phase; attempt: number } {
  const is = (phase: Phase, attempt = 0): { phase: Phase; attempt: number } => ({ phase, attempt });
  if (!claims) return is("noToken");
  if (claims.role !== "assistant") return is("wrongRole");
  if (over) return is("over");
  if (socket.problem === "token" || socket.problem === "forbidden" || socket.problem === "replaced") return is(socket.problem);
  if (room.known && room.lesson.state === "ended") return is("over");
  if (socket.state !== "open") return socket.attempt > 0 ? is("reconnecting", socket.attempt) : is("connecting");
  return is(room.lesson.state as "waiting" | "live" | "interrupted");
}

/** Phases in which there is a lesson to look at, also while the line to the server is broken. */
export function inLesson(phase: Phase): boolean {
  return phase === "waiting" || phase === "live" || phase === "interrupted" || phase === "reconnecting" || phase === "connecting";
}

export type Line = "good" | "weak" | "bad" | "unknown";

/** Loss beyond this is seen and heard, 0…1. */
const LOSSY = 0.06;

/** How the lesson arrives at the display. @param live something is being sent. */
export function lineOf(display: Participant | null, stats: ParticipantStats | undefined, live: boolean): Line {
  const report = stats?.report;
  if (!display?.online || !report || !live) return "unknown";
  if (report.picture === false && report.sound === false) return "bad";
  return (report.loss ?? 0) > LOSSY || (stats?.down?.loss ?? 0) > LOSSY ? "weak" : "good";
}

/**
 * Whole minutes until the planned end, 0 in the last one; -1 in the first one over time. Null when no end is known.
 * @param ends seconds. @param now ms.
 */
export function minutesLeft(ends: number | null, now: number): number | null {
  return ends === null ? null : Math.floor((ends * 1000 - now) / 60_000);
}
