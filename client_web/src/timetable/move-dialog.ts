/** A lesson goes elsewhere, alone or with the rest of its series; or a make-up lesson is found for one that was missed. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import { fieldCss } from "../components/field.ts";
import { LangController } from "../lib/i18n.ts";
import { newKey, RestProblem } from "../lib/rest.ts";
import type { BookingBody, Checked, LessonShown, Plan } from "./api.ts";
import { Checker } from "./checker.ts";
import { formCss } from "./dialog-css.ts";
import { bodyOfLesson, elsewhere, minutesOf, toPlan, toWhen, type When } from "./draft.ts";
import "./findings.ts";
import type { Model } from "./model.ts";
import { alongWith, moveSeries } from "./rule.ts";
import { coming, scopeFields, type BookingLesson, type Scope } from "./scope.ts";
import { conflictOf, planName, problemSentence, whenOf } from "./sentences.ts";
import "./when-fields.ts";
import { w } from "./words.ts";

interface Series {
  version: number;
  plan: Plan;
  device: string | null;
  lessons: BookingLesson[];
}

/** Sends `dismiss`, and `moved` when it is done. */
@customElement("tk-move-dialog")
export class MoveDialog extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    formCss,
    css`
      tk-dialog {
        --dialog-width: 640px;
      }
      .from {
        margin-top: var(--s2);
        color: var(--text-2);
      }
    `,
  ];

  @property({ attribute: false }) model!: Model;
  @property({ attribute: false }) lesson!: LessonShown;
  /** Where it was dropped; null: its own time. */
  @property({ attribute: false }) target: Plan | null = null;
  @property({ type: Boolean }) makeUp = false;
  @state() private when: When | null = null;
  @state() private scope: Scope = "one";
  @state() private series: Series | null = null;
  /** Of the whole series, when an alternative was taken; otherwise it follows from `when`. */
  @state() private taken: Plan | null = null;
  @state() private checked: Checked | null = null;
  @state() private checking = false;
  @state() private refused = "";
  @state() private failure = "";
  /** How many lessons were changed one by one, when the server asks what becomes of them. */
  @state() private byHand = 0;
  @state() private sending = false;
  #key = newKey();

  readonly #checker = new Checker<object, Checked>(
    (body, signal) => this.model.rest.post<Checked>("/bookings/check", body, { signal }),
    (checked) => {
      this.checked = this.scope === "one" ? elsewhere(checked, this.lesson) : checked;
      this.refused = "";
      this.checking = false;
    },
    (error) => {
      this.checked = null;
      this.refused = problemSentence(error);
      this.checking = false;
    },
  );

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { lesson } = this;
    const own: Plan = { first: lesson.day, minutes: minutesOf(lesson), period: lesson.period, starts: lesson.period === null ? this.model.zone.at(lesson.starts).minute : null };
    this.when = toWhen(this.target ?? own);
    if (lesson.series && !this.makeUp) void this.#load();
    if (this.target) this.#ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#checker.stop();
  }

  protected override render() {
    const { lesson, when } = this;
    if (!when) return nothing;
    const heading = w(this.makeUp ? "tt.makeUp.title" : "tt.move.title", { title: lesson.title });
    return html`<tk-dialog heading=${heading} testid="move-dialog" @dismiss=${this.#dismiss}>
      <p class="from">${w(this.makeUp ? "tt.makeUp.missed" : "tt.move.from", { when: whenOf(lesson.starts, lesson.ends, this.model.zone) })}</p>
      <tk-when single .when=${when} .periods=${(day: string) => this.model.periods(day)} @change=${(event: CustomEvent<When>) => this.#to(event.detail)}></tk-when>
      ${this.series ? scopeFields(this.scope, (scope) => this.#choose(scope)) : nothing}
      ${this.scope === "one" ? nothing : this.#seriesSays()}
      ${this.byHand
        ? html`<div class="failure" role="alert">
            <p>${w("tt.byHand", { n: this.byHand })}</p>
            <div class="chips">
              <button type="button" data-testid="by-hand-keep" @click=${() => void this.#send("keep")}>${w("tt.byHand.keep")}</button>
              <button type="button" data-testid="by-hand-move" @click=${() => void this.#send("move")}>${w("tt.byHand.move")}</button>
            </div>
          </div>`
        : nothing}
      ${this.failure ? html`<p class="failure" role="alert" data-testid="failure">${this.failure}</p>` : nothing}
      <tk-findings slot="actions" class="wide" .checked=${this.checked} .zone=${this.model.zone} ?checking=${this.checking} .refused=${this.refused} @choose=${this.#alternative}></tk-findings>
      <button slot="actions" type="button" @click=${this.#dismiss}>${w("tt.cancel")}</button>
      <button slot="actions" type="button" class="primary" data-testid="move" ?disabled=${this.sending || !this.#ready()} @click=${() => void this.#send("ask")}>
        ${w(this.makeUp ? "tt.makeUp.do" : "tt.move.do")}
      </button>
    </tk-dialog>`;
  }

  #seriesSays() {
    const found = this.#seriesPlan();
    return html`<p class="say" data-testid="series-plan">${found ? planName(found.plan) : w("tt.move.rule")}</p>`;
  }

  #ready(): boolean {
    if (!this.when || (this.when.by === "period" && this.when.period === null)) return false;
    return this.scope === "one" || this.#seriesPlan() !== null;
  }

  /** From which day the series changes, and how. */
  #seriesPlan(): { since: string; plan: Plan } | null {
    const { series, when, lesson, model } = this;
    if (!series || !when) return null;
    const { first, minutes, period, starts } = toPlan(when);
    const days = coming(series.lessons, model.seconds, this.scope === "all" ? "" : lesson.day).map(({ day }) => day);
    const moving = { ...alongWith(lesson.day, first, days, this.scope === "all", (day) => model.planned(day)), minutes, today: model.today };
    const found = moveSeries(series.plan, { ...moving, period: period ?? null, starts: starts ?? null });
    if (!found || !this.taken) return found;
    return { since: this.taken.first < found.since ? this.taken.first : found.since, plan: this.taken };
  }

  #to(when: When): void {
    this.when = when;
    this.taken = null;
    this.#key = newKey();
    this.#ask();
  }

  #choose(scope: Scope): void {
    this.scope = scope;
    this.taken = null;
    this.byHand = 0;
    this.#ask();
  }

  #alternative = (event: CustomEvent<Plan>): void => {
    if (this.scope === "one") return this.#to(toWhen(event.detail));
    this.taken = event.detail;
    this.#ask();
  };

  #ask(): void {
    this.failure = "";
    this.byHand = 0;
    const body = this.#body();
    this.checking = body !== null;
    if (body) this.#checker.question(body);
    else this.#checker.stop();
  }

  #body(): (BookingBody & { ignore_lesson?: string; ignore_booking?: string }) | null {
    const { lesson, when, series } = this;
    if (!when || !this.#ready()) return null;
    if (this.scope === "one") {
      return { ...bodyOfLesson(lesson, toPlan(when), series?.device ?? null), ...(this.makeUp ? {} : { ignore_lesson: lesson.lesson }) };
    }
    const found = this.#seriesPlan();
    return found && { ...bodyOfLesson(lesson, found.plan, series?.device ?? null), ignore_booking: lesson.booking };
  }

  async #load(): Promise<void> {
    try {
      this.series = await this.model.rest.get<Series>(`/bookings/${this.lesson.booking}`);
    } catch (error) {
      this.failure = problemSentence(error);
    }
  }

  async #send(byHand: "ask" | "keep" | "move"): Promise<void> {
    const { lesson, when, model } = this;
    if (!when || this.sending) return;
    this.sending = true;
    this.failure = "";
    this.byHand = 0;
    try {
      if (this.makeUp) await model.rest.create(`/lessons/${lesson.lesson}/make-up`, { plan: toPlan(when) }, this.#key);
      else if (this.scope === "one") await model.rest.post(`/lessons/${lesson.lesson}/move`, { plan: toPlan(when), version: lesson.version });
      else await model.rest.post(`/bookings/${lesson.booking}/move`, { ...this.#seriesPlan(), by_hand: byHand, version: this.series?.version });
      this.dispatchEvent(new CustomEvent("moved"));
    } catch (error) {
      this.#no(error);
    } finally {
      this.sending = false;
    }
  }

  #no(error: unknown): void {
    const conflict = conflictOf(error);
    const changed = error instanceof RestProblem && error.code === "moved_by_hand" ? error.extra["lessons"] : null;
    if (conflict) {
      this.#checker.stop();
      this.checking = false;
      this.checked = { lessons: [], skipped: [], ...conflict };
    } else if (Array.isArray(changed)) this.byHand = changed.length;
    else this.failure = problemSentence(error);
  }

  #dismiss = (): void => {
    this.dispatchEvent(new CustomEvent("dismiss"));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-move-dialog": MoveDialog;
  }
}
