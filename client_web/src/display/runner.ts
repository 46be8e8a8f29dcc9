/** Does what the display's life asks for: beats, checks, passes, the phone's link. Everything it keeps is bounded. */

import { FAST, backoffDelay } from "../lib/backoff.ts";
import { DeviceApi, isRevoked, type CheckReport } from "../lib/device.ts";
import { Problem } from "../lib/http.ts";
import { parseFragment } from "../lib/params.ts";
import { check, type Progress } from "./checks.ts";
import { ServerClock } from "./clock.ts";
import { Keep } from "./keep.ts";
import { PairingLoop } from "./pairing.ts";
import { isQuiet } from "../lib/schedule.ts";
import { START, step, type DisplayAction, type DisplayEvent, type DisplayState } from "./state.ts";
import { ownBuild, serverBuild } from "./update.ts";

const BEAT_MS = 30_000;
const BEAT_MAX_MS = 60_000;
/** How often the page asks for its own build, ms, and how long nothing may begin for it to be loaded anew. */
const UPDATE_EVERY = 10 * 60_000;
const UPDATE_QUIET = 2 * 60_000;
/** The phone's link is renewed so long before it ends, ms. */
const RENEW_MS = 60_000;

export interface PhoneLink {
  lesson: string;
  url: string;
  /** ms since 1970. */
  expires: number;
}

export class DisplayRunner {
  state: DisplayState = START;
  /** Of the check under way; null otherwise. */
  progress: Progress | null = null;
  phone: PhoneLink | null = null;
  readonly pairing: PairingLoop;
  readonly #keep = new Keep();
  /** Our clock only goes forward: somebody may set the machine's. */
  readonly #clock = new ServerClock(Date.now() - performance.now());
  readonly #spread = Math.random();
  readonly #build = ownBuild();
  #api: DeviceApi | null = null;
  #beatTimer = 0;
  #ticking = 0;
  #updateTimer = 0;
  #beating = false;
  #phoneAskAt = 0;
  #reported: CheckReport | null = null;

