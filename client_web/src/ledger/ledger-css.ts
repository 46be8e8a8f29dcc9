/** How the lines of the ledger look: a table, on a phone cards; the lessons behind a line open below it. */

import { css } from "lit";

export const ledgerCss = css`
  .box {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    overflow: hidden;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 10px var(--s4);
    text-align: left;
  }
  thead th {
    background: var(--surface-2);
    color: var(--text-2);
    font-size: 13px;
    font-weight: 600;
    white-space: nowrap;
  }
  tbody tr + tr {
    border-top: 1px solid var(--line);
  }
  .right {
    text-align: right;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .bar-of {
    display: block;
    width: 120px;
    height: 6px;
    margin: 4px 0 0 auto;
    border-radius: 3px;
    background: var(--surface-2);
    overflow: hidden;
  }
  .bar-of i {
    display: block;
    height: 100%;
    background: var(--accent);
  }
  .unfold {
    min-height: 36px;
    padding: 4px var(--s3);
    border-color: transparent;
    background: transparent;
    font-weight: 600;
    text-align: left;
  }
  .unfold .icon {
    color: var(--text-2);
  }
  .unfold[aria-expanded="true"] .icon {
    transform: rotate(90deg);
  }
  .behind td {
    padding: 0 var(--s4) var(--s4);
    background: var(--bg);
  }
  .behind h3 {
    margin: var(--s3) 0 var(--s2);
    font-size: 15px;
  }
  .sum {
    margin-bottom: var(--s3);
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  @media (max-width: 720px) {
    .behind td {
      display: block;
      padding: 0;
    }
    .bar-of {
      margin-left: 0;
    }
  }
`;
