/** The page's one WebSocket: says hello, keeps itself alive, comes back for ever. */

import { FAST, PATIENT, backoffDelay } from "./backoff.ts";
import { CLOSE, type ClientMessage, type ServerMessage } from "./protocol.ts";

/** Why the socket is not open, as a thing a person can be told. */
export type SocketProblem = "token" | "forbidden" | "replaced" | "server" | Closed | null;

/** Why a lesson's room admits nobody now. */
export type Closed = "notOpen" | "over" | "cancelled";

/** What the server calls it, in a `bye` and in problem details. */
const CLOSED: Readonly<Record<string, Closed>> = { lesson_not_open: "notOpen", lesson_over: "over", lesson_cancelled: "cancelled" };

export function closedBy(code: string): Closed | null {
  return CLOSED[code] ?? null;
}

export interface SocketStatus {
  state: "connecting" | "open" | "waiting" | "stopped";
  /** Retries since it was last open. */
  attempt: number;
  problem: SocketProblem;
}

export interface CloseVerdict {
  problem: SocketProblem;
  next: "soon" | "slowly" | "stop";
}

/**
 * What a close code means for us (docs/protocol.md, "Close codes").
 * @param patient a display: nobody stands beside it to press a button, so it tries again now and then whatever happened.
 * @param reason of the `bye` before it, if there was one.
 */
export function afterClose(code: number, patient: boolean, reason = ""): CloseVerdict {
  const stop = patient ? "slowly" : "stop";
  switch (code) {
    case CLOSE.token:
      return { problem: "token", next: stop };
    case CLOSE.forbidden: {
      const closed = closedBy(reason);
      // It opens by itself, and the server has said when to knock again.
      if (closed === "notOpen") return { problem: closed, next: "soon" };
      return { problem: closed ?? "forbidden", next: stop };
    }
    case CLOSE.replaced:
      // Two pages with one token would throw each other out for ever.
      return { problem: "replaced", next: "stop" };
    case CLOSE.badMessage:
      return { problem: "server", next: "slowly" };
    default:
      return { problem: null, next: "soon" };
  }
}

/** The socket and its welcome must be there within this time, ms. */
const OPEN_TIMEOUT = 8_000;
const PING_EVERY = 5_000;
/** Silence longer than this means a dead line: pings are answered at once, ms. */
const SILENCE_LIMIT = 12_000;

export interface SocketOptions {
  url: string;
  token: string;
  patient: boolean;
  onMessage(message: ServerMessage): void;
  onStatus(status: SocketStatus): void;
}

export class SignalSocket {
  status: SocketStatus = { state: "stopped", attempt: 0, problem: null };
  /** Round trip of the latest ping, ms. */
  rttMs: number | null = null;
  #socket: WebSocket | null = null;
  #timer = 0;
  #heartbeat = 0;
  #heardAt = 0;
  #pings = new Map<number, { at: number; done?: (rtt: number) => void }>();
  #nextPing = 1;
  #retryAfterMs: number | null = null;
  #reason = "";
  readonly #onOnline = (): void => this.nudge();

  constructor(private readonly options: SocketOptions) {
    addEventListener("online", this.#onOnline);
  }

  /** For good. */
  dispose(): void {
    removeEventListener("online", this.#onOnline);
    this.stop();
  }

  start(): void {
    if (this.status.state === "stopped") this.#connect();
  }

  stop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#forget();
    socket?.close(1000);
    this.#set({ state: "stopped", attempt: 0, problem: null });
  }

  /** @returns false when the message was not sent because the socket is not open. */
  send(message: ClientMessage): boolean {
    if (this.status.state !== "open" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** One round trip, ms; rejects after two seconds of silence or when the socket is not open. */
  ping(): Promise<number> {
    return new Promise((resolve, reject) => {
      const id = this.#sendPing(resolve);
      if (id === null) reject(new Error("not open"));
      else setTimeout(() => this.#pings.has(id) && reject(new Error("no answer")), 2_000);
    });
  }

  #sendPing(done?: (rtt: number) => void): number | null {
    const id = this.#nextPing++;
    if (!this.send({ t: "ping", id })) return null;
    this.#pings.set(id, done ? { at: performance.now(), done } : { at: performance.now() });
    for (const oldest of this.#pings.keys()) {
      if (this.#pings.size <= 16) break;
      this.#pings.delete(oldest);
    }
    return id;
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#retryAfterMs = null;
    this.#reason = "";
    this.#set({ ...this.status, state: "connecting" });
    const socket = new WebSocket(this.options.url);
    this.#socket = socket;
    this.#timer = window.setTimeout(() => this.#lost(socket, 0), OPEN_TIMEOUT);
    socket.onopen = () => {
      const hello: ClientMessage = { t: "hello", v: 1, token: this.options.token };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (event) => this.#hear(socket, event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  #hear(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket || typeof data !== "string") return;
    this.#heardAt = performance.now();
    let message: ServerMessage;
    try {
      message = JSON.parse(data) as ServerMessage;
    } catch {
      return;
    }
    if (message.t === "welcome") {
      clearTimeout(this.#timer);
      this.#set({ state: "open", attempt: 0, problem: null });
      clearInterval(this.#heartbeat);
      this.#heartbeat = window.setInterval(() => this.#beat(), PING_EVERY);
      this.#sendPing();
    } else if (message.t === "pong") {
      const sent = this.#pings.get(message.id);
      this.#pings.delete(message.id);
      if (sent) {
        this.rttMs = performance.now() - sent.at;
        sent.done?.(this.rttMs);
      }
    } else if (message.t === "bye") {
      this.#retryAfterMs = message.retry_after_ms;
      this.#reason = message.reason;
    }
    this.options.onMessage(message);
  }

  #beat(): void {
    if (performance.now() - this.#heardAt > SILENCE_LIMIT && this.#socket) this.#lost(this.#socket, 0);
    else this.#sendPing();
  }

  #lost(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#forget();
    socket.close();
    const verdict = afterClose(code, this.options.patient, this.#reason);
    const attempt = this.status.attempt + 1;
    if (verdict.next === "stop") {
      this.#set({ state: "stopped", attempt, problem: verdict.problem });
      return;
    }
    const curve = verdict.next === "slowly" ? PATIENT : FAST;
    const delay = Math.max(backoffDelay(attempt, Math.random(), curve), this.#retryAfterMs ?? 0);
    this.#set({ state: "waiting", attempt, problem: verdict.problem });
    this.#timer = window.setTimeout(() => this.#connect(), delay);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    this.#pings.clear();
    this.#socket = null;
  }

  /** Something says that the server can be reached again: do not wait for the rest of the back-off. */
  nudge(): void {
    if (this.status.state === "waiting") this.#connect();
    else if (this.status.state === "open") this.#beat();
  }

  #set(status: SocketStatus): void {
    this.status = status;
    this.options.onStatus(status);
  }
}

/** `wss:` on `https:`, `ws:` on `http:`. */
export function socketUrl(location: { protocol: string; host: string }): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`;
}
