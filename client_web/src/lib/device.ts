/** What a paired display asks of the server, with its key; and how it gets one. */

import { Problem, request } from "./http.ts";



/** Instants are whole seconds since 1970, as everywhere in `/api/v1`. */
export interface DayLesson {
  lesson: string;
  title: string;
  teacher_name: string;
  school_name: string;
  /** Where the lead teacher is. */
  classroom_name: string;
  form: string;
  state: string;
  opens: number;
  starts: number;
  ends: number;
  closes: number;
  version: number;
  /** Of our classroom in it. */
  role: string;
}

export interface Day {
  device: { id: string; name: string };
  classroom: { id: string; name: string };
  school: { id: string; name: string };
  zone: string;
  date: string;
  holiday: string;
  lessons: DayLesson[];
}

export interface Beat {
  now: number;
  /** When to beat again, seconds from now. */
  again_s: number;
  etag: string;
  /** Null: still the one with that etag. */
  day: Day | null;
}

export interface Pass {
  token: string;
  room: string;
}

export type Grade = "green" | "amber" | "red";

export interface CheckReport {
  grade: Grade;
  /** `level_db`: −100 where there is nothing to hear with. */
  sound: { grade: Grade; level_db: number; echo_ms: number | null };
  picture: { grade: Grade; width: number; height: number; fps: number };
  line: { grade: Grade; up_kbps: number; down_kbps: number };
}

export interface Pairing {
  code: string;
  /** Proves that the code is ours; shown to nobody. */
  claim: string;
}

export interface PairingState {
  state: "waiting" | "paired" | "expired";
  /** Told once. */
  key?: string | null;
}

const ROOT = "/api/v1";
const LINE_TIMEOUT_MS = 12_000;

/** The key was taken back, or never was one: only pairing again helps. */
export function isRevoked(error: unknown): boolean {
  return error instanceof Problem && error.status === 401 && error.code === "device_revoked";
}

/** Everything rejects with `Problem`. */
export class DeviceApi {
  constructor(private readonly key: string) {}

  beat(seen: string, state: Readonly<Record<string, unknown>>): Promise<Beat> {
    return this.#post<Beat>("beat", { seen, state });
  }

  pass(lesson: string): Promise<Pass> {
    return this.#post<Pass>("pass", { lesson });
  }

  /** The address of the assistant's page for her phone, without the host. */
  assistant(lesson: string): Promise<{ url: string; expires: number }> {
    return this.#post("assistant", { lesson });
  }

  async report(lesson: string, report: CheckReport): Promise<void> {
    await request(`${ROOT}/device/preflight`, this.#json({ lesson, ...report }));
  }

  /** @returns bit/s from here to the server, by the clock of whoever measured the longer part of it. */
  async up(bytes: number): Promise<number> {
    const started = performance.now();
    const response = await request(`${ROOT}/device/line`, {
      method: "POST",
      token: this.key,
      headers: { "Content-Type": "application/octet-stream" },
      body: new Blob([new Uint8Array(bytes)]),
      timeoutMs: LINE_TIMEOUT_MS,
    });
    const ours = (performance.now() - started) / 1_000;
    const { seconds } = (await response.json()) as { seconds?: number };
    // The server's own clock leaves out the round trip; a tiny value means that it was all in one buffer.
    return (bytes * 8) / (seconds !== undefined && seconds > 0.005 ? seconds : ours);
  }

  /** @returns bit/s from the server to here, from the first byte of the body to the last. */
  async down(bytes: number): Promise<number> {
    const response = await request(`${ROOT}/device/line?bytes=${bytes}`, { method: "GET", token: this.key, timeoutMs: LINE_TIMEOUT_MS });
    const started = performance.now();
    const limit = setTimeout(() => void response.body?.cancel(), LINE_TIMEOUT_MS);
    try {
      const got = await response.arrayBuffer();
      return (got.byteLength * 8) / Math.max(0.001, (performance.now() - started) / 1_000);
    } catch {
      throw new Problem(0, "offline");
    } finally {
      clearTimeout(limit);
    }
  }

  async #post<T>(what: string, body: object): Promise<T> {
    return read<T>(await request(`${ROOT}/device/${what}`, this.#json(body)));
  }

  #json(body: object): { method: "POST"; token: string; headers: Record<string, string>; body: string } {
    return { method: "POST", token: this.key, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  }
}

export async function newPairing(): Promise<Pairing> {
  const headers = { "Content-Type": "application/json" };
  return read<Pairing>(await request(`${ROOT}/pairings`, { method: "POST", headers, body: "{}" }));
}

export async function pairingState(claim: string): Promise<PairingState> {
  return read<PairingState>(await request(`${ROOT}/pairing`, { method: "GET", token: claim }));
}

async function read<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw new Problem(0, "offline");
  }
}
