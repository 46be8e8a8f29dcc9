/** What a page knows of its room: the server's messages, folded. Pure. */

import type { CaptionState, Captions, Lesson, Participant, ParticipantStats, Recording, ServerMessage, SlotState } from "./protocol.ts";

export interface RoomState {
  /** False until the first `welcome`. */
  known: boolean;
  me: string;
  role: string;
  name: string;
  room: string;
  lesson: Lesson;
  called: string | null;
  /** Null in a room of which nothing was said: it is no lesson's, or nobody has begun. */
  recording: Recording | null;
  /** The server has captions. */
  canCaption: boolean;
  captioning: CaptionState;
  /** Null before anything was said. */
  captions: Captions | null;
  participants: ReadonlyMap<string, Participant>;
  /** By session id; only the newest few sessions are kept. */
  slots: ReadonlyMap<string, readonly SlotState[]>;
  stats: Readonly<Record<string, ParticipantStats>>;
  /** Server clock minus ours, ms. */
  clockOffset: number;
}

/** `slots` of more sessions than this are forgotten, oldest first: a page has one WHEP session at a time. */
const SESSIONS_KEPT = 4;

export const EMPTY_ROOM: RoomState = {
  known: false,
  me: "",
  role: "",
  name: "",
  room: "",
  lesson: { state: "waiting", since: 0, lead: null },
  called: null,
  recording: null,
  canCaption: false,
  captioning: "off",
  captions: null,
  participants: new Map(),
  slots: new Map(),
  stats: {},
  clockOffset: 0,
};

/** @param now our clock, ms since 1970. @returns the same object when nothing changed. */
export function reduceRoom(state: RoomState, message: ServerMessage, now: number): RoomState {
  switch (message.t) {
    case "welcome":
      return {
        ...state,
        known: true,
        me: message.participant,
        role: message.role,
        name: message.name,
        room: message.room,
        lesson: message.lesson,
        called: message.called,
        recording: null, // said again after it, where there is something to say
        canCaption: message.captions,
        captioning: "off", // likewise
        participants: new Map(message.participants.map((p) => [p.id, p])),
        clockOffset: message.now - now,
      };
    case "participant":
      return { ...state, participants: new Map(state.participants).set(message.participant.id, message.participant) };
    case "left": {
      if (!state.participants.has(message.id)) return state;
      const participants = new Map(state.participants);
      participants.delete(message.id);
      return { ...state, participants };
    }
    case "called":
      return { ...state, called: message.participant };
    case "lesson":
      return { ...state, lesson: message.lesson };
    case "recording":
      return { ...state, recording: { state: message.state, excluded: message.excluded, by: message.by } };
    case "captioning":
      return { ...state, captioning: message.state, captions: message.state === "off" ? null : state.captions };
    case "captions":
      return { ...state, captions: { lines: message.lines, tentative: message.tentative } };
    case "slots": {
      const slots = new Map(state.slots);
      slots.delete(message.session);
      slots.set(message.session, message.slots);
      for (const oldest of slots.keys()) {
        if (slots.size <= SESSIONS_KEPT) break;
        slots.delete(oldest);
      }
      return { ...state, slots };
    }
    case "stats":
      return { ...state, stats: message.participants };
    default:
      return state;
  }
}

/** The slots of one session, or none when the server has not named them yet. */
export function slotsOf(state: RoomState, session: string | null): readonly SlotState[] {
  return (session !== null && state.slots.get(session)) || [];
}

export function slotNamed(slots: readonly SlotState[], name: string, kind: "audio" | "video"): SlotState | null {
  return slots.find((s) => s.slot === name && s.kind === kind) ?? null;
}
