/**
 * One WHIP (RFC 9725) or WHEP session that keeps itself up: offer and answer once, ICE restart when the line was gone
 * for a moment, a new session when that does not help, for ever and with back-off.
 */

import { FAST, PATIENT, backoffDelay } from "./backoff.ts";
import { Problem, afterProblem, request } from "./http.ts";
import { restartFragment, restartedAnswer } from "./sdp.ts";

export type LinkState = "idle" | "connecting" | "connected" | "unstable" | "retrying" | "refused";

export interface LinkStatus {
  state: LinkState;
  /** Retries since it was last connected. */
  attempt: number;
  problem: Problem | null;
}

export interface LinkOptions {
  /** `/whip/{room}` or `/whep/{room}`. */
  url: string;
  token: string;
  /** See `afterProblem`. */
  patient: boolean;
  /** Adds the transceivers, in the order of m-lines. */
  build(pc: RTCPeerConnection): void;
  onStatus(status: LinkStatus): void;
  /** A new connection has its answer; its receivers exist from now on. */
  onOpen?(pc: RTCPeerConnection): void;
  /** The connection is about to be closed: last chance to keep a picture. */
  onDrop?(): void;
}

/** ICE and DTLS must be done this long after the answer, ms. */
const CONNECT_TIMEOUT = 10_000;
/** ICE often finds its way back by itself within this time, ms. */
const GRACE = 2_000;
/** After an ICE restart was answered, ms. */
const RESTART_TIMEOUT = 6_000;

const IDLE: LinkStatus = { state: "idle", attempt: 0, problem: null };

export class MediaLink {
  status: LinkStatus = IDLE;
  pc: RTCPeerConnection | null = null;
  /** The session's id: the last part of its URL. */
  session: string | null = null;
  #resource: string | null = null;
  #etag = "*";
  /** Counts starts and stops; whatever awaits in an older run gives up. */
  #run = 0;
  #wake: (() => void) | null = null;

  readonly #onOnline = (): void => this.nudge();
  readonly #onHide = (): void => this.stop();

