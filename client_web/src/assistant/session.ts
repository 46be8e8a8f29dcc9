/** Everything the phone does in a lesson: follows the room, moves its own display, tells the school. No media. */

import { request } from "../lib/http.ts";
import { decodeToken, type PageParams, type TokenClaims } from "../lib/params.ts";
import type { Display, Participant, ServerMessage } from "../lib/protocol.ts";
import { EMPTY_ROOM, reduceRoom, type RoomState } from "../lib/room-state.ts";
import { SignalSocket, socketUrl, type SocketStatus } from "../lib/socket.ts";
import { Asked, type Setting } from "./asked.ts";
import { inLesson, lineOf, minutesLeft, phaseOf, type Line, type Phase } from "./view.ts";
import { w, why } from "./words.ts";

/** While a finger draws the slider, so often is the volume sent, ms. */
const VOLUME_EVERY = 150;
const NOTHING_SAID: Display = { microphone: true, loudspeaker: true, volume: 100, local: false };
export const MAX_PUPILS = 500;

export type FaultKind = "sound" | "picture" | "line" | "screen" | "other";

export class AssistantSession {
  room: RoomState = EMPTY_ROOM;
  /** Why the last press did nothing; empty when it did. */
  refused = "";
  /** Pupils as last reported from here. */
  pupils: number | null = null;
  readonly claims: TokenClaims | null;
  readonly socket: SignalSocket;
  readonly #asked = new Asked();
  /** The display as it was seen last: while it is away its name and its settings stay on the page. */
  #seen: Participant | null = null;
  #over = false;
  #volume = 0;
  #volumeTimer = 0;

  constructor(
    readonly params: PageParams,
    private readonly onChange: () => void,
  ) {
    this.claims = params.room ? decodeToken(params.token) : null;
    this.socket = new SignalSocket({
      url: socketUrl(location),
      token: params.token,
      patient: true,
      onMessage: (message) => this.#hear(message),
      onStatus: (status) => this.#onSocket(status),
    });
  }

  start(): void {
    if (this.claims?.role !== "assistant") return;
    this.socket.start();
    // A phone in a pocket hears nothing; out of it, it must not wait for the next attempt.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.socket.nudge());
  }

  get phase(): { phase: Phase; attempt: number } {
    return phaseOf({ claims: this.claims, socket: this.socket.status, room: this.room, over: this.#over });
  }

  /** The display that this phone is the remote of. */
  get display(): Participant | null {
    return (this.claims?.beside && this.room.participants.get(this.claims.beside)) || null;
  }

  get setting(): Setting {
    const actual = { ...(this.#seen?.display ?? NOTHING_SAID), hand: this.display?.hand ?? false };
    return this.#asked.shown(actual, Date.now());
  }

  /** The classroom's name, or our own until it is known. */
  get place(): string {
    return this.#seen?.name || this.claims?.name || "";
  }

  /** The display can be moved now. */
  get ready(): boolean {
    return this.socket.status.state === "open" && (this.display?.online ?? false) && inLesson(this.phase.phase);
  }

  get line(): Line {
    const display = this.display;
    const stats = display ? this.room.stats[display.id] : undefined;
    return lineOf(display, stats, this.room.lesson.state === "live");
  }

  get teacher(): string {
    const { lead } = this.room.lesson;
    return (lead && this.room.participants.get(lead)?.name) || "";
  }

  get called(): boolean {
    return this.room.called !== null && this.room.called === this.claims?.beside;
  }

  get minutesLeft(): number | null {
    return minutesLeft(this.claims?.ends ?? null, Date.now() + this.room.clockOffset);
  }

  move(change: Partial<Setting>): void {
    this.refused = "";
    if (this.socket.send({ t: "remote", ...change })) this.#asked.ask(change, Date.now());
    this.onChange();
  }

  /** As often as a finger likes; the last one always arrives. */
  moveVolume(volume: number): void {
    this.#volume = Math.round(Math.min(100, Math.max(0, volume)));
    this.#asked.ask({ volume: this.#volume }, Date.now());
    if (!this.#volumeTimer) {
      this.#volumeTimer = window.setTimeout(() => {
        this.#volumeTimer = 0;
        this.move({ volume: this.#volume });
      }, VOLUME_EVERY);
    }
    this.onChange();
  }

  /** @throws Problem: refused, or not sent. */
  async count(pupils: number): Promise<void> {
    await this.#post("count", { pupils });
    this.pupils = pupils;
    this.onChange();
  }

  /** @throws Problem: refused, or not sent. */
  fault(kind: FaultKind, text: string): Promise<void> {
    return this.#post("fault", { kind, text });
  }

  async #post(what: "count" | "fault", body: unknown): Promise<void> {
    await request(`/api/v1/rooms/${encodeURIComponent(this.params.room)}/${what}`, {
      method: "POST",
      token: this.params.token,
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
    });
  }

  #hear(message: ServerMessage): void {
    this.room = reduceRoom(this.room, message, Date.now());
    this.#seen = this.display ?? this.#seen;
    if (message.t === "error" && message.re === "remote") {
      this.#asked.forget();
      this.refused = message.code === "not_found" ? w("assistant.notice.left") : why(message.code, message.detail);
    }
    if (message.t === "bye" && (message.reason === "lesson_over" || message.reason === "lesson_cancelled")) {
      this.#over = true;
    }
    this.onChange();
  }

  #onSocket(status: SocketStatus): void {
    if (this.#over && status.state === "waiting") this.socket.stop();
    this.onChange();
  }
}
