/** A text with its marked parts. */

import { css, html, type TemplateResult } from "lit";
import { spansOf } from "./marks.ts";
import type { Mark } from "./model.ts";

export const markCss = css`
  mark {
    border-radius: 3px;
    background: var(--warn-soft);
    color: inherit;
    font-weight: 700;
    box-shadow: 0 0 0 1px var(--warn-soft);
  }
`;

export function marked(text: string, marks: readonly Mark[]): (string | TemplateResult)[] {
  return spansOf(text, marks).map((span) => (span.marked ? html`<mark>${span.text}</mark>` : span.text));
}
