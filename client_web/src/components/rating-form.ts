/**
 * The short form after a lesson: stars, yes or no, a remark, as the server's questions say. `rated` when it is there.
 * `<tk-rating .rest=${rest} lesson="…"></tk-rating>`
 */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LangController, lang } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { RestProblem, newKey, type Rest } from "../lib/rest.ts";
import { words } from "../lib/words.ts";
import { en } from "../strings/rating.en.ts";
import { zh } from "../strings/rating.zh.ts";
import { baseCss } from "./base-css.ts";

const say = words(zh, en);

export interface Question {
  id: string;
  zh: string;
  en: string;
  kind: "stars" | "yesno" | "text";
}

export type Answer = number | boolean | string;

interface Form {
  questions: Question[];
  given: boolean;
  may: boolean;
}

const STARS = [1, 2, 3, 4, 5];
const MAX_TEXT = 500;
const FRESH_TRIES = 10;
const FRESH_MS = 1_500;

@customElement("tk-rating")
export class RatingForm extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: block;
        padding: var(--s5);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        text-align: left;
      }
      h2 {
        font-size: 20px;
        line-height: 1.3;
      }
      .say {
        color: var(--text-2);
      }
      fieldset,
      label {
        display: block;
        margin: var(--s5) 0 0;
        padding: 0;
        border: 0;
      }
      legend,
      .ask {
        display: block;
        padding: 0;
        margin-bottom: var(--s2);
        font-weight: 600;
      }
      .row {
        display: flex;
        align-items: center;
        gap: var(--s2);
        color: var(--text-2);
        font-size: 14px;
      }
      .row button {
        min-width: 48px;
        min-height: 48px;
        font-size: 16px;
      }
      .star {
        padding: 0;
        border-color: transparent;
        background: transparent;
        color: var(--text-2);
      }
      .star .icon {
        width: 32px;
        height: 32px;
        stroke-width: 1.5;
      }
      .star.on {
        color: var(--warn);
      }
      .star.on .icon {
        fill: currentColor;
      }
      .choice[aria-checked="true"] {
        border-color: transparent;
        background: var(--accent);
        color: var(--on-accent);
      }
      textarea {
        width: 100%;
        min-height: 80px;
        padding: var(--s2) var(--s3);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--bg);
        color: inherit;
        font: inherit;
        resize: vertical;
      }
      .end {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s3);
        margin-top: var(--s5);
      }
      .end button {
        min-height: 48px;
        min-width: 160px;
      }
      @media (max-width: 480px) {
        .row {
          gap: var(--s1);
        }
        .row .star {
          flex: 1 1 0;
          min-width: 0;
        }
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property() lesson = "";
  /** The lesson has just ended: the server may need a moment to say that it may be rated. */
  @property({ type: Boolean }) fresh = false;
  @state() private form: Form | null = null;
  @state() private answers: Readonly<Record<string, Answer>> = {};
  @state() private stage: "loading" | "open" | "sending" | "sent" = "loading";
  @state() private problem: string | null = null;
  /** One for what she does once, however often it has to be sent. */
  #key = newKey();
  #again = 0;
  #tries = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#again);
  }

  constructor() {
    super();
    new LangController(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("lesson") || !this.lesson) return;
    this.#tries = this.fresh ? FRESH_TRIES : 0;
    void this.#load();
  }

  protected override render(): TemplateResult {
    return html`<h2>${say("rating.title")}</h2>${this.#body()}`;
  }

  #body(): TemplateResult {
    const { form } = this;
    if (this.stage === "sent") return this.#line("ok", say("rating.thanks"));
    if (!form) {
      return this.problem === null
        ? this.#line("", say("rating.loading"))
        : html`${this.#line("bad", this.problem)}<div class="end"><button @click=${() => void this.#load()}>${icon("link")}${say("rating.send")}</button></div>`;
    }
    if (form.given) return this.#line("ok", say("rating.given"));
    if (!form.may) return this.#line("", say(this.#tries > 0 ? "rating.loading" : "rating.closed"));
    return html`
      <p class="say">${say("rating.say")}</p>
      <form data-testid="rating" @submit=${this.#submit}>
        ${form.questions.map((question) => this.#question(question))}
        <div class="end">
          <button class="primary" type="submit" data-testid="rating-send" ?disabled=${this.stage === "sending"}>
            ${say(this.stage === "sending" ? "rating.sending" : "rating.send")}
          </button>
          ${this.problem === null ? nothing : html`<span class="bad" role="alert">${this.problem}</span>`}
        </div>
      </form>
    `;
  }

  #line(tone: "ok" | "bad" | "", text: string): TemplateResult {
    return html`<p class="say ${tone}" role="status" data-testid="rating-said">${text}</p>`;
  }

  #question({ id, kind, ...texts }: Question): TemplateResult {
    const text = texts[lang()] || texts.zh;
    const answer = this.answers[id];
    if (kind === "text") {
      return html`
        <label>
          <span class="ask">${text}</span>
          <textarea maxlength=${MAX_TEXT} placeholder=${say("rating.text")} data-testid="rating-${id}"
            @input=${(event: Event) => this.#answer(id, (event.target as HTMLTextAreaElement).value)}></textarea>
        </label>
      `;
    }
    const choice = (value: Answer, look: string, content: unknown, label: string): TemplateResult => html`
      <button type="button" role="radio" class=${look} aria-checked=${String(answer === value)} aria-label=${label || nothing}
        data-testid="rating-${id}-${value}" @click=${() => this.#answer(id, value)}>${content}</button>
    `;
    return html`
      <fieldset>
        <legend>${text}</legend>
        <div class="row" role="radiogroup" aria-label=${text}>
          ${kind === "stars"
            ? html`${say("rating.stars.low")}
                ${STARS.map((n) => choice(n, `star ${typeof answer === "number" && n <= answer ? "on" : ""}`, icon("star"), say("rating.star", { n })))}
                ${say("rating.stars.high")}`
            : html`${choice(true, "choice", say("rating.yes"), "")} ${choice(false, "choice", say("rating.no"), "")}`}
        </div>
      </fieldset>
    `;
  }

  #answer(id: string, value: Answer): void {
    this.answers = { ...this.answers, [id]: value };
    this.problem = null;
  }

  async #load(): Promise<void> {
    clearTimeout(this.#again);
    this.stage = "loading";
    this.form = null;
    this.problem = null;
    this.answers = {};
    this.#key = newKey();
    const { lesson } = this;
    try {
      const form = await this.rest.get<Form>(`/lessons/${lesson}/rating`);
      if (lesson !== this.lesson) return;
      this.form = form;
      this.stage = "open";
      if (form.may || form.given || this.#tries <= 0) return;
      this.#tries -= 1;
      this.#again = window.setTimeout(() => void this.#load(), FRESH_MS);
    } catch (error) {
      if (lesson === this.lesson) this.problem = say("rating.failed", { detail: detailOf(error) });
    }
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const answers = given(this.answers);
    if (!Object.keys(answers).length) {
      this.problem = say("rating.some");
      return;
    }
    this.stage = "sending";
    try {
      await this.rest.create(`/lessons/${this.lesson}/rating`, { answers }, this.#key);
      this.stage = "sent";
      this.dispatchEvent(new CustomEvent("rated", { bubbles: true, composed: true }));
    } catch (error) {
      if (error instanceof RestProblem && error.code === "rating_given") this.stage = "sent";
      else {
        this.stage = "open";
        this.problem = say("rating.failed", { detail: detailOf(error) });
      }
    }
  };
}

/** What was answered: an empty remark is none. */
export function given(answers: Readonly<Record<string, Answer>>): Record<string, Answer> {
  const kept = Object.entries(answers).map(([id, it]) => [id, typeof it === "string" ? it.trim() : it] as const);
  return Object.fromEntries(kept.filter(([, it]) => it !== ""));
}

function detailOf(error: unknown): string {
  return error instanceof RestProblem ? error.detail : "";
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-rating": RatingForm;
  }
}
