/** A teacher's day in the studio: what comes next, who is ready for it, and the way in. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { baseCss } from "../components/base-css.ts";
import "../components/rating-form.ts";
import * as format from "../lib/format.ts";
import { LangController, lang, setLang, t } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import type { PageParams } from "../lib/params.ts";
import { Rest } from "../lib/rest.ts";
import type { LessonMark } from "../lib/schedule.ts";
import { dutiesCss } from "./duties-css.ts";
import { DutiesRunner } from "./duties-runner.ts";
import { faults, inGrace, mark, mayEnter, nextDuty, readyOf, type Duty, type Readiness, type Ready } from "./duty.ts";
import "./longer.ts";
import { say } from "./say.ts";
import "./teaching.ts";
import type { Teaching } from "./teaching.ts";

const READY: Readonly<Record<Ready, { icon: IconName; tone: string }>> = {
  green: { icon: "check", tone: "ok" },
  amber: { icon: "warn", tone: "warn" },
  red: { icon: "bad", tone: "bad" },
  waiting: { icon: "clock", tone: "calm" },
  offline: { icon: "line", tone: "bad" },
  none: { icon: "screenOff", tone: "" },
};
const MARKS: Readonly<Record<LessonMark, { icon: IconName; tone: string }>> = {
  later: { icon: "clock", tone: "" },
  open: { icon: "bell", tone: "calm" },
  now: { icon: "live", tone: "ok" },
  over: { icon: "check", tone: "" },
  cancelled: { icon: "bad", tone: "warn" },
};

@customElement("tk-duties")
export class Duties extends LitElement {
  static override styles = [baseCss, dutiesCss];

  @query("tk-teaching") readonly teaching!: Teaching | null;
  @state() private stays = false;
  readonly #rest = new Rest();
  readonly #runner = new DutiesRunner(this.#rest, () => this.#onChange());
  #params: PageParams | null = null;
  #ticking = 0;

  constructor() {
    super();
    new LangController(this);
  }

  get phase(): string {
    return this.#runner.stage;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = window.setInterval(() => this.requestUpdate(), 1_000);
    this.#runner.start(new URLSearchParams(location.hash.slice(1)).get("lesson") ?? "");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    this.#runner.stop();
  }

  /** A page that is loaded anew comes back to the lesson by its id; its token is never in the address. */
  #onChange(): void {
    const { stage, chosen } = this.#runner;
    const hash = (stage === "waiting" || stage === "teaching") && chosen ? `#lesson=${chosen.lesson}` : "";
    if (location.hash !== hash) history.replaceState(null, "", location.pathname + location.search + hash);
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const { stage, chosen, pass } = this.#runner;
    if (stage === "teaching" && chosen && pass) return this.#teach(chosen, pass);
    return html`
      ${this.#header()}
      <main data-testid="duties" data-stage=${stage}>
        ${stage === "waiting" && chosen ? this.#wait(chosen) : stage === "after" && chosen ? this.#after(chosen) : this.#list()}
      </main>
    `;
  }

  #teach(duty: Duty, { room, token }: { room: string; token: string }): TemplateResult {
    if (this.#params?.token !== token) this.#params = { room, token, lang: null, overlay: false, title: duty.title };
    return keyed(
      token,
      html`
        <tk-teaching .params=${this.#params} @closed=${(event: CustomEvent) => this.#runner.closed(event.detail)}>
          <tk-longer slot="lesson" .rest=${this.#rest} .duty=${duty} .now=${Date.now() / 1_000}
            @longer=${(event: CustomEvent<number>) => this.#runner.longer(event.detail)}></tk-longer>
        </tk-teaching>
      `,
    ) as unknown as TemplateResult;
  }

  #header(): TemplateResult {
    const { me } = this.#runner;
    return html`
      <header>
        <a class="brand" href="/home">${t("app.name")}<small>${t("studio.title")}</small></a>
        <span class="space"></span>
        ${me ? html`<span class="who">${say("duty.hello", { name: me.person.name })}</span>` : nothing}
        <button data-testid="lang" lang=${lang() === "zh" ? "en" : "zh-CN"}
          @click=${() => setLang(lang() === "zh" ? "en" : "zh", true)}>${t("lang.other")}</button>
        ${me ? html`<button data-testid="sign-out" @click=${() => void this.#signOut()}>${say("duty.out")}</button>` : nothing}
      </header>
      ${this.stays ? html`<p class="stays" role="alert">${say("duty.stays")}</p>` : nothing}
    `;
  }

  async #signOut(): Promise<void> {
    this.stays = false;
    try {
      await this.#rest.post("/logout");
      location.assign("/login");
    } catch {
      this.stays = true; // on a computer of the school she must not believe that she is signed out
    }
  }

  #list(): TemplateResult {
    const { duties, problem } = this.#runner;
    if (!duties) {
      return problem
        ? html`<div class="empty" role="alert">
            ${icon("warn")}
            <p>${problem.status === 0 ? say("duty.offline") : say("duty.failed", { detail: problem.detail || problem.code })}</p>
            <button data-testid="retry" @click=${() => this.#runner.refresh()}>${icon("link")}${say("duty.retry")}</button>
          </div>`
        : html`<p class="empty" role="status">${say("duty.loading")}</p>`;
    }
    const now = Date.now() / 1_000;
    const next = nextDuty(duties, now);
    return html`
      <h1>${say("duty.title")}</h1>
      ${problem ? html`<p class="notice" role="status">${icon("line")}${say("duty.offline")}</p>` : nothing}
      ${duties.length === 0
        ? html`<div class="empty" data-testid="no-duties">
            ${icon("bell")}
            <h2>${say("duty.none")}</h2>
            <p>${say("duty.none.say")}</p>
            <a class="button" href="/timetable">${say("duty.timetable")}</a>
          </div>`
        : nothing}
      ${next ? this.#next(next, now) : nothing}
      ${duties.length ? html`<h2 class="all">${say("duty.all")}</h2>` : nothing}
      <ol data-testid="all-duties">
        ${duties.map((duty) => this.#row(duty, now))}
      </ol>
    `;
  }

  #next(duty: Duty, now: number): TemplateResult {
    const going = mark(duty, now) === "now" || inGrace(duty, now);
    return html`
      <section class="next" data-testid="next" data-lesson=${duty.lesson}>
        <div class="what">
          <p class="tag">${say(going ? "duty.now" : "duty.next")} · ${say(`duty.${duty.part}`)}</p>
          <h2>${duty.title}</h2>
          <p class="when">${this.#span(duty)} · <strong>${until(duty, now)}</strong></p>
          ${this.#enter(duty, now, true)}
        </div>
        ${this.#rooms(duty, now)}
      </section>
    `;
  }

  #enter(duty: Duty, now: number, large: boolean): TemplateResult | typeof nothing {
    if (!mayEnter(duty, now)) {
      return large ? html`<p class="opens">${icon("clock")}${say("duty.opens", { time: format.clock(duty.opens * 1_000) })}</p>` : nothing;
    }
    return html`<button class=${large ? "primary" : ""} data-testid="enter-${duty.lesson}" @click=${() => this.#runner.enter(duty)}>
      ${icon(duty.part === "lead" ? "live" : "phone")}${say(duty.part === "lead" ? "duty.enter" : "duty.enterAssistant")}
    </button>`;
  }

  /** Every receiving classroom with a colour and a word, from the moment its check arrives. */
  #rooms(duty: Duty, now: number): TemplateResult {
    const seats = duty.seats.filter((seat) => seat.part !== "lead");
    const rows = new Map(this.#runner.readyFor === duty.lesson ? this.#runner.readiness.map((row) => [row.classroom, row]) : []);
    return html`
      <div class="rooms">
        <h3>${say(seats.length ? "duty.rooms" : "duty.norooms")}</h3>
        <ul>
          ${seats.map((seat) => {
            const row = rows.get(seat.classroom);
            return html`<li data-testid="ready-${seat.classroom}" data-ready=${row ? readyOf(row, now) : ""}>
              <span><strong>${seat.school_name}</strong> ${seat.classroom_name}</span>
              ${row ? this.#ready(row, now) : nothing}
            </li>`;
          })}
        </ul>
      </div>
    `;
  }

  #ready(row: Readiness, now: number): TemplateResult {
    const ready = readyOf(row, now);
    const { icon: name, tone } = READY[ready];
    const wrong = ready === "amber" || ready === "red" ? faults(row).map((part) => say(`ready.${part}`)) : [];
    const text = ready === "offline" && row.seen !== null ? say("ready.seen", { time: format.clock(row.seen * 1_000) }) : say(`ready.${ready}`);
    return html`<span class="ready ${tone}">${icon(name)}${[text, wrong.join(t("list.comma"))].filter(Boolean).join(" · ")}</span>`;
  }

  #row(duty: Duty, now: number): TemplateResult {
    const it = mark(duty, now);
    const { icon: name, tone } = MARKS[it];
    const seats = duty.seats.filter((seat) => seat.part !== "lead").map((seat) => seat.school_name);
    return html`
      <li class=${it} data-testid="duty-${duty.lesson}" data-mark=${it}>
        <time>${this.#span(duty)}</time>
        <div>
          <strong>${it === "over" || it === "cancelled" ? html`<a href=${`/lesson#id=${duty.lesson}`} data-testid="record-${duty.lesson}">${duty.title}</a>` : duty.title}</strong>
          <span>${[say(`duty.${duty.part}`), ...seats].join(" · ")}</span>
        </div>
        <span class="mark ${tone}">${icon(name)}${say(`duty.mark.${it}`)}</span>
        ${it === "over" && !inGrace(duty, now)
          ? html`<button data-testid="rate-${duty.lesson}" @click=${() => this.#runner.rate(duty)}>${icon("star")}${say("duty.rate")}</button>`
          : nothing}
      </li>
    `;
  }

  #wait(duty: Duty): TemplateResult {
    const now = Date.now() / 1_000;
    const early = now < duty.opens;
    const { trouble } = this.#runner;
    return html`
      <section class="next" data-testid="waiting">
        <div class="what">
          <p class="tag">${early ? say("wait.title", { time: format.clock(duty.opens * 1_000) }) : say("wait.entering")}</p>
          <h2>${duty.title}</h2>
          <p class="when">${this.#span(duty)} · <strong>${until(duty, now)}</strong></p>
          <p class="opens" role="status">${trouble ? say("wait.busy", { detail: trouble }) : say("wait.say")}</p>
          <button data-testid="wait-cancel" @click=${() => this.#runner.back()}>${icon("left")}${say("wait.cancel")}</button>
        </div>
        ${this.#rooms(duty, now)}
      </section>
    `;
  }

  #after(duty: Duty): TemplateResult {
    const { why, fromRoom } = this.#runner;
    return html`
      <section class="after" data-testid="after" data-why=${why}>
        ${icon(why === "over" ? "check" : "bad")}
        <h1>${say(`after.${why}`, { title: duty.title })}</h1>
        ${fromRoom ? html`<p>${say("after.say")}</p>` : nothing}
        ${why === "over" ? html`<tk-rating .rest=${this.#rest} lesson=${duty.lesson} ?fresh=${fromRoom}></tk-rating>` : nothing}
        <button data-testid="after-back" @click=${() => this.#runner.back()}>${icon("left")}${say("after.back")}</button>
      </section>
    `;
  }

  #span({ starts, ends }: Duty): string {
    return `${format.clock(starts * 1_000)}–${format.clock(ends * 1_000)}`;
  }
}

/** How far away its beginning or its end is, in words. */
function until(duty: Duty, now: number): string {
  const left = Math.max(0, Math.floor(duty.starts - now));
  if (now >= duty.ends) return say("duty.grace");
  if (left === 0) return say("duty.left", { m: Math.ceil((duty.ends - now) / 60) });
  if (left >= 3_600) return say("duty.inHours", { h: Math.floor(left / 3_600), m: Math.floor(left / 60) % 60 });
  if (left >= 900) return say("duty.in", { m: Math.floor(left / 60) });
  return say("duty.soon", { m: Math.floor(left / 60), s: left % 60 });
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-duties": Duties;
  }
}
