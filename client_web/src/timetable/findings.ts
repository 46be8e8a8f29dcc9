/** What stands in the way of a plan, one sentence each, and what would be free instead, offered to click. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { Alternative, Checked } from "./api.ts";
import { conflictSentence, planDays, planTime } from "./sentences.ts";
import { planOf } from "./rule.ts";
import type { Zone } from "./days.ts";
import { w } from "./words.ts";

const SHOWN = 4;

/** `checking`: a question is on its way, and what is shown is of the one before. */
@customElement("tk-findings")
export class Findings extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: block;
        font-size: 15px;
      }
      .box {
        padding: var(--s3) var(--s4);
        border-radius: var(--radius-s);
        background: var(--surface-2);
      }
      .box.bad {
        background: var(--bad-soft);
        color: var(--text);
      }
      .box.ok {
        background: var(--ok-soft);
        color: var(--ok);
      }
      .stale {
        opacity: 0.6;
      }
      li + li {
        margin-top: var(--s1);
      }
      li {
        overflow-wrap: anywhere;
      }
      h3 {
        display: flex;
        align-items: center;
        gap: var(--s2);
        font-size: 15px;
      }
      .bad h3 .icon {
        color: var(--bad);
      }
      .more {
        color: var(--text-2);
      }
      .offers {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        margin-top: var(--s2);
      }
      .offers button {
        min-height: 36px;
        padding: var(--s1) var(--s3);
        border-color: var(--ok);
        color: var(--ok);
        text-align: left;
      }
      .free {
        margin-top: var(--s3);
        font-weight: 600;
      }
      .say {
        margin-top: var(--s1);
        color: var(--text-2);
      }
    `,
  ];

  @property({ attribute: false }) checked: Checked | null = null;
  @property({ attribute: false }) zone!: Zone;
  @property({ type: Boolean }) checking = false;
  /** In a word: while a lesson is dragged its alternatives are marked on the week. */
  @property({ type: Boolean }) brief = false;
  /** Why the question itself was refused. */
  @property() refused = "";

  constructor() {
    super();
    new LangController(this);
  }

  protected override render() {
    return html`<div role="status" data-testid="findings" data-state=${this.#state()} class=${this.checking ? "stale" : ""}>${this.#body()}</div>`;
  }

  #state(): string {
    if (this.checking) return "checking";
    if (this.refused) return "refused";
    if (!this.checked) return "none";
    return this.checked.problems.length ? "conflict" : "free";
  }

  #body() {
    const { checked } = this;
    if (this.refused) return html`<div class="box bad"><h3>${icon("warn")}${this.refused}</h3></div>`;
    if (!checked) return this.checking ? html`<div class="box">${w("tt.check.running")}</div>` : nothing;
    if (checked.problems.length) return this.#conflict(checked);
    const n = checked.lessons.length;
    const [holidays, before] = (["holiday", "before"] as const).map((name) => checked.skipped.filter(({ why }) => why === name).length);
    return html`<div class="box ok">
      <h3>${icon("check")}${n > 1 ? w("tt.check.freeSeries", { n }) : w("tt.check.free")}</h3>
      ${holidays ? html`<p class="say">${w("tt.check.holidays", { n: holidays })}</p>` : nothing}
      ${before ? html`<p class="say">${w("tt.check.before", { n: before })}</p>` : nothing}
    </div>`;
  }

  #conflict({ problems, more, alternatives }: Checked) {
    const shown = this.brief ? 2 : SHOWN;
    const rest = more + Math.max(0, problems.length - shown);
    return html`<div class="box bad">
      <h3>${icon("warn")}${w("tt.check.conflict")}</h3>
      <ul>
        ${problems.slice(0, shown).map((problem) => html`<li data-code=${problem.code}>${conflictSentence(problem, this.zone)}</li>`)}
      </ul>
      ${rest ? html`<p class="more">${w("tt.check.more", { n: rest })}</p>` : nothing}
      ${this.brief
        ? nothing
        : alternatives.length
        ? html`<p class="free">${w("tt.check.instead")}</p>
            <div class="offers">${alternatives.map((one) => this.#offer(one))}</div>`
        : html`<p class="say">${w("tt.check.none")}</p>`}
    </div>`;
  }

  #offer(alternative: Alternative) {
    const plan = planOf(alternative);
    const choose = (): boolean => this.dispatchEvent(new CustomEvent("choose", { detail: plan }));
    const day = plan.rule ? planDays(plan) : w("tt.at", { day: planDays(plan), from: planTime(plan) });
    const label = plan.rule ? w("tt.plan.both", { days: day, time: planTime(plan) }) : day;
    return html`<button type="button" data-testid="alternative" @click=${choose}>${label}</button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-findings": Findings;
  }
}
