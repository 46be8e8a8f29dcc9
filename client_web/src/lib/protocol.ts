/** The messages of docs/protocol.md, "WebSocket `/ws`". */

export type Source = "camera" | "screen" | "microphone";
export type SlotStatus = "empty" | "waiting" | "playing" | "unsupported";
export type LessonPhase = "waiting" | "live" | "interrupted" | "ended";

export interface Track {
  source: Source;
  kind: "audio" | "video";
  codec: string | null;
  active: boolean;
  muted: boolean;
}

/** How a classroom's display is set. */
export interface Display {
  /** The classroom's sound goes out. */
  microphone: boolean;
  /** The lesson's sound comes out, at `volume`, 0…100. */
  loudspeaker: boolean;
  volume: number;
  /** The teacher beside the pupils has taken over. */
  local: boolean;
}

export interface Participant {
  id: string;
  name: string;
  role: string;
  online: boolean;
  hand: boolean;
  muted: boolean;
  /** As the display itself says; null while it is as new, and for those who are none. */
  display: Display | null;
  tracks: Track[];
}

export interface Lesson {
  state: LessonPhase;
  /** ms since 1970. */
  since: number;
  lead: string | null;
}

export interface SlotState {
  mid: string;
  slot: string;
  kind: "audio" | "video";
  status: SlotStatus;
  participant: string | null;
  source: Source | null;
  codec: string | null;
}

/** `stats` as a client sends it: every field may be null. */
export interface Report {
  delay_ms: number | null;
  loss: number | null;
  bitrate: number | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  sound: boolean | null;
  picture: boolean | null;
  freezes: number | null;
}

export interface LineStats {
  loss: number | null;
  rtt_ms: number | null;
  bitrate: number | null;
  /** dBov, 0 (loudest) … 127 (silent); only in `up`. */
  level?: number | null;
}

export interface ParticipantStats {
  up: LineStats | null;
  down: LineStats | null;
  report: Report | null;
}

/** Whether the lesson is recorded. */
export interface Recording {
  state: "recording" | "paused" | "troubled" | "off";
  /** Classrooms that are left out. */
  excluded: string[];
  /** Who gave the last order. */
  by: string;
}

export type CaptionState = "off" | "starting" | "on" | "late" | "troubled";

/** What the teacher says: all that is to be shown now. */
export interface Captions {
  /** Settled, the older one first. */
  lines: string[];
  /** Behind the last line. */
  tentative: string;
}

export type RecordAction = "start" | "stop" | "pause" | "resume" | "exclude" | "include";

export type ClientMessage =
  | { t: "hello"; v: 1; token: string }
  | { t: "call"; participant: string | null }
  | { t: "mute"; participant: string | null; muted: boolean }
  | { t: "tiles"; participants: string[] }
  | { t: "hand"; up: boolean }
  | ({ t: "display" } & Display)
  | ({ t: "remote"; hand?: boolean } & Partial<Display>)
  | ({ t: "stats" } & Report)
  | { t: "end" }
  | { t: "record"; action: RecordAction; participant: string | null }
  | { t: "captions"; on: boolean }
  | { t: "ping"; id: number };

export interface Welcome {
  t: "welcome";
  v: number;
  participant: string;
  role: string;
  name: string;
  room: string;
  now: number;
  lesson: Lesson;
  called: string | null;
  participants: Participant[];
  /** The teacher may switch captions on here. */
  captions: boolean;
}

export type ServerMessage =
  | Welcome
  | { t: "participant"; participant: Participant }
  | { t: "left"; id: string }
  | ({ t: "remote" } & Display)
  | { t: "called"; participant: string | null }
  | { t: "lesson"; lesson: Lesson }
  | ({ t: "recording" } & Recording)
  | { t: "captioning"; state: CaptionState }
  | ({ t: "captions" } & Captions)
  | { t: "slots"; session: string; slots: SlotState[] }
  | { t: "session"; session: string; direction: "publish" | "subscribe"; state: string; reason: string }
  | { t: "stats"; participants: Record<string, ParticipantStats> }
  | { t: "error"; code: string; detail: string; re: string | null }
  | { t: "pong"; id: number; now: number }
  | { t: "bye"; reason: string; retry_after_ms: number | null };

/** Application close codes of the WebSocket. */
export const CLOSE = { badMessage: 4400, token: 4401, forbidden: 4403, replaced: 4409, restarting: 1012 } as const;
