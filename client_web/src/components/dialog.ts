/**
 * A question above the page. Put it into the document to ask, take it out to be done; `dismiss` is sent on Escape, on its
 * cross and beside it. What it contains is the page's; buttons go into the slot `actions`.
 */

import { LitElement, css, html } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { LangController, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { baseCss } from "./base-css.ts";

@customElement("tk-dialog")
export class Dialog extends LitElement {
  static override styles = [
    baseCss,
    css`
      dialog {
        width: var(--dialog-width, 520px);
        max-width: calc(100vw - 24px);
        max-height: calc(100vh - 24px);
        padding: 0;
        border: 0;
        border-radius: 16px;
        background: var(--surface);
        color: var(--text);
        box-shadow: var(--shadow-up);
        overflow: auto;
      }
      dialog::backdrop {
        background: rgba(8, 11, 18, 0.55);
      }
      header {
        display: flex;
        align-items: flex-start;
        justify-content: space-between;
        gap: var(--s4);
        padding: var(--s5) var(--s5) 0 var(--s6);
      }
      h2 {
        padding-top: 6px;
        font-size: 20px;
        line-height: 1.35;
        overflow-wrap: anywhere;
      }
      header button {
        flex: none;
        width: 44px;
        min-height: 44px;
        padding: 0;
        border-color: transparent;
        background: transparent;
      }
      header button:hover {
        background: var(--surface-2);
      }
      .body {
        padding: 0 var(--s6);
      }
      footer {
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: var(--s3);
        position: sticky;
        bottom: 0;
        z-index: 1;
        margin-top: var(--s4);
        padding: var(--s4) var(--s6);
        border-top: 1px solid var(--line);
        background: var(--surface);
      }
      footer ::slotted(button) {
        min-height: 44px;
      }
      /* Above the buttons, and in sight while the rest is filled in. */
      ::slotted(.wide) {
        flex: 1 1 100%;
        max-height: 38vh;
        overflow-y: auto;
      }
    `,
  ];

  @property() heading = "";
  @property() testid = "";
  @query("dialog") private dialog!: HTMLDialogElement;

  constructor() {
    super();
    new LangController(this);
  }

  protected override firstUpdated(): void {
    this.dialog.showModal();
    const first = this.querySelector<HTMLElement>("[autofocus]");
    if (first) first.focus();
  }

  protected override render() {
    return html`
      <dialog data-testid=${this.testid} aria-labelledby="heading" @cancel=${this.#cancel} @close=${this.#closed} @mousedown=${this.#beside}>
        <header>
          <h2 id="heading">${this.heading}</h2>
          <button type="button" aria-label=${t("action.close")} data-testid="dialog-close" @click=${() => this.#dismiss()}>
            ${icon("cross")}
          </button>
        </header>
        <div class="body"><slot></slot></div>
        <footer><slot name="actions"></slot></footer>
      </dialog>
    `;
  }

  #cancel = (event: Event): void => {
    // The page takes it out; the browser's own closing would leave it in the document.
    event.preventDefault();
    this.#dismiss();
  };

  /** A second Escape closes it without asking the page. */
  #closed = (): void => {
    if (this.isConnected) this.#dismiss();
    setTimeout(() => this.isConnected && !this.dialog.open && this.dialog.showModal());
  };

  #beside = (event: Event): void => {
    if (event.target === this.dialog) this.#dismiss();
  };

  #dismiss(): void {
    this.dispatchEvent(new CustomEvent("dismiss"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-dialog": Dialog;
  }
}