  constructor(private readonly options: LinkOptions) {
    addEventListener("online", this.#onOnline);
    addEventListener("pagehide", this.#onHide);
  }

  /** For good. */
  dispose(): void {
    removeEventListener("online", this.#onOnline);
    removeEventListener("pagehide", this.#onHide);
    this.stop();
  }

  /** Does nothing while it is running. @param query appended to the first POST, such as `?takeover=1`. */
  start(query = ""): void {
    if (this.status.state !== "idle" && this.status.state !== "refused") return;
    this.#run += 1;
    void this.#loop(this.#run, query);
  }

  /** The session's room was closed by the server: there is nothing left to DELETE. */
  stopEnded(): void {
    this.#resource = null;
    this.stop();
  }

  stop(): void {
    this.#run += 1;
    this.#wake?.();
    this.#drop();
    if (this.status.state !== "idle") this.#set(IDLE);
  }

  /** Something says that the server can be reached again: do not wait for the rest of the back-off. */
  nudge(): void {
    this.#wake?.();
  }

  /** The server closed this session (a `session` message); open another one. */
  lost(session: string): void {
    if (session !== this.session) return;
    this.#resource = null;
    this.pc?.close();
    this.#wake?.();
  }

  async #loop(run: number, query: string): Promise<void> {
    let attempt = 0;
    let problem: Problem | null = null;
    while (run === this.#run) {
      this.#set({ state: attempt === 0 ? "connecting" : "retrying", attempt, problem });
      problem = null;
      try {
        const pc = await this.#open(run, query);
        if (!pc) return;
        if (await this.#reaches(pc, ["connected"], CONNECT_TIMEOUT)) {
          attempt = 0;
          query = "";
          await this.#watch(run, pc);
        }
      } catch (error) {
        problem = error instanceof Problem ? error : new Problem(0, "browser", String(error));
      }
      if (run !== this.#run) return;
      this.#drop();
      attempt += 1;
      const next = problem ? afterProblem(problem, this.options.patient) : "soon";
      if (next === "ask" || next === "stop") {
        this.#set({ state: "refused", attempt, problem });
        return;
      }
      this.#set({ state: "retrying", attempt, problem });
      await this.#sleep(backoffDelay(attempt, Math.random(), next === "slowly" ? PATIENT : FAST));
    }
  }

  /** @returns null when a newer run has taken over meanwhile. */
  async #open(run: number, query: string): Promise<RTCPeerConnection | null> {
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
    this.pc = pc;
    this.options.build(pc);
    await pc.setLocalDescription(await pc.createOffer());
    if (run !== this.#run) return null;
    // No waiting for candidates: the server is ICE-lite and learns our address from our first check.
    const response = await request(this.options.url + query, {
      method: "POST",
      token: this.options.token,
      headers: { "Content-Type": "application/sdp" },
      body: pc.localDescription?.sdp ?? "",
    });
    const location = response.headers.get("Location");
    if (!location) throw new Problem(response.status, "server", "The answer has no Location header.");
    const resource = new URL(location, response.url).href;
    if (run !== this.#run) {
      this.#delete(resource);
      return null;
    }
    this.#resource = resource;
    this.session = resource.slice(resource.lastIndexOf("/") + 1);
    this.#etag = response.headers.get("ETag") ?? "*";
    const answer = await response.text();
    if (run !== this.#run) return null;
    await pc.setRemoteDescription({ type: "answer", sdp: answer });
    if (run !== this.#run) return null;
    this.options.onOpen?.(pc);
    return pc;
  }

  /** Returns when the session is beyond repair. */
  async #watch(run: number, pc: RTCPeerConnection): Promise<void> {
    while (run === this.#run) {
      this.#set({ state: "connected", attempt: 0, problem: null });
      await this.#reaches(pc, ["disconnected", "failed", "closed"], Infinity);
      if (run !== this.#run || pc.connectionState !== "disconnected") return;
      this.#set({ state: "unstable", attempt: 0, problem: null });
      if (await this.#reaches(pc, ["connected"], GRACE)) continue;
      if (!(await this.#repair(run, pc))) return;
    }
  }

  /** ICE restarts until the line is back (true) or the session is not (false). */
  async #repair(run: number, pc: RTCPeerConnection): Promise<boolean> {
    for (let attempt = 1; run === this.#run; attempt += 1) {
      this.#set({ state: "retrying", attempt, problem: null });
      if (pc.connectionState === "failed" || pc.connectionState === "closed") return false;
      try {
        await this.#restartIce(pc);
        return await this.#reaches(pc, ["connected"], RESTART_TIMEOUT);
      } catch (error) {
        if (error instanceof Problem && error.status === 404) this.#resource = null;
        if (!(error instanceof Problem) || error.code !== "offline") return false;
      }
      if (await this.#reaches(pc, ["connected"], backoffDelay(attempt, Math.random(), FAST))) return true;
    }
    return false;
  }

  async #restartIce(pc: RTCPeerConnection): Promise<void> {
    const answer = pc.remoteDescription?.sdp;
    if (!this.#resource || !answer) throw new Problem(404, "not_found");
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
    try {
      const response = await request(this.#resource, {
        method: "PATCH",
        token: this.options.token,
        headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": this.#etag },
        body: restartFragment(pc.localDescription?.sdp ?? ""),
        timeoutMs: 4_000,
      });
      const sdp = restartedAnswer(answer, await response.text());
      this.#etag = response.headers.get("ETag") ?? this.#etag;
      await pc.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      // Back to the old generation: it goes on if the line comes back before we ask again.
      if (pc.signalingState === "have-local-offer") await pc.setLocalDescription({ type: "rollback" });
      throw error;
    }
  }

  #drop(): void {
    if (!this.pc) return;
    this.options.onDrop?.();
    this.pc.close();
    this.pc = null;
    this.session = null;
    if (this.#resource) this.#delete(this.#resource);
    this.#resource = null;
  }

  #delete(resource: string): void {
    // The session ends by itself when this does not arrive: its consent expires.
    request(resource, { method: "DELETE", token: this.options.token, keepalive: true }).catch(() => undefined);
  }

  /** Waits until the connection is in one of these states; false when it took too long, was closed or nobody cares. */
  #reaches(pc: RTCPeerConnection, states: RTCPeerConnectionState[], withinMs: number): Promise<boolean> {
    const run = this.#run;
    return new Promise((resolve) => {
      let timer = 0;
      const finish = (ok: boolean): void => {
        clearTimeout(timer);
        pc.removeEventListener("connectionstatechange", look);
        if (this.#wake === look) this.#wake = null;
        resolve(ok);
      };
      const look = (): void => {
        const state = pc.connectionState;
        if (run !== this.#run) finish(false);
        else if (states.includes(state)) finish(true);
        // `closed` comes without an event when we closed it; `#wake` makes us look.
        else if (state === "closed" || state === "failed") finish(false);
      };
      if (withinMs !== Infinity) timer = window.setTimeout(() => finish(false), withinMs);
      pc.addEventListener("connectionstatechange", look);
      this.#wake = look;
      look();
    });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        if (this.#wake === done) this.#wake = null;
        resolve();
      };
      const timer = window.setTimeout(done, ms);
      this.#wake = done;
    });
  }

  #set(status: LinkStatus): void {
    this.status = status;
    this.options.onStatus(status);
  }
}
