/** How imports look: the bar, the report. */

import { css } from "lit";
import { dropCss } from "./drop-css.ts";

export const importsCss = css`
  ${dropCss}
  :host {
    display: block;
  }
  .few {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s5);
    margin-top: var(--s3);
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
  }
  .few strong {
    color: var(--text);
  }
  .progress {
    margin: var(--s5) 0;
  }
  progress {
    width: 100%;
    height: 12px;
    margin-top: var(--s2);
    accent-color: var(--accent);
  }
  .said,
  .refused {
    margin-top: var(--s5);
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
  .said + .wide,
  .refused + .wide {
    margin-top: var(--s4);
  }
  h3 {
    margin: var(--s5) 0 var(--s3);
    font-size: 16px;
  }
  .note {
    margin-top: var(--s3);
    color: var(--text-2);
  }
  .wide {
    overflow-x: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: var(--s2) var(--s4);
    text-align: right;
  }
  th:first-child {
    text-align: left;
  }
  thead th {
    background: var(--surface-2);
    color: var(--text-2);
    font-size: 13px;
    white-space: nowrap;
  }
  td.bad {
    font-weight: 700;
  }
  .refusals {
    max-height: 60vh;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  .refusals li {
    display: grid;
    grid-template-columns: 200px minmax(0, 1fr);
    grid-gap: var(--s1) var(--s4);
    padding: var(--s2) var(--s4);
  }
  .refusals li + li {
    border-top: 1px solid var(--line);
  }
  .place {
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
  }
  .beside {
    margin-left: var(--s3);
    font-size: 14px;
    font-weight: 400;
  }
  @media (max-width: 720px) {
    .refusals li {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
