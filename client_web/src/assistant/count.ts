/** How many pupils are here? */

import { css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { MAX_PUPILS } from "./session.ts";
import { Sheet } from "./sheet.ts";
import { w } from "./words.ts";

@customElement("tk-count")
export class Count extends Sheet {
  static override styles = [
    ...Sheet.styles,
    css`
      .count {
        display: grid;
        grid-template-columns: 1fr 1fr minmax(96px, 1.6fr) 1fr 1fr;
        grid-gap: var(--s2);
        margin-top: var(--s4);
      }
      .count button {
        min-height: 64px;
        padding: 0;
        border-radius: var(--radius);
        font-size: 20px;
        font-variant-numeric: tabular-nums;
      }
      input {
        width: 100%;
        min-width: 0;
        border: 2px solid var(--line);
        border-radius: var(--radius);
        background: var(--bg);
        color: inherit;
        font: inherit;
        font-size: 36px;
        font-weight: 600;
        text-align: center;
        -moz-appearance: textfield;
      }
      input::-webkit-inner-spin-button {
        display: none;
      }
    `,
  ];

  /** What was reported before. */
  @property({ attribute: false }) known: number | null = null;
  @state() private pupils = 0;

  protected get heading(): string {
    return w("assistant.count");
  }

  protected opening(): void {
    this.pupils = this.known ?? 40;
  }

  protected body(): TemplateResult {
    const step = (by: number, label: string): TemplateResult => html`
      <button data-testid="count${by}" aria-label=${label} @click=${() => this.#set(this.pupils + by)}>${by > 0 ? "+" : "−"}${Math.abs(by)}</button>
    `;
    return html`
      <p class="hint">${w("assistant.count.say")}</p>
      <div class="count">
        ${step(-10, w("assistant.count.tenLess"))} ${step(-1, w("assistant.count.less"))}
        <input type="number" inputmode="numeric" min="0" max=${MAX_PUPILS} data-testid="pupils" aria-label=${w("assistant.count.say")}
          .value=${String(this.pupils)} @change=${(event: Event) => this.#set(Number((event.target as HTMLInputElement).value))} />
        ${step(1, w("assistant.count.more"))} ${step(10, w("assistant.count.ten"))}
      </div>
      <button class="primary send" data-testid="count-send" ?disabled=${this.sending} @click=${this.#send}>${w("assistant.count.send")}</button>
    `;
  }

  #set(pupils: number): void {
    this.pupils = Number.isFinite(pupils) ? Math.round(Math.min(MAX_PUPILS, Math.max(0, pupils))) : this.pupils;
    this.requestUpdate();
  }

  #send(): void {
    const { pupils } = this;
    void this.deliver(
      () => this.session.count(pupils),
      () => w("assistant.count.sent", { n: pupils }),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-count": Count;
  }
}
