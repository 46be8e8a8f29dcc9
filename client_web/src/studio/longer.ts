/** In the head of the studio: how long the lesson still goes, and making it longer. `longer` when the server agreed. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import * as format from "../lib/format.ts";
import { LangController, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { RestProblem, type Rest } from "../lib/rest.ts";
import { dialogCss } from "./dialog-css.ts";
import type { Duty } from "./duty.ts";
import { say, type DutyKey } from "./say.ts";

const CHOICES = [5, 10, 15];
/** From here on the time left is shown in colour, minutes. */
const SOON = 5;

@customElement("tk-longer")
export class Longer extends LitElement {
  static override styles = [
    baseCss,
    dialogCss,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: var(--s2);
        color: var(--text-2);
        white-space: nowrap;
        font-variant-numeric: tabular-nums;
      }
      .choices {
        display: flex;
        gap: var(--s2);
        margin-top: var(--s4);
      }
      .choices button {
        flex: 1;
        min-height: 48px;
      }
      dialog {
        color: var(--text);
        white-space: normal;
      }
      .said {
        min-height: 1.5em;
        margin-top: var(--s3);
      }
      .open {
        min-height: 36px;
        padding: var(--s1) var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) duty!: Duty;
  /** Changes every second. */
  @property({ type: Number }) now = 0;
  @state() private busy = false;
  @state() private said: { tone: "ok" | "bad"; text: string } | null = null;
  @query("dialog") private dialog!: HTMLDialogElement;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const left = Math.ceil((this.duty.ends - this.now) / 60);
    const tone = left <= 0 ? "bad" : left <= SOON ? "warn" : "";
    return html`
      <span class=${tone} data-testid="left">${left > 0 ? say("late.left", { m: left }) : say("late.over", { m: -left })}</span>
      <button class="open" data-testid="extend" @click=${() => this.#open()}>${icon("clock")}${say("late.extend")}</button>
      <dialog aria-labelledby="longer" data-testid="extend-dialog">
        <h2 id="longer">${say("late.title")}</h2>
        <p>${say("late.say", { time: format.clock(this.duty.ends * 1_000) })}</p>
        <div class="choices">
          ${CHOICES.map(
            (n) =>
              html`<button data-testid="extend-${n}" ?disabled=${this.busy} @click=${() => void this.#extend(n)}>${say("late.minutes", { n })}</button>`,
          )}
        </div>
        <p class="said ${this.said?.tone ?? ""}" role="status" data-testid="extend-said">${this.said?.text ?? nothing}</p>
        <div class="actions"><button data-testid="extend-close" @click=${() => this.dialog.close()}>${t("action.close")}</button></div>
      </dialog>
    `;
  }

  #open(): void {
    this.said = null;
    this.dialog.showModal();
  }

  async #extend(minutes: number): Promise<void> {
    this.busy = true;
    try {
      const { ends } = await this.rest.post<{ ends: number }>(`/lessons/${this.duty.lesson}/extend`, { minutes });
      this.said = { tone: "ok", text: say("late.done", { time: format.clock(ends * 1_000) }) };
      this.dispatchEvent(new CustomEvent("longer", { detail: ends }));
    } catch (error) {
      this.said = { tone: "bad", text: refusal(error) };
    }
    this.busy = false;
  }
}

const REFUSALS: Readonly<Record<string, DutyKey>> = { conflict: "late.refused", not_on: "late.notOn", bad_length: "late.length" };

/** The server's own sentence says who or what is in the way. */
function refusal(error: unknown): string {
  const { code, detail } = error instanceof RestProblem ? error : { code: "", detail: "" };
  return say(REFUSALS[code] ?? "late.failed", { detail });
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-longer": Longer;
  }
}
