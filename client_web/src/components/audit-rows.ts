/** Rows of the audit log behind a figure: number, when, who, what. */

import { css, html, type TemplateResult } from "lit";
import { dateTime } from "../lib/when.ts";
import { actionText, actorText, detailLines, type AuditRow } from "./audit.ts";

export const auditCss = css`
  .log {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .log > li {
    display: grid;
    grid-template-columns: 64px minmax(0, 1fr);
    grid-gap: 0 var(--s3);
    padding: var(--s2) 0;
    border-top: 1px solid var(--line);
  }
  .log > li:first-child {
    border-top: 0;
  }
  .log .number {
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
  }
  .log small {
    display: block;
    color: var(--text-2);
    font-size: 14px;
    overflow-wrap: anywhere;
  }
  .log summary {
    cursor: pointer;
    color: var(--accent);
    font-size: 14px;
  }
`;

/** @param more what opens a row's facts. */
export function auditRows(rows: readonly AuditRow[], more: string): TemplateResult {
  return html`<ol class="log" data-testid="audit-rows">
    ${rows.map((row) => {
      const lines = detailLines(row.detail);
      return html`<li data-testid="audit-row" data-action=${row.action}>
        <span class="number">#${row.number}</span>
        <div>
          <strong>${actionText(row.action)}</strong>
          <small>${dateTime(row.at)} · ${actorText(row)}</small>
          ${lines.length ? html`<details><summary>${more}</summary>${lines.map((line) => html`<small>${line}</small>`)}</details>` : ""}
        </div>
      </li>`;
    })}
  </ol>`;
}
