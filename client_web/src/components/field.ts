/** Parts of forms: a labelled control with its hint and its error, and how controls look everywhere. */

import { css, html, nothing, type TemplateResult } from "lit";

export const fieldCss = css`
  .field {
    display: block;
    margin-top: var(--s4);
  }
  .field > .name {
    display: block;
    margin-bottom: var(--s1);
    font-size: 14px;
    font-weight: 600;
  }
  .field > .hint,
  .field > .error {
    display: block;
    margin-top: var(--s1);
    color: var(--text-2);
    font-size: 14px;
  }
  .field > .error {
    color: var(--bad);
  }
  .field.tick {
    display: grid;
    grid-template-columns: 24px minmax(0, 1fr);
    grid-gap: 0 var(--s2);
    align-items: center;
  }
  .field.tick + .field.tick {
    margin-top: var(--s2);
  }
  .field.tick > .name {
    order: 1;
    margin: 0;
    font-weight: 500;
  }
  .field.tick > .hint {
    grid-column: 2;
    order: 2;
  }
  input,
  select,
  textarea {
    width: 100%;
    min-height: 44px;
    padding: var(--s2) var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: var(--surface);
    color: var(--text);
    font: inherit;
  }
  input[type="checkbox"],
  input[type="radio"] {
    width: 20px;
    min-height: 20px;
    height: 20px;
    margin: 0;
    padding: 0;
    accent-color: var(--accent);
  }
  input::placeholder {
    color: var(--text-2);
    opacity: 1;
  }
  input:disabled,
  select:disabled {
    background: var(--surface-2);
  }
  [aria-invalid="true"] {
    border-color: var(--bad);
  }
`;

export interface Beside {
  hint?: string;
  /** Of what was typed. */
  error?: string;
}

export function field(name: string, control: TemplateResult, { hint, error }: Beside = {}): TemplateResult {
  return html`<label class="field">
    <span class="name">${name}</span>${control}
    ${error ? html`<span class="error" role="alert">${error}</span>` : hint ? html`<span class="hint">${hint}</span>` : nothing}
  </label>`;
}

/** A label beside its check box. */
export function tick(name: string, control: TemplateResult, hint = ""): TemplateResult {
  return html`<label class="field tick">
    <span class="name">${name}</span>${control}${hint ? html`<span class="hint">${hint}</span>` : nothing}
  </label>`;
}
