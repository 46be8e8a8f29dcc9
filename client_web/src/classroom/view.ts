/** What the display shows, from what is known. Pure. */

import type { LinkStatus } from "../lib/media-link.ts";
import type { SlotState } from "../lib/protocol.ts";
import { slotNamed, type RoomState } from "../lib/room-state.ts";
import type { SocketStatus } from "../lib/socket.ts";

/** One word for the state of the display; each has a text, an icon and a colour. */
export type Phase =
  | "noToken"
  | "token"
  | "forbidden"
  | "replaced"
  | "notOpen"
  | "cancelled"
  | "refused"
  | "connecting"
  | "reconnecting"
  | "waiting"
  | "live"
  | "weak"
  | "interrupted"
  | "ended";

/** What has the largest place: nothing (a waiting page), the teacher's camera, or her screen. */
export type Layout = "idle" | "camera" | "screen";

export interface ViewInput {
  hasToken: boolean;
  socket: SocketStatus;
  link: LinkStatus;
  room: RoomState;
  slots: readonly SlotState[];
  /** See `LineQuality`. */
  weak: boolean;
  /** For how long the screen's slot has been empty in a lesson that is live, ms; 0 while it is not. */
  screenGoneMs: number;
  /** The layout before; kept while pictures are missing. */
  previous: Layout;
}

export interface View {
  phase: Phase;
  /** Of `reconnecting`, from 1. */
  attempt: number;
  layout: Layout;
  /** The called classroom's picture has a place. */
  showCalled: boolean;
  /** We are the called classroom. */
  calledHere: boolean;
}

/**
 * When the teacher's line breaks, her tracks fall silent one after another before the lesson is called interrupted.
 * Slides stay so long, to see whether that is what happened, ms.
 */
const HOLD_SLIDES = 1_500;

export function viewOf(input: ViewInput): View {
  const { room, slots } = input;
  const calledHere = room.called !== null && room.called === room.me;
  const called = slotNamed(slots, "called", "video");
  const { phase, attempt } = phaseOf(input);
  const layout = layoutOf(phase, input);
  return {
    phase,
    attempt,
    layout,
    showCalled: layout !== "idle" && room.called !== null && !calledHere && called !== null && called.status !== "empty",
    calledHere: layout !== "idle" && calledHere,
  };
}

function phaseOf({ hasToken, socket, link, room, slots, weak }: ViewInput): { phase: Phase; attempt: number } {
  const is = (phase: Phase, attempt = 0): { phase: Phase; attempt: number } => ({ phase, attempt });
  if (!hasToken) return is("noToken");
  if (socket.problem === "over") return is("ended");
  if (socket.problem !== null && socket.problem !== "server") return is(socket.problem);
  const socketAttempt = socket.state === "open" ? 0 : socket.attempt;
  if (!room.known) return socketAttempt > 0 ? is("reconnecting", socketAttempt) : is("connecting");
  const state = room.lesson.state;
  if (state === "ended" || state === "waiting") {
    if (socketAttempt > 0) return is("reconnecting", socketAttempt);
    return is(state);
  }
  // While pictures and sound arrive, a lost WebSocket is nothing that pupils need to know.
  switch (link.state) {
    case "connected":
      // The server is out of reach as well, or has not said yet what plays where.
      if (socketAttempt > 0 && (weak || slots.length === 0)) return is("reconnecting", socketAttempt);
      if (state === "interrupted") return is("interrupted");
      return is(weak ? "weak" : "live");
    case "refused":
      return is("refused");
    case "unstable":
      return is("reconnecting", 1);
    case "retrying":
      return is("reconnecting", Math.max(1, link.attempt, socketAttempt));
    default:
      return socketAttempt > 0 ? is("reconnecting", socketAttempt) : is("connecting");
  }
}

/** Phases outside of any room. */
const NOWHERE: ReadonlySet<Phase> = new Set(["token", "forbidden", "replaced", "noToken", "notOpen", "cancelled", "ended"]);

function layoutOf(phase: Phase, { room, slots, screenGoneMs, previous }: ViewInput): Layout {
  const lesson = room.lesson.state;
  if (!room.known || NOWHERE.has(phase)) return "idle";
  if (lesson !== "live" && lesson !== "interrupted") return "idle";
  const used = (name: string): boolean => {
    const slot = slotNamed(slots, name, "video");
    return slot !== null && slot.status !== "empty";
  };
  if (used("screen")) return "screen";
  if (previous === "screen" && screenGoneMs > 0 && screenGoneMs < HOLD_SLIDES) return "screen";
  if (lesson === "interrupted" && previous !== "idle") return previous;
  if (used("camera")) return "camera";
  // Between two sessions nothing is known of the slots: leave things where they are.
  return slots.length === 0 && previous !== "idle" ? previous : "camera";
}

/** Says "weak" after two bad reports in a row and takes it back after three good ones. */
export class LineQuality {
  weak = false;
  #streak = 0;

  /**
   * @param loss 0…1 over the last interval, null when unknown.
   * @param starved a picture is expected and no frame came in the interval.
   */
  push(loss: number | null, starved: boolean): boolean {
    const bad = starved || (loss ?? 0) > 0.06;
    this.#streak = bad === this.weak ? 0 : this.#streak + 1;
    if (this.#streak >= (this.weak ? 3 : 2)) {
      this.weak = !this.weak;
      this.#streak = 0;
    }
    return this.weak;
  }

  reset(): void {
    this.weak = false;
    this.#streak = 0;
  }
}
