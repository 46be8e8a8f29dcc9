/** Today's lessons of a teacher or an assistant: the next one large, with what is ready and the way in. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag, tagCss } from "../components/tag.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { LangController, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { problemText } from "../lib/problems.ts";
import { RestProblem, type Rest } from "../lib/rest.ts";
import { timeOfDay } from "../lib/when.ts";
import { homeCss } from "./home-css.ts";
import { enter, entering, nextLesson, readyName, readyTone, readyWord, type MyLesson, type Ready } from "./lessons.ts";
import { say } from "./say.ts";

const EVERY_MS = 30_000;
const SECOND_MS = 1_000;

@customElement("tk-my-lessons")
export class MyLessons extends LitElement {
  static override styles = [
    baseCss,
    tagCss,
    troubleCss,
    loadedCss,
    homeCss,
    css`
      .next {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        grid-gap: var(--s4) var(--s6);
        align-items: center;
        margin: 0 0 var(--s3);
        padding: var(--s5);
        border-radius: var(--radius);
        background: var(--accent-soft);
      }
      .next h3 {
        font-size: 26px;
        line-height: 1.3;
      }
      .next h3 a {
        color: inherit;
        text-decoration-thickness: 1px;
        text-underline-offset: 4px;
      }
      .next .when {
        font-size: 18px;
        font-variant-numeric: tabular-nums;
      }
      .next .primary {
        min-width: 200px;
        min-height: 72px;
        font-size: 24px;
        font-weight: 600;
      }
      .next .primary:disabled {
        opacity: 1;
        background: var(--surface-2);
        color: var(--text-2);
        font-size: 18px;
      }
      .ready {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        margin-top: var(--s3);
      }
      .ready li {
        display: flex;
        gap: var(--s2);
        align-items: center;
        padding: 4px 4px 4px 12px;
        border-radius: 999px;
        background: var(--surface);
        font-size: 15px;
      }
      @media (max-width: 720px) {
        .next {
          grid-template-columns: minmax(0, 1fr);
          padding: var(--s4);
        }
        .next h3 {
          font-size: 22px;
        }
        .next .primary {
          width: 100%;
        }
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @state() private now = Date.now() / 1000;
  @state() private problem: unknown = null;
  @state() private busy = "";
  #lessons = new Loading<MyLesson[]>(this, () => this.rest.get<MyLesson[]>("/lessons/mine"), EVERY_MS);
  #ready = new Loading<Ready[]>(this, () => this.#askReady(), EVERY_MS);
  #asked = "";
  #clock = 0;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#clock = window.setInterval(() => (this.now = Date.now() / 1000), SECOND_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#clock);
  }

  protected override updated(): void {
    const next = nextLesson(this.#lessons.value ?? [], this.now);
    if (next && next.lesson !== this.#asked) {
      this.#asked = next.lesson;
      this.#ready.value = null;
      void this.#ready.again();
    }
  }

  protected override render(): TemplateResult {
    return html`<section data-testid="my-lessons">
      <h2>${icon("calendar")}${say("mine.title")}</h2>
      ${loaded(this.#lessons, (lessons) => {
        if (!lessons.length) return emptiness("calendar", say("mine.none"));
        const next = nextLesson(lessons, this.now);
        const others = lessons.filter((it) => it !== next);
        return html`
          ${next ? this.#large(next) : html`<p>${say("mine.over")}</p>`}
          ${this.problem ? html`<p class="bad" role="alert">${problemText(this.problem)}</p>` : nothing}
          <ul class="rows">${others.map((it) => this.#row(it))}</ul>
        `;
      })}
    </section>`;
  }

  #large(lesson: MyLesson): TemplateResult {
    const now = entering(lesson, this.now) === "now";
    const minutes = Math.max(1, Math.ceil((lesson.opens - this.now) / 60));
    return html`<div class="next" data-testid="next-lesson">
      <div>
        <p class="when">${this.#when(lesson)}</p>
        <h3><a href=${`/lesson#id=${lesson.lesson}`}>${lesson.title}</a></h3>
        <p>${this.#where(lesson)}</p>
        ${this.#readiness(lesson)}
      </div>
      <button class="primary" type="button" data-testid="enter" ?disabled=${!now || this.busy !== ""} @click=${() => void this.#enter(lesson)}>
        ${now ? html`${icon("live")}${say("mine.enter")}` : say("mine.opens", { time: timeOfDay(lesson.opens), n: minutes })}
      </button>
    </div>`;
  }

  #readiness(lesson: MyLesson): TemplateResult | typeof nothing {
    if (!this.#ready.value) return this.#ready.problem && this.#asked ? html`<p class="warn">${say("prepared.unknown")}</p>` : nothing;
    return html`<ul class="ready" aria-label=${say("prepared.title")} data-testid="ready">
      ${this.#mine(lesson, this.#ready.value).map((it) => {
        const tone = readyTone(it);
        return html`<li>${readyName(it, lesson.seats)}${tag(tone === "none" ? "plain" : tone, say(`prepared.${readyWord(it)}`))}</li>`;
      })}
    </ul>`;
  }

  /** An assistant answers for her own room; of a lesson for a whole county hers would be lost among the others. */
  #mine(lesson: MyLesson, ready: readonly Ready[]): readonly Ready[] {
    return lesson.part === "assistant" ? ready.filter((it) => it.classroom === lesson.classroom) : ready;
  }

  #row(lesson: MyLesson): TemplateResult {
    const how = entering(lesson, this.now);
    return html`<li class=${how === "over" || how === "off" ? "gone" : ""}>
      <span class="time">${timeOfDay(lesson.starts)}–${timeOfDay(lesson.ends)}</span>
      <span class="what"><strong><a href=${`/lesson#id=${lesson.lesson}`}>${lesson.title}</a></strong><small>${this.#where(lesson)}</small></span>
      ${how === "now"
        ? html`<button type="button" ?disabled=${this.busy !== ""} @click=${() => void this.#enter(lesson)}>${say("mine.enter")}</button>`
        : tag(how === "off" ? "bad" : "plain", say(`entering.${how}`))}
    </li>`;
  }

  #when(lesson: MyLesson): string {
    const times = `${timeOfDay(lesson.starts)}–${timeOfDay(lesson.ends)}`;
    return lesson.period === null ? times : `${say("mine.period", { n: lesson.period })} · ${times}`;
  }

  /** To the teacher the classrooms that listen, to the assistant who teaches. */
  #where(lesson: MyLesson): string {
    if (lesson.part === "assistant") return say("mine.taughtBy", { name: lesson.teacher_name });
    const names = lesson.seats.filter((it) => it.part !== "lead").map((it) => `${it.school_name} ${it.classroom_name}`);
    return names.length ? say("mine.with", { names: names.join(t("list.comma")) }) : say("mine.alone");
  }

  #askReady(): Promise<Ready[]> {
    return this.#asked ? this.rest.get<Ready[]>(`/lessons/${this.#asked}/readiness`) : Promise.resolve([]);
  }

  async #enter(lesson: MyLesson): Promise<void> {
    this.busy = lesson.lesson;
    this.problem = null;
    try {
      await enter(this.rest, lesson);
    } catch (problem) {
      this.problem = problem;
      if (problem instanceof RestProblem && problem.status !== 0) void this.#lessons.again();
      this.busy = "";
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-my-lessons": MyLessons;
  }
}
