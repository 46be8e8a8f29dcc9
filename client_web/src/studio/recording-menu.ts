/** The teacher's hand on the recording: the mark is a button, behind it pause, stop, and the classrooms that are left out. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { baseCss } from "../components/base-css.ts";
import "../components/recording.ts";
import { w } from "../components/recording.ts";
import type { Problem } from "../lib/http.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { problemText } from "../lib/problems.ts";
import type { Participant, RecordAction, Recording } from "../lib/protocol.ts";
import { dialogCss } from "./dialog-css.ts";
import type { Order, Orders } from "./orders.ts";

/** What can be ordered, by what is recorded. The first one is what is most likely wanted. */
const ACTIONS: Readonly<Record<Recording["state"], readonly Exclude<RecordAction, "exclude" | "include">[]>> = {
  recording: ["pause", "stop"],
  troubled: ["pause", "stop"],
  paused: ["resume", "stop"],
  off: ["start"],
};

/** @param problem of an order that did not come to be. */
export function notObeyed(problem: Problem): string {
  return w("recording.notObeyed", { why: problemText(problem) });
}

/** Sends `order`, an `Order`. */
@customElement("tk-recording-menu")
export class RecordingMenu extends LitElement {
  static override styles = [
    baseCss,
    dialogCss,
    css`
      .mark {
        min-height: 36px;
        padding: var(--s1) var(--s3);
      }
      dialog .actions {
        justify-content: flex-start;
      }
      ul {
        max-height: 40vh;
        overflow: auto;
        margin: var(--s3) 0 0;
        padding: 0;
        list-style: none;
      }
      label {
        display: flex;
        align-items: center;
        gap: var(--s3);
        min-height: 40px;
      }
      input {
        width: 20px;
        height: 20px;
      }
      small {
        color: var(--text-2);
      }
      .refused {
        display: flex;
        gap: var(--s2);
        padding: var(--s3);
        border-radius: var(--radius-s);
        background: var(--bad-soft);
        color: var(--bad);
      }
      .close {
        margin-left: auto;
      }
    `,
  ];

  @property({ attribute: false }) recording!: Recording;
  @property({ attribute: false }) classrooms: readonly Participant[] = [];
  /** The same one always: what changes in it is rendered with `classrooms`, a new list whenever the page is. */
  @property({ attribute: false }) orders!: Orders;
  @query("dialog") private dialog!: HTMLDialogElement;

  constructor() {
    super();
    new LangController(this);
  }

  /** Keys are the dialog's while it is open. */
  get open(): boolean {
    return this.dialog.open;
  }

  protected override render(): TemplateResult {
    const { state } = this.recording;
    const { problem } = this.orders;
    return html`
      <button class="mark" data-testid="recording-menu" aria-haspopup="dialog" title=${w("recording.title")}
        @click=${() => this.dialog.showModal()}>
        <tk-recording always .recording=${this.recording}></tk-recording>
      </button>
      <dialog aria-labelledby="recording-title" data-testid="recording-dialog">
        <h2 id="recording-title">${w("recording.title")}</h2>
        <p>${w("recording.say")}</p>
        ${problem ? html`<p class="refused" role="alert" data-testid="recording-refused">${icon("bad")}<span>${notObeyed(problem)}</span></p>` : nothing}
        <div class="actions">
          ${ACTIONS[state].map(
            (action, at) =>
              html`<button class=${at === 0 ? "primary" : ""} data-testid="recording-${action}" @click=${() => this.#order(action)}>
                ${w(`recording.${action}`)}
              </button>`,
          )}
        </div>
        ${this.classrooms.length === 0
          ? nothing
          : html`<p>${w("recording.classrooms")}</p>
              <ul>
                ${this.classrooms.map((who) => this.#classroom(who))}
              </ul>`}
        <div class="actions">
          <button class="close" data-testid="recording-close" @click=${() => this.dialog.close()}>${w("recording.close")}</button>
        </div>
      </dialog>
    `;
  }

  #classroom({ id, name }: Participant): TemplateResult {
    const wanted = this.orders.wanted(id);
    const recorded = wanted ? wanted === "include" : !this.recording.excluded.includes(id);
    return html`<li>
      <label>
        <input type="checkbox" data-testid="recorded-${id}" .checked=${live(recorded)}
          @change=${(event: Event) => this.#order((event.target as HTMLInputElement).checked ? "include" : "exclude", id)} />
        ${name} ${wanted ? html`<small>${w("recording.asking")}</small>` : nothing}
      </label>
    </li>`;
  }

  #order(action: RecordAction, participant: string | null = null): void {
    this.dispatchEvent(new CustomEvent<Order>("order", { detail: { action, participant } }));
    if (participant === null) this.dialog.close();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-recording-menu": RecordingMenu;
  }
}
