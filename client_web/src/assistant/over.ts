/** After the bell. */

import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/rating-form.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Rest } from "../lib/rest.ts";
import { w } from "./words.ts";

@customElement("tk-assistant-over")
export class AssistantOver extends LitElement {
  static override styles = [
    baseCss,
    css`
      main {
        display: flex;
        flex-direction: column;
        align-items: center;
        gap: var(--s3);
        padding: 10vh var(--s4) var(--s6);
        text-align: center;
      }
      main > .icon {
        width: 64px;
        height: 64px;
        color: var(--ok);
      }
      h1 {
        font-size: 28px;
      }
      p {
        color: var(--text-2);
      }
      tk-rating {
        width: 100%;
      }
      button {
        min-height: 60px;
        padding: 0 var(--s6);
        border-radius: var(--radius);
        font-size: 18px;
      }
    `,
  ];

  /** The lesson that is over: the name of its room. */
  @property({ attribute: false }) lesson = "";
  @state() private signedIn = false;
  readonly #rest = new Rest(undefined, () => (this.signedIn = false));

  constructor() {
    super();
    new LangController(this);
    // Whoever came by a code is nobody in particular: no way to sign in is offered, and nothing is rated.
    this.#rest.me().then(
      () => (this.signedIn = true),
      () => undefined,
    );
  }

  protected override render(): TemplateResult {
    return html`
      <main>
        ${icon("check")}
        <h1>${w("assistant.over.title")}</h1>
        ${this.signedIn
          ? html`<tk-rating .rest=${this.#rest} lesson=${this.lesson}></tk-rating>
              <button data-testid="my-lessons" @click=${() => this.#home()}>${w("assistant.over.lessons")}</button>`
          : html`<p>${w("assistant.over.say")}</p>`}
      </main>
    `;
  }

  #home(): void {
    history.replaceState(null, "", location.pathname);
    location.reload();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-assistant-over": AssistantOver;
  }
}
