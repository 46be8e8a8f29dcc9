/** What every tab of `/admin` can: ask with a form, say what was done or refused, load its tables again. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import type { DataTable } from "../components/data-table.ts";
import { fieldCss } from "../components/field.ts";
import "../components/form-dialog.ts";
import type { Form } from "../components/form-dialog.ts";
import { tagCss } from "../components/tag.ts";
import { troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { problemText } from "../lib/problems.ts";
import type { Me, Rest } from "../lib/rest.ts";
import { may, mayIn } from "../lib/rights.ts";

export const tabCss = css`
  :host {
    display: block;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-end;
    gap: var(--s3);
    margin-bottom: var(--s4);
  }
  .bar .field {
    flex: 1 1 180px;
    max-width: 300px;
    margin: 0;
  }
  .bar .field.tick {
    flex: 0 1 auto;
    align-self: flex-end;
    min-height: 44px;
  }
  .bar .grow {
    margin-left: auto;
  }
  .bar button {
    min-height: 44px;
  }
  h2 {
    margin: var(--s6) 0 var(--s3);
    font-size: 18px;
  }
  h2:first-child {
    margin-top: 0;
  }
  .note {
    margin-bottom: var(--s3);
    color: var(--text-2);
  }
  .said,
  .refused {
    margin-bottom: var(--s3);
    padding: var(--s3) var(--s4);
    border-radius: var(--radius-s);
  }
  .said {
    background: var(--ok-soft);
    color: var(--ok);
  }
  .refused {
    background: var(--bad-soft);
    color: var(--bad);
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
  @media (max-width: 720px) {
    .bar .field {
      max-width: none;
    }
    .bar .grow {
      margin-left: 0;
      width: 100%;
    }
  }
`;

export abstract class Tab extends LitElement {
  static override styles = [baseCss, fieldCss, tagCss, troubleCss, tabCss];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) me!: Me;
  @state() protected form: Form | null = null;
  @state() protected said = "";
  @state() protected problem: unknown = null;
  @state() protected busy = false;

  constructor() {
    super();
    new LangController(this);
  }

  protected may(action: string): boolean {
    return may(this.me, action);
  }

  protected mayIn(action: string, ...kinds: readonly string[]): boolean {
    return mayIn(this.me, action, ...kinds);
  }

  /** What was said last, and the form that is open. */
  protected asking(): TemplateResult {
    return html`
      ${this.form
        ? html`<tk-form .form=${this.form} @dismiss=${() => (this.form = null)} @done=${() => {
            this.form = null;
            this.changed();
          }}></tk-form>`
        : nothing}
    `;
  }

  protected status(): TemplateResult {
    return html`<div aria-live="polite">
      ${this.said ? html`<p class="said" data-testid="said">${this.said}</p>` : nothing}
      ${this.problem ? html`<p class="refused" role="alert" data-testid="refused">${problemText(this.problem)}</p>` : nothing}
    </div>`;
  }

  /** Something on the server is another one now. */
  protected changed(): void {
    this.renderRoot.querySelectorAll<DataTable>("tk-table").forEach((table) => table.reload());
  }

  /** For buttons without a form. @param done what to say then. */
  protected async do(work: () => Promise<unknown>, done = ""): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.said = "";
    this.problem = null;
    try {
      await work();
      this.said = done;
      this.changed();
    } catch (problem) {
      this.problem = problem;
    } finally {
      this.busy = false;
    }
  }

  protected ask(form: Form): void {
    this.said = "";
    this.problem = null;
    this.form = form;
  }
}

/** Calls `then` when nothing was typed for a moment. */
export function afterTyping(then: (text: string) => void): (event: Event) => void {
  let timer = 0;
  return (event) => {
    const text = (event.target as HTMLInputElement).value.trim();
    clearTimeout(timer);
    timer = window.setTimeout(() => then(text), 250);
  };
}
