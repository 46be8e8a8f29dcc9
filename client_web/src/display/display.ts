/** A display outside of lessons: its code, its day, the check; and the lesson itself when the bell has rung. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import "../classroom/lesson.ts";
import type { LessonView } from "../classroom/lesson.ts";
import { baseCss } from "../components/base-css.ts";
import type { DayLesson, Pass } from "../lib/device.ts";
import { LangController, t } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { parseParams, type PageParams } from "../lib/params.ts";
import { checkChip, checkRows } from "./check-view.ts";
import { displayCss } from "./display-css.ts";
import "./qr.ts";
import { DisplayRunner } from "./runner.ts";
import { say, type DisplayKey } from "./say.ts";
import { around, markOf, nextLesson, type LessonMark } from "../lib/schedule.ts";
import { Times } from "../lib/times.ts";

const ROWS = 7;
/** From here on the seconds are counted down, ms. */
const COUNTDOWN = 60 * 60_000;
const MARKS: Readonly<Record<LessonMark, { icon: IconName; tone: string }>> = {
  over: { icon: "check", tone: "" },
  cancelled: { icon: "bad", tone: "warn" },
  now: { icon: "live", tone: "ok" },
  open: { icon: "bell", tone: "calm" },
  later: { icon: "clock", tone: "" },
};

@customElement("tk-display")
export class Display extends LitElement {
  static override styles = [baseCss, displayCss];

