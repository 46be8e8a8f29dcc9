/** What is loaded, or what stands in its place: bones for the first second, then words; trouble with a button. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { Loading } from "../lib/loading.ts";
import { problemText } from "../lib/problems.ts";
import { trouble } from "./trouble.ts";

export const loadedCss = css`
  .bones > div {
    height: 20px;
    margin: var(--s3) 0;
    border-radius: 10px;
    background: var(--surface-2);
  }
  .bones > div:last-child {
    width: 60%;
  }
  .stale {
    margin-bottom: var(--s3);
    padding: var(--s2) var(--s3);
    border-radius: var(--radius-s);
    background: var(--warn-soft);
    color: var(--warn);
    font-size: 14px;
  }
`;

export function loaded<T>(loading: Loading<T>, view: (value: T) => unknown): unknown {
  if (loading.value === null) return loading.problem ? trouble(loading.problem, () => void loading.again()) : bones();
  // One template with and without trouble: another one would take down what is shown, and the film in it.
  return html`${loading.problem ? html`<p class="stale" role="status">${problemText(loading.problem)}</p>` : nothing}${view(loading.value)}`;
}

function bones(): TemplateResult {
  return html`<div class="bones" aria-busy="true"><div></div><div></div><div></div></div>`;
}