  constructor(private readonly onChange: () => void) {
    this.pairing = new PairingLoop((key) => this.#paired(key), onChange);
  }

  start(): void {
    const claim = parseFragment(location.hash, "claim");
    if (claim) {
      this.#keep.key = "";
      history.replaceState(null, "", location.pathname + location.search); // it works once
    }
    const { key, lesson } = this.#keep;
    this.#api = key ? new DeviceApi(key) : null;
    this.#hear({ t: "started", paired: key !== "", resumed: lesson || null });
    if (key) void this.#beat();
    else this.pairing.start(claim);
    this.#ticking = window.setInterval(() => this.#tick(), 1_000);
    this.#updateTimer = window.setTimeout(() => void this.#lookForUpdate(), UPDATE_EVERY * (0.5 + this.#spread));
    addEventListener("online", this.#onOnline);
  }

  stop(): void {
    clearInterval(this.#ticking);
    clearTimeout(this.#updateTimer);
    clearTimeout(this.#beatTimer);
    removeEventListener("online", this.#onOnline);
    this.pairing.stop();
    this.#api = null;
  }

  /** By the server's clock, ms since 1970. */
  now(): number {
    return this.#clock.at(performance.now());
  }

  closed(why: "notOpen" | "over" | "cancelled" | "token"): void {
    this.#hear({ t: "closed", why });
  }

  readonly #onOnline = (): void => {
    if (this.#api) void this.#beat();
  };

  #paired(key: string): void {
    this.#keep.key = key;
    this.#api = new DeviceApi(key);
    this.pairing.stop();
    this.#hear({ t: "paired" });
  }

  #revoked(): void {
    clearTimeout(this.#beatTimer);
    this.#keep.key = "";
    this.#api = null;
    this.#hear({ t: "revoked" });
    this.pairing.start();
  }

  #hear(event: DisplayEvent): void {
    const { state, actions } = step(this.state, event, this.now(), this.#spread);
    this.state = state;
    const inside = state.phase === "lesson" ? state.lesson : null;
    if (event.t !== "started" && (inside ?? state.resumed ?? "") !== this.#keep.lesson) this.#keep.lesson = inside ?? state.resumed ?? "";
    if (this.phone && this.phone.lesson !== state.lesson) this.phone = null;
    for (const action of actions) this.#do(action);
    this.onChange();
  }

  #do(action: DisplayAction): void {
    switch (action.do) {
      case "beat":
        return void this.#beat();
      case "ask":
        return void this.#ask(action.lesson);
      case "check":
        return void this.#check(action.lesson);
    }
  }

  #tick(): void {
    this.#hear({ t: "tick" });
    const { phase, lesson } = this.state;
    if (phase === "lesson" && lesson && this.now() >= this.#phoneAskAt) void this.#askPhone(lesson);
  }

  async #beat(): Promise<void> {
    const api = this.#api;
    if (!api || this.#beating) return;
    this.#beating = true;
    clearTimeout(this.#beatTimer);
    let wait = BEAT_MS;
    try {
      const { phase, lesson, etag, check: checked } = this.state;
      const asked = performance.now();
      const beat = await api.beat(etag, { phase, lesson: lesson ?? "", grade: checked?.report.grade ?? "" });
      if (api !== this.#api) return;
      this.#clock.push(beat.now, asked, performance.now());
      wait = beat.again_s * 1_000;
      this.#hear({ t: "beat", day: beat.day, etag: beat.etag });
      if (this.#reported) void this.#report(this.#reported);
    } catch (error) {
      if (api !== this.#api) return;
      if (isRevoked(error)) return this.#revoked();
      this.#hear({ t: "missed" });
      const asked = error instanceof Problem ? (error.retryAfterMs ?? 0) : 0;
      wait = Math.max(asked, backoffDelay(this.state.missed, Math.random(), { ...FAST, firstMs: 2_000, maxMs: BEAT_MAX_MS }));
    } finally {
      this.#beating = false;
      if (this.#api) this.#beatTimer = window.setTimeout(() => void this.#beat(), wait);
    }
  }

  async #ask(lesson: string): Promise<void> {
    const api = this.#api;
    if (!api) return;
    try {
      const pass = await api.pass(lesson);
      if (api !== this.#api) return;
      this.#phoneAskAt = 0;
      this.#hear({ t: "admitted", lesson, pass });
    } catch (error) {
      if (api !== this.#api) return;
      if (isRevoked(error)) return this.#revoked();
      const { code, retryAfterMs } = error instanceof Problem ? error : new Problem(0, "browser");
      this.#hear({ t: "refused", lesson, code, retryAfterMs });
    }
  }

  async #check(lesson: string): Promise<void> {
    const api = this.#api;
    if (!api) return;
    this.progress = { sound: undefined, picture: undefined, line: undefined };
    this.onChange();
    let report: CheckReport | null = null;
    try {
      report = await check(api, (progress) => {
        this.progress = progress;
        this.onChange();
      });
    } finally {
      this.progress = null;
      if (api === this.#api) this.#hear({ t: "checked", lesson, report });
    }
    if (report && api === this.#api) await this.#report(report);
  }

  /** Whoever plans should know; when the line is away just now, with the next beat. */
  async #report(report: CheckReport): Promise<void> {
    const lesson = this.state.check?.lesson;
    this.#reported = null;
    if (!lesson || !this.#api) return;
    try {
      await this.#api.report(lesson, report);
    } catch (error) {
      // Refused for good is refused for good.
      if (error instanceof Problem && (error.status === 0 || error.status >= 500)) this.#reported = report;
    }
  }

  async #askPhone(lesson: string): Promise<void> {
    this.#phoneAskAt = this.now() + RENEW_MS;
    try {
      const { url, expires } = (await this.#api?.assistant(lesson)) ?? { url: "", expires: 0 };
      if (!url || this.state.lesson !== lesson) return;
      this.phone = { lesson, url: new URL(url, location.origin).href, expires: expires * 1_000 };
      this.#phoneAskAt = Math.max(this.#phoneAskAt, this.phone.expires - RENEW_MS);
      this.onChange();
    } catch {
      return; // asked again in a minute
    }
  }

  async #lookForUpdate(): Promise<void> {
    const server = this.#build ? await serverBuild(location.pathname) : null;
    const quiet = (this.state.phase === "idle" || this.state.phase === "unpaired") && isQuiet(this.state.day, this.now(), UPDATE_QUIET);
    if (server !== null && server !== this.#build && quiet && this.#first(server)) location.reload();
    this.#updateTimer = window.setTimeout(() => void this.#lookForUpdate(), UPDATE_EVERY * (0.5 + this.#spread));
  }

  /** Once for each build: something between us and the server may give us the old page whatever we do. */
  #first(build: string): boolean {
    try {
      if (sessionStorage.getItem("tongke.build") === build) return false;
      sessionStorage.setItem("tongke.build", build);
      return true;
    } catch {
      return false;
    }
  }
}