  /** The phone's code over a running lesson: by a touch, or the key `q`. */
  @state() private phoneShown = false;
  @query("tk-lesson") readonly lessonView!: LessonView | null;
  readonly #runner = new DisplayRunner(() => this.requestUpdate());
  readonly #times = new Times();
  #params: { pass: Pass; params: PageParams } | null = null;
  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === "q" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat) this.phoneShown = !this.phoneShown;
  };

  constructor() {
    super();
    new LangController(this);
  }

  /** For tests and for who looks for a fault. */
  get phase(): string {
    return this.#runner.state.phase;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.#onKey);
    this.#runner.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.#onKey);
    this.#runner.stop();
  }

  protected override render(): TemplateResult {
    const { phase, pass, day } = this.#runner.state;
    this.#times.use(day?.zone ?? "");
    if (phase === "lesson" && pass) return this.#lesson(pass);
    return html`
      <main class=${phase === "unpaired" ? "pair" : "board"} data-testid="display" data-phase=${phase}>
        ${phase === "unpaired" ? this.#pair() : html`${this.#now()} ${this.#beside()}`}
      </main>
      ${this.#foot()}
    `;
  }

  /** A new pass is a new room, or the same one with a token that counts: either way from the start. */
  #lesson(pass: Pass): TemplateResult {
    if (this.#params?.pass !== pass) {
      const { lang, overlay } = parseParams(location.hash, location.search);
      const { day } = this.#runner.state;
      const title = day?.lessons.find((it) => it.lesson === pass.room)?.title ?? "";
      this.#params = { pass, params: { room: pass.room, token: pass.token, lang, overlay, title, zone: day?.zone ?? "" } };
    }
    const { phone } = this.#runner;
    const { params } = this.#params;
    const waiting = this.#waiting;
    return html`
      ${keyed(
        params,
        html`
          <tk-lesson class=${phone && this.phoneShown ? "coded" : ""} .params=${params} @closed=${(event: CustomEvent) => this.#runner.closed(event.detail)}>
            ${phone && !waiting
              ? html`<button slot="bar" class="phone" data-testid="phone" aria-keyshortcuts="q" aria-pressed=${String(this.phoneShown)}
                  @click=${() => (this.phoneShown = !this.phoneShown)}>
                  ${icon("phone")}${say(this.phoneShown ? "display.phone.hide" : "display.phone.show")}
                </button>`
              : nothing}
          </tk-lesson>
        `,
      )}
      ${this.#corner()}
    `;
  }

  /** While there is no picture yet there is room for the code and for what the check has found. */
  #corner(): TemplateResult {
    const { phone, state: now } = this.#runner;
    const waiting = this.#waiting;
    const report = waiting && now.check?.lesson === now.lesson ? now.check.report : null;
    const code = phone && (waiting || this.phoneShown) ? phone : null;
    return html`
      ${report ? html`<aside class="corner left">${checkChip(report)}</aside>` : nothing}
      ${code
        ? html`<aside class="corner right ${waiting ? "" : "over"}">
            <figure data-testid="phone-code" data-url=${code.url}>
              <tk-qr .text=${code.url} label=${say("display.phone.title")}></tk-qr>
              <figcaption><strong>${say("display.phone.title")}</strong>${say("display.phone.say")}</figcaption>
            </figure>
          </aside>`
        : nothing}
    `;
  }

  /** In the room, and no picture yet. */
  get #waiting(): boolean {
    return (this.lessonView?.layout ?? "idle") === "idle";
  }

  #pair(): TemplateResult {
    const { pairing, missed } = this.#runner.pairing;
    return html`
      <h1>${say("display.pair.title")}</h1>
      <p class="say">${say("display.pair.say")}</p>
      <p class="code" data-testid="pairing-code" data-code=${pairing?.code ?? ""} ?data-old=${missed > 1}>${pairing?.code || "··· ···"}</p>
      <p class="say" role="status">
        ${missed > 1 ? say("display.pair.offline") : pairing?.code ? say("display.pair.expires") : say("display.pair.wait")}
      </p>
    `;
  }

  #now(): TemplateResult {
    const { day } = this.#runner.state;
    const now = this.#runner.now();
    return html`
      <section class="now">
        <p class="school">${day?.school.name ?? ""}</p>
        <h1>${day?.classroom.name ?? t("app.name")}</h1>
        <p class="time" data-testid="clock">${this.#times.clock(now)}</p>
        <p class="date">${this.#times.date(now)}</p>
        ${this.#sentence(now)}
      </section>
    `;
  }

  /** What comes, what goes on, or what has just gone. */
  #sentence(now: number): TemplateResult | typeof nothing {
    const { state: it } = this.#runner;
    const named = (id: string | null): DayLesson | undefined => it.day?.lessons.find((lesson) => lesson.lesson === id);
    if (it.phase === "preflight") return this.#card("display.check.title", named(it.lesson), "");
    if (it.phase === "joining") return this.#card(trouble(it.trouble), named(it.lesson), "");
    const last = named(it.done[it.done.length - 1] ?? null)?.title ?? say("display.bye.lesson");
    const bye = it.farewell ? html`<p class="bye" role="status" data-testid="bye">${say(`display.bye.${it.farewell.why}`, { title: last })}</p>` : nothing;
    const next = nextLesson(it.day, now);
    if (!next || it.done.includes(next.lesson)) return bye;
    const left = next.starts * 1_000 - now;
    const [m, s] = [Math.floor(left / 60_000), Math.floor(left / 1_000) % 60];
    const when = left < COUNTDOWN ? say("display.next.in", { m, s }) : say("display.next.begins", { time: this.#times.clock(next.starts * 1_000) });
    return html`${bye}${this.#card("display.next.title", next, when)}`;
  }

  #card(title: DisplayKey, lesson: DayLesson | undefined, when: string): TemplateResult {
    return html`
      <div class="card" role="status" data-testid="card" data-card=${title}>
        <p>${say(title)}</p>
        <h2>${lesson?.title ?? say("display.bye.lesson")}</h2>
        ${when ? html`<p class="when">${when}</p>` : nothing}
      </div>
    `;
  }

  #beside(): TemplateResult {
    const { progress, state: it } = this.#runner;
    if (progress) return html`<section class="day"><h2>${say("display.check.running")}</h2>${checkRows(progress)}</section>`;
    const chip = it.check && it.check.lesson === it.lesson ? it.check.report : null;
    return html`<section class="day">${this.#day()} ${checkChip(chip)}</section>`;
  }

  #day(): TemplateResult {
    const { day, missed } = this.#runner.state;
    const now = this.#runner.now();
    if (!day) return html`<div class="none">${icon(missed ? "line" : "clock")}<p>${say(missed ? "display.net.away" : "display.day.loading")}</p></div>`;
    if (!day.lessons.length) {
      return html`<div class="none" data-testid="day-none">
        ${icon("bell")}
        <p>${day.holiday ? say("display.day.holiday", { name: day.holiday }) : say("display.day.none")}</p>
      </div>`;
    }
    const shown = around(day.lessons, now, ROWS);
    const hidden = day.lessons.length - shown.length;
    return html`
      <h2>${say("display.day.title")}</h2>
      <ol data-testid="day">
        ${shown.map((lesson) => this.#row(lesson, now))}
      </ol>
      ${hidden > 0 ? html`<p class="more">${say("display.day.more", { n: hidden })}</p>` : nothing}
    `;
  }

  #row(lesson: DayLesson, now: number): TemplateResult {
    const over = this.#runner.state.done.includes(lesson.lesson) && lesson.state !== "cancelled";
    const mark = over ? "over" : markOf(lesson, now);
    const { icon: name, tone } = MARKS[mark];
    return html`
      <li class=${mark} data-testid="lesson-${lesson.lesson}" data-mark=${mark}>
        <time>${this.#times.clock(lesson.starts * 1_000)}<small>${this.#times.clock(lesson.ends * 1_000)}</small></time>
        <div>
          <strong>${lesson.title}</strong>
          <span>${[lesson.teacher_name, lesson.school_name].filter(Boolean).join(" · ")}</span>
        </div>
        <span class="mark ${tone}">${icon(name)}${say(`display.mark.${mark}`)}</span>
      </li>
    `;
  }

  #foot(): TemplateResult {
    const { state: it, pairing } = this.#runner;
    const unpaired = it.phase === "unpaired";
    const away = unpaired ? pairing.missed > 1 : it.missed > 1;
    const known = unpaired ? pairing.pairing !== null : it.day !== null;
    const net: { key: DisplayKey; tone: string } = away
      ? { key: "display.net.away", tone: "bad" }
      : known
        ? { key: "display.net.ok", tone: "ok" }
        : { key: "display.net.asking", tone: "calm" };
    return html`
      <footer>
        <div class="state ${net.tone}" role="status" data-testid="net" data-net=${net.key}>${icon("line")}<span>${say(net.key)}</span></div>
        <span class="space"></span>
        <span>
          ${it.day
            ? [it.day.classroom.name, it.day.device.name].filter(Boolean).join(" · ")
            : say("display.pair.server", { host: location.host })}
        </span>
      </footer>
    `;
  }
}

/** Why we are not in the lesson yet. */
function trouble(code: string): DisplayKey {
  if (code === "" || code === "changed") return "display.now.joining";
  if (code === "lesson_not_open") return "display.now.waiting";
  if (code === "offline") return "display.now.offline";
  return ["forbidden", "not_found", "not_in_lesson"].includes(code) ? "display.now.refused" : "display.now.busy";
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-display": Display;
  }
}
