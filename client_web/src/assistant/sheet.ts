/** A question that comes up from the bottom edge, where the thumb is. */

import { LitElement, css, html, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { AssistantSession } from "./session.ts";
import { w, whyNot } from "./words.ts";

export abstract class Sheet extends LitElement {
  static override styles = [
    baseCss,
    css`
      dialog {
        width: 100%;
        max-width: 520px;
        max-height: 92vh;
        margin: auto auto 0;
        padding: var(--s4) var(--s4) max(var(--s4), env(safe-area-inset-bottom));
        overflow: auto;
        border: 0;
        border-radius: 20px 20px 0 0;
        background: var(--surface);
        color: var(--text);
        box-shadow: var(--shadow-up);
      }
      dialog::backdrop {
        background: rgba(5, 7, 11, 0.55);
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--s3);
      }
      h2 {
        font-size: 20px;
      }
      header button {
        min-width: 48px;
        min-height: 48px;
        padding: 0;
        border: 0;
        background: transparent;
      }
      .hint {
        color: var(--text-2);
      }
      .send {
        width: 100%;
        min-height: 60px;
        margin-top: var(--s4);
        border-radius: var(--radius);
        font-size: 20px;
      }
      .failed {
        margin-top: var(--s3);
        padding: var(--s3);
        border-radius: var(--radius-s);
        background: var(--bad-soft);
        color: var(--bad);
      }
    `,
  ];

  @property({ attribute: false }) session!: AssistantSession;
  @state() protected sending = false;
  @state() protected failed = "";
  @query("dialog") private dialog!: HTMLDialogElement;

  constructor() {
    super();
    new LangController(this);
  }

  show(): void {
    this.failed = "";
    this.opening();
    this.dialog.showModal();
  }

  /** Fresh fields. */
  protected abstract opening(): void;
  protected abstract body(): TemplateResult;
  protected abstract get heading(): string;

  protected override render(): TemplateResult {
    return html`
      <dialog aria-labelledby="heading" @click=${(event: Event) => event.target === this.dialog && this.dialog.close()}>
        <header>
          <h2 id="heading">${this.heading}</h2>
          <button data-testid="sheet-close" aria-label=${w("assistant.close")} @click=${() => this.dialog.close()}>${icon("cross")}</button>
        </header>
        ${this.body()}
        ${this.failed ? html`<p class="failed" role="alert" data-testid="failed">${this.failed}</p>` : ""}
      </dialog>
    `;
  }

  /** Sends, and closes when it arrived. @param done what the page says then. */
  protected async deliver(work: () => Promise<void>, done: () => string): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    this.failed = "";
    try {
      await work();
      this.dialog.close();
      this.dispatchEvent(new CustomEvent("told", { bubbles: true, composed: true, detail: done() }));
    } catch (error) {
      this.failed = whyNot(error);
    } finally {
      this.sending = false;
    }
  }
}
