/** A state as a word with a mark and a colour. */

import { css, html, type TemplateResult } from "lit";
import { icon, type IconName } from "../lib/icons.ts";

export type Tone = "ok" | "warn" | "bad" | "plain";

export const tagCss = css`
  .tag {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    padding: 2px 10px;
    border-radius: 999px;
    background: var(--surface-2);
    color: var(--text);
    font-size: 13px;
    font-weight: 500;
    line-height: 1.6;
    white-space: nowrap;
  }
  .tag + .tag {
    margin-left: 4px;
  }
  .tag.ok {
    background: var(--ok-soft);
    color: var(--ok);
  }
  .tag.warn {
    background: var(--warn-soft);
    color: var(--warn);
  }
  .tag.bad {
    background: var(--bad-soft);
    color: var(--bad);
  }
`;

const MARKS: Record<Tone, IconName | null> = { ok: "check", warn: "warn", bad: "bad", plain: null };

export function tag(tone: Tone, text: string): TemplateResult {
  const mark = MARKS[tone];
  return html`<span class="tag ${tone}">${mark ? icon(mark) : ""}${text}</span>`;
}
