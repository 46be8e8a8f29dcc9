/** What the timetable's dialogs share beside `fieldCss`. */

import { css } from "lit";

export const formCss = css`
  .two {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    grid-gap: 0 var(--s4);
    align-items: start;
  }
  .three {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    grid-gap: 0 var(--s4);
    align-items: start;
  }
  fieldset {
    min-width: 0;
    margin: var(--s5) 0 0;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
    font-size: 16px;
    font-weight: 600;
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-top: var(--s2);
  }
  .chips button {
    min-height: 40px;
    padding: var(--s1) var(--s3);
  }
  .chips button[aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--accent-soft);
    color: var(--accent);
  }
  .say {
    margin-top: var(--s3);
    color: var(--text-2);
  }
  .failure {
    margin-top: var(--s3);
    padding: var(--s3) var(--s4);
    border-radius: var(--radius-s);
    background: var(--bad-soft);
    color: var(--bad);
    overflow-wrap: anywhere;
  }
  tk-findings:not(.wide) {
    margin-top: var(--s4);
  }
  details {
    margin-top: var(--s5);
  }
  summary {
    padding: var(--s2) 0;
    font-weight: 600;
    cursor: pointer;
  }
  textarea {
    min-height: 72px;
    resize: vertical;
  }
  @media (max-width: 600px) {
    .two,
    .three {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
