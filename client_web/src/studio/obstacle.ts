/** What keeps the studio from starting at all, each told on a page of its own. Pure. */

import type { TokenClaims } from "../lib/params.ts";
import type { Closed, SocketStatus } from "../lib/socket.ts";

export type Obstacle =
  | "noToken"
  | "expired"
  | "wrongRole"
  | "unsupported"
  | "insecure"
  | "token"
  | "forbidden"
  | "replaced"
  | "server"
  | Closed;

export interface Surroundings {
  /** Null when there is no token, or none that can be read. */
  claims: TokenClaims | null;
  room: string;
  /** ms since 1970. */
  now: number;
  webrtc: boolean;
  secure: boolean;
  socket: SocketStatus;
}

/** Seconds by which clocks may differ, as on the server. */
const LEEWAY = 10;

export function obstacleOf({ claims, room, now, webrtc, secure, socket }: Surroundings): Obstacle | null {
  if (!claims || !room) return "noToken";
  if (socket.state === "stopped" && socket.problem) return socket.problem;
  if (socket.state !== "open" && socket.problem === "notOpen") return "notOpen";
  if (claims.role !== "lead") return "wrongRole";
  // Once connected the server rules: a lesson is not cut short because a token ran out meanwhile.
  if (socket.state !== "open" && socket.attempt === 0 && claims.exp !== null && claims.exp + LEEWAY < now / 1000) {
    return "expired";
  }
  if (!secure) return "insecure";
  if (!webrtc) return "unsupported";
  return null;
}
