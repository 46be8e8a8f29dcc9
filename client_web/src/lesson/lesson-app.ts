/** `/lesson#id=…`: one lesson, who was there and how it went; before the bell what is ready, and the way in. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import "../components/app-frame.ts";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag, tagCss, type Tone } from "../components/tag.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { enter, entering } from "../home/lessons.ts";
import { LangController, lang, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { problemText } from "../lib/problems.ts";
import { Rest, type Me } from "../lib/rest.ts";
import { dateTime, longDay, timeOfDay } from "../lib/when.ts";
import "./evidence.ts";
import { sectionCss } from "./lesson-css.ts";
import "./ratings.ts";
import "./readiness.ts";
import "./recorded.ts";
import { say } from "./say.ts";
import { idOf, isOver, partOf, type Whole, type WholeSeat } from "./view.ts";

const EVERY_MS = 30_000;

interface Form {
  code: string;
  zh: string;
  en: string;
}

const TONES: Readonly<Record<string, Tone>> = { live: "ok", open: "ok", cancelled: "bad" };

@customElement("tk-lesson-record")
export class LessonApp extends LitElement {
  static override styles = [
    baseCss,
    tagCss,
    troubleCss,
    loadedCss,
    sectionCss,
    css`
      .page {
        max-width: 1280px;
        margin: 0 auto;
        padding: var(--s6);
      }
      h1 {
        font-size: 26px;
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s3) var(--s4);
      }
      .head > div:first-child {
        flex: 1 1 320px;
        min-width: 0;
      }
      .acts {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      .acts .button,
      .acts button {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        min-height: 44px;
        padding: var(--s2) var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--surface);
        color: var(--text);
        font-weight: 500;
        text-decoration: none;
      }
      .acts .button:hover {
        background: var(--surface-2);
      }
      .acts .primary {
        border-color: transparent;
        background: var(--accent);
        color: var(--on-accent);
        font-weight: 600;
      }
      .when {
        color: var(--text-2);
        font-variant-numeric: tabular-nums;
      }
      .tags {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1);
        margin-top: var(--s2);
      }
      .tags .tag + .tag {
        margin-left: 0;
      }
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 380px;
        grid-gap: var(--s5);
        align-items: start;
        margin-top: var(--s5);
      }
      .column > * + * {
        display: block;
        margin-top: var(--s5);
      }
      .facts {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        grid-gap: var(--s1) var(--s4);
      }
      dt {
        color: var(--text-2);
      }
      dd {
        overflow-wrap: anywhere;
        white-space: pre-line;
      }
      dd small {
        display: block;
        color: var(--text-2);
        font-size: 14px;
      }
      @media (max-width: 1080px) {
        .page {
          padding: var(--s4);
        }
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @state() private me: Me | null = null;
  @state() private problem: unknown = null;
  @state() private busy = false;
  @state() private asked = idOf(location.hash);
  #rest = new Rest();
  #lesson = new Loading<Whole | null>(this, () => this.#ask(), EVERY_MS);
  #forms: Form[] = [];

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#moved);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#moved);
  }

  protected override render(): TemplateResult {
    return html`<tk-frame here="lesson" .rest=${this.#rest} @me=${this.#begin}>
      <div class="page">
        ${this.asked
          ? loaded(this.#lesson, (lesson) => (lesson && this.me ? this.#shown(lesson, this.me) : nothing))
          : html`<section>${emptiness("calendar", say("les.noId"), html`<a href="/timetable">${say("les.timetable")}</a>`)}</section>`}
      </div>
    </tk-frame>`;
  }

  #shown(lesson: Whole, me: Me): TemplateResult {
    const { may } = lesson;
    const over = isOver(lesson);
    const ready = may.includes("lesson.ready") && lesson.state !== "cancelled" ? html`<tk-lesson-readiness .rest=${this.#rest} .lesson=${lesson}></tk-lesson-readiness>` : nothing;
    const rates = over && (may.includes("rating.read") || may.includes("rating.give"));
    return html`
      ${this.#head(lesson, me)}
      ${this.problem ? html`<p class="bad" role="alert">${problemText(this.problem)}</p>` : nothing}
      ${keyed(
        lesson.lesson,
        html`<div class="columns">
          <div class="column">
            ${over ? nothing : ready}
            ${may.includes("ledger.read") ? html`<tk-lesson-evidence .rest=${this.#rest} .lesson=${lesson}></tk-lesson-evidence>` : this.#facts(lesson)}
          </div>
          <div class="column">
            ${lesson.records ? html`<tk-recorded .rest=${this.#rest} lesson=${lesson.lesson}></tk-recorded>` : nothing}
            ${may.includes("ledger.read") ? this.#facts(lesson) : nothing}
            ${rates ? html`<tk-lesson-ratings .rest=${this.#rest} lesson=${lesson.lesson}></tk-lesson-ratings>` : nothing}
            ${over ? ready : nothing}
          </div>
        </div>`,
      )}
    `;
  }

  #head(lesson: Whole, me: Me): TemplateResult {
    const part = partOf(lesson, me.person.id);
    const how = entering(lesson, Date.now() / 1000);
    const changes = lesson.may.includes("booking.change");
    return html`<div class="head">
      <div>
        <h1 data-testid="title">${lesson.title}</h1>
        <p class="when">${longDay(lesson.day)} ${timeOfDay(lesson.starts)}–${timeOfDay(lesson.ends)}${lesson.period === null ? "" : ` · ${say("les.period", { n: lesson.period })}`}</p>
        <p class="tags">
          ${tag(TONES[lesson.state] ?? "plain", say.maybe(`les.state.${lesson.state}`) ?? lesson.state)} ${tag("plain", this.#form(lesson.form))}
          ${lesson.dual ? tag("plain", say("les.dual")) : nothing} ${lesson.series ? tag("plain", say("les.series")) : nothing}
          ${lesson.moved ? tag("warn", say("les.moved")) : nothing} ${lesson.makes_up ? tag("plain", say("les.makeUp")) : nothing}
        </p>
      </div>
      <div class="acts">
        ${part && how === "soon" ? html`<span class="when">${say("les.opens", { time: dateTime(lesson.opens) })}</span>` : nothing}
        ${part && how === "now"
          ? html`<button type="button" class="primary" data-testid="enter" ?disabled=${this.busy} @click=${() => void this.#enter(lesson, part)}>${icon("live")}${say("les.enter")}</button>`
          : nothing}
        <a class="button" href=${`/timetable#lesson=${lesson.lesson}`} data-testid="to-timetable">${icon("calendar")}${say(changes ? "les.change" : "les.timetable")}</a>
      </div>
    </div>`;
  }

  #facts(lesson: Whole): TemplateResult {
    const [lead, ...others] = lesson.seats;
    const instants = [
      ["les.opened", lesson.opened],
      ["les.began", lesson.live],
      ["les.ended", lesson.ended],
    ] as const;
    const rows: [string, unknown][] = [
      [say("les.teacher"), lesson.teacher_name],
      [say("les.where"), lead ? this.#seat(lead) : ""],
      [say("les.receivers"), others.length ? others.map((seat) => html`<div>${this.#seat(seat)}</div>`) : ""],
      [say("les.subject"), [/^\d+$/.test(lesson.grade) ? "" : lesson.grade, lesson.subject].filter(Boolean).join(" ")],
      [say("les.textbook"), [lesson.textbook, lesson.unit].filter(Boolean).join(" · ")],
      [say("les.points"), lesson.points.join(t("list.comma"))],
      [say("les.note"), lesson.note],
      [say("les.reason"), lesson.reason],
      ...instants.map(([name, at]): [string, unknown] => [say(name), at === null ? "" : timeOfDay(at)]),
    ];
    return html`<section data-testid="facts">
      <h2>${icon("file")}${say("les.facts")}</h2>
      <dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    </section>`;
  }

  #seat(seat: WholeSeat): TemplateResult {
    const beside = [seat.pupil_class_name, seat.assistant_name ? say("les.assistant", { name: seat.assistant_name }) : ""].filter(Boolean).join(" · ");
    return html`${seat.school_name} · ${seat.classroom_name} ${beside ? html`<small>${beside}</small>` : nothing}`;
  }

  #form(code: string): string {
    const form = this.#forms.find((it) => it.code === code);
    return form ? form[lang()] : code;
  }

  async #ask(): Promise<Whole | null> {
    if (!this.asked || !this.me) return null;
    if (!this.#forms.length) this.#forms = await this.#rest.get<Form[]>("/forms");
    return this.#rest.get<Whole>(`/lessons/${this.asked}`);
  }

  #begin = (event: CustomEvent<Me>): void => {
    this.me = event.detail;
    void this.#lesson.again();
  };

  #moved = (): void => {
    this.asked = idOf(location.hash);
    this.#lesson.value = null;
    void this.#lesson.again();
  };

  async #enter(lesson: Whole, part: "lead" | "assistant"): Promise<void> {
    this.busy = true;
    this.problem = null;
    try {
      await enter(this.#rest, { lesson: lesson.lesson, part });
    } catch (problem) {
      this.problem = problem;
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-lesson-record": LessonApp;
  }
}
