/** Signed in, without a code: her lessons of today, and the way into them. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import * as format from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Rest, RestProblem, signInUrl } from "../lib/rest.ts";
import { doorOf, type Mine } from "./door.ts";
import { w, whyNot } from "./words.ts";

const AGAIN_MS = 30_000;

interface Pass {
  room: string;
  token: string;
}

@customElement("tk-assistant-lessons")
export class AssistantLessons extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: block;
        padding: var(--s4);
      }
      h1 {
        font-size: 24px;
        line-height: 1.3;
      }
      .hello {
        color: var(--text-2);
      }
      ul {
        display: grid;
        grid-gap: var(--s3);
        margin-top: var(--s4);
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        grid-gap: var(--s1) var(--s3);
        align-items: center;
        padding: var(--s4);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      li.past {
        background: transparent;
        box-shadow: inset 0 0 0 1px var(--line);
      }
      li.past .time,
      li.past h2 {
        color: var(--text-2);
        font-weight: 500;
      }
      .time {
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      .state {
        text-align: right;
      }
      .what {
        grid-column: 1 / -1;
      }
      h2 {
        font-size: 19px;
        line-height: 1.3;
      }
      .what p {
        color: var(--text-2);
      }
      .enter {
        grid-column: 1 / -1;
        min-height: 60px;
        margin-top: var(--s2);
        border-radius: var(--radius);
        font-size: 20px;
      }
      a.enter {
        display: flex;
        align-items: center;
        justify-content: center;
        background: var(--accent);
        color: var(--on-accent);
        font-weight: 500;
        text-decoration: none;
      }
      .failed {
        grid-column: 1 / -1;
        color: var(--bad);
      }
      .empty {
        display: flex;
        flex-direction: column;
        align-items: center;
        gap: var(--s3);
        margin-top: 12vh;
        text-align: center;
        color: var(--text-2);
      }
      .empty h1 {
        color: var(--text);
      }
      .empty .icon {
        width: 56px;
        height: 56px;
        color: var(--accent);
      }
      .empty button {
        min-height: 60px;
        padding: 0 var(--s6);
        border-radius: var(--radius);
        color: var(--text);
        font-size: 18px;
      }
      .skeleton li {
        min-height: 108px;
        background: var(--surface-2);
        box-shadow: none;
      }
    `,
  ];

  @state() private name = "";
  @state() private signedOut = false;
  @state() private lessons: readonly Mine[] | null = null;
  @state() private failed = "";
  /** Which lesson is being entered, and which one could not be. */
  @state() private entering = "";
  @state() private refused: { lesson: string; why: string } | null = null;
  @state() private now = Date.now();
  readonly #rest = new Rest(undefined, () => (this.signedOut = true));
  #timers: number[] = [];

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
    this.#timers = [
      window.setInterval(() => document.visibilityState === "visible" && !this.signedOut && void this.#load(), AGAIN_MS),
      window.setInterval(() => (this.now = Date.now()), 1_000),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #load(): Promise<void> {
    try {
      const { person } = await this.#rest.me();
      this.name = person.name;
      this.lessons = await this.#rest.get<Mine[]>("/lessons/mine");
      this.failed = "";
    } catch (error) {
      if (!this.signedOut) this.failed = whyNot(error);
    }
  }

  async #enter(lesson: Mine): Promise<void> {
    this.entering = lesson.lesson;
    this.refused = null;
    try {
      const pass = await this.#rest.post<Pass>(`/lessons/${lesson.lesson}/pass`);
      this.dispatchEvent(new CustomEvent<Pass>("entered", { detail: pass }));
    } catch (error) {
      if (error instanceof RestProblem) this.refused = { lesson: lesson.lesson, why: whyNot(error) };
    } finally {
      this.entering = "";
    }
  }

  protected override render(): TemplateResult {
    if (this.signedOut) return this.#out();
    if (!this.lessons) return this.failed ? this.#failure() : this.#skeleton();
    return html`
      <p class="hello">${this.name ? w("assistant.mine.hello", { name: this.name }) : nothing}</p>
      <h1>${w("assistant.mine.title")}</h1>
      ${this.failed ? html`<p class="failed" role="alert">${w("assistant.mine.failed", { why: this.failed })}</p>` : nothing}
      ${this.lessons.length === 0
        ? html`<div class="empty" data-testid="no-lessons">
            ${icon("check")}<p>${w("assistant.mine.empty")}</p>
            <p>${w("assistant.mine.emptyHint")}</p>
          </div>`
        : html`<ul>
            ${this.lessons.map((lesson) => this.#lesson(lesson))}
          </ul>`}
    `;
  }

  #lesson(lesson: Mine): TemplateResult {
    const door = doorOf(lesson, this.now);
    const where = lesson.seats.find((seat) => seat.classroom === lesson.classroom);
    const tones = { live: "ok", open: "ok", soon: "", ended: "", cancelled: "bad" };
    const text = door === "soon" ? w("assistant.mine.opens", { time: format.clock(lesson.opens * 1000) }) : w(`assistant.mine.${door}`);
    return html`
      <li class=${door === "ended" || door === "cancelled" ? "past" : ""} data-testid="lesson-${lesson.lesson}">
        <span class="time">${format.clock(lesson.starts * 1000)}–${format.clock(lesson.ends * 1000)}</span>
        <span class="state ${tones[door]}">${text}</span>
        <div class="what">
          <h2>${lesson.title}</h2>
          <p>${[lesson.teacher_name, where ? `${where.school_name} · ${where.classroom_name}` : ""].filter(Boolean).join(" · ")}</p>
        </div>
        ${door !== "live" && door !== "open"
          ? nothing
          : lesson.part === "lead"
            ? html`<a class="enter" href="/studio">${w("assistant.mine.studio")}</a>`
            : html`<button class="primary enter" data-testid="enter-${lesson.lesson}" ?disabled=${this.entering !== ""}
                @click=${() => this.#enter(lesson)}>
                ${w("assistant.mine.enter")}
              </button>`}
        ${this.refused?.lesson === lesson.lesson ? html`<p class="failed" role="alert">${this.refused.why}</p>` : nothing}
      </li>
    `;
  }

  #out(): TemplateResult {
    return html`
      <div class="empty" data-testid="signed-out">
        ${icon("screen")}
        <h1>${w("assistant.out.title")}</h1>
        <p>${w("assistant.out.say")}</p>
        <button data-testid="sign-in" @click=${() => location.assign(signInUrl(location))}>${w("assistant.out.signIn")}</button>
      </div>
    `;
  }

  #failure(): TemplateResult {
    return html`
      <div class="empty" role="alert" data-testid="failed">
        ${icon("warn")}
        <p>${w("assistant.mine.failed", { why: this.failed })}</p>
        <button @click=${() => this.#load()}>${w("assistant.mine.again")}</button>
      </div>
    `;
  }

  #skeleton(): TemplateResult {
    return html`
      <h1>${w("assistant.mine.title")}</h1>
      <p class="sr" role="status">${w("assistant.mine.loading")}</p>
      <ul class="skeleton" aria-hidden="true">
        <li></li>
        <li></li>
      </ul>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-assistant-lessons": AssistantLessons;
  }
}
