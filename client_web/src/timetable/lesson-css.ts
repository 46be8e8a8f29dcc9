/** The dialog of one lesson. */

import { css } from "lit";

export const lessonCss = css`
  tk-dialog {
    --dialog-width: 600px;
  }
  .when {
    margin-top: var(--s2);
    font-weight: 600;
  }
  .tags {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-top: var(--s2);
  }
  .tag {
    padding: 2px var(--s3);
    border-radius: 12px;
    background: var(--surface-2);
    font-size: 14px;
    line-height: 20px;
  }
  .tag.live,
  .tag.open,
  .tag.cancelled {
    background: var(--bad-soft);
    color: var(--bad);
  }
  .tag.scheduled {
    background: var(--accent-soft);
    color: var(--accent);
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    grid-gap: var(--s1) var(--s4);
    margin-top: var(--s4);
  }
  dt {
    color: var(--text-2);
  }
  dd {
    overflow-wrap: anywhere;
    white-space: pre-line;
  }
  h3 {
    margin-top: var(--s4);
    font-size: 16px;
  }
  .seats {
    max-height: 180px;
    margin-top: var(--s1);
    overflow-y: auto;
  }
  .seats small {
    margin-left: var(--s2);
    color: var(--text-2);
    font-size: 14px;
  }
  .record {
    margin-top: var(--s4);
  }
  .record a {
    display: inline-flex;
    gap: var(--s2);
    align-items: center;
    min-height: 40px;
  }
  .actions {
    margin-top: var(--s5);
  }
  section {
    margin-top: var(--s5);
    padding-top: var(--s1);
    border-top: 1px solid var(--line);
  }
`;
