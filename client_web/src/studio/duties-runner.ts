/** Keeps a teacher's day fresh, and gets her into a lesson when its room opens. */

import { decodeToken } from "../lib/params.ts";
import { RestProblem, type Me, type Rest } from "../lib/rest.ts";
import { knockAfter, nextDuty, type Duty, type Readiness } from "./duty.ts";

const LIST_MS = 20_000;
const READY_MS = 10_000;
/** Readiness is asked for so long before the room opens, s. */
const READY_BEFORE = 30 * 60;

export type Stage = "list" | "waiting" | "teaching" | "after";

interface Pass {
  token: string;
  room: string;
  role: string;
}

export class DutiesRunner {
  stage: Stage = "list";
  me: Me | null = null;
  /** Null: not known yet. */
  duties: readonly Duty[] | null = null;
  /** Why the newest question for the list went unanswered; the list is then the one before. */
  problem: RestProblem | null = null;
  readiness: readonly Readiness[] = [];
  /** Whose readiness that is. */
  readyFor = "";
  /** In every stage but `list`. */
  chosen: Duty | null = null;
  pass: Pass | null = null;
  /** Why she is not in yet, beyond its being too early. */
  trouble = "";
  why: "over" | "cancelled" = "over";
  /** In `after`: she comes from the room, and not from the list. */
  fromRoom = false;
  #listTimer = 0;
  #readyTimer = 0;
  #knockTimer = 0;
  #run = 0;

  constructor(
    private readonly rest: Rest,
    private readonly onChange: () => void,
  ) {}

  /** @param lesson to go into at once: the page was loaded anew in the middle of it. */
  start(lesson: string): void {
    void this.#refresh(lesson).then(() => this.#askReadiness());
  }

  stop(): void {
    this.#run += 1;
    clearTimeout(this.#listTimer);
    clearTimeout(this.#readyTimer);
    clearTimeout(this.#knockTimer);
  }

  refresh(): void {
    void this.#refresh("");
  }

  enter(duty: Duty): void {
    this.chosen = duty;
    this.pass = null;
    this.trouble = "";
    this.stage = "waiting";
    this.onChange();
    void this.#knock(duty, this.#begin());
  }

  /** Back to the list, out of waiting or from the form after a lesson. */
  back(): void {
    this.#begin();
    this.stage = "list";
    this.chosen = null;
    this.onChange();
    this.refresh();
  }

  rate(duty: Duty): void {
    this.chosen = duty;
    this.why = "over";
    this.fromRoom = false;
    this.stage = "after";
    this.onChange();
  }

  /** The room let her go. */
  closed(why: "notOpen" | "over" | "cancelled" | "token"): void {
    const duty = this.chosen;
    this.pass = null;
    if (!duty) return this.back();
    // The token ran out, or the lesson was moved: another one, or waiting.
    if (why === "token" || why === "notOpen") return this.enter(duty);
    this.why = why;
    this.fromRoom = true;
    this.stage = "after";
    this.onChange();
    this.refresh();
  }

  longer(ends: number): void {
    if (this.chosen) this.chosen = { ...this.chosen, ends };
    this.onChange();
    this.refresh();
  }

  #begin(): number {
    clearTimeout(this.#knockTimer);
    return (this.#run += 1);
  }

  async #refresh(enter: string): Promise<void> {
    clearTimeout(this.#listTimer);
    try {
      this.me ??= await this.rest.me();
      this.duties = await this.rest.get<Duty[]>("/lessons/mine");
      this.problem = null;
      const fresh = this.duties.find((it) => it.lesson === this.chosen?.lesson);
      if (fresh) this.chosen = fresh;
      const wanted = this.duties.find((it) => it.lesson === enter && it.part === "lead");
      if (wanted && this.stage === "list") this.enter(wanted);
    } catch (error) {
      this.problem = error instanceof RestProblem ? error : new RestProblem(0, "page", String(error));
    }
    this.onChange();
    clearTimeout(this.#listTimer);
    this.#listTimer = window.setTimeout(() => void this.#refresh(""), LIST_MS);
  }

  /** Of the lesson that is shown largest, from some time before its room opens. */
  async #askReadiness(): Promise<void> {
    const now = Date.now() / 1_000;
    const duty = this.stage === "waiting" ? this.chosen : nextDuty(this.duties ?? [], now);
    if (duty && this.stage !== "teaching" && now >= duty.opens - READY_BEFORE) {
      try {
        this.readiness = await this.rest.get<Readiness[]>(`/lessons/${duty.lesson}/readiness`);
        this.readyFor = duty.lesson;
        this.onChange();
      } catch {
        this.readyFor = ""; // rather nothing than what was true before
      }
    }
    this.#readyTimer = window.setTimeout(() => void this.#askReadiness(), READY_MS);
  }

  async #knock(duty: Duty, run: number): Promise<void> {
    let wait = 0;
    try {
      const pass = await this.rest.post<Pass>(`/lessons/${duty.lesson}/pass`, {});
      if (run !== this.#run) return;
      if (duty.part === "assistant") {
        location.assign(`/assistant#room=${encodeURIComponent(pass.room)}&token=${encodeURIComponent(pass.token)}`);
        return;
      }
      this.pass = pass;
      this.stage = decodeToken(pass.token)?.role === "lead" ? "teaching" : "list";
      this.onChange();
      return;
    } catch (error) {
      if (run !== this.#run) return;
      const problem = error instanceof RestProblem ? error : new RestProblem(0, "page", String(error));
      if (problem.code === "lesson_over" || problem.code === "lesson_cancelled") {
        return this.closed(problem.code === "lesson_over" ? "over" : "cancelled");
      }
      const retry = problem.extra["retry_after_ms"];
      const current = this.chosen ?? duty; // it may have been moved meanwhile
      wait = knockAfter(current, Date.now() / 1_000, typeof retry === "number" ? retry : null);
      this.trouble = problem.code === "lesson_not_open" ? "" : problem.detail || problem.code;
      if (this.trouble) wait = Math.max(wait, 5_000);
    }
    this.onChange();
    this.#knockTimer = window.setTimeout(() => void this.#knock(duty, run), wait);
  }
}
