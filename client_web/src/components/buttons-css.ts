/** Links that look like buttons. */

import { css } from "lit";

export const buttonsCss = css`
  .button {
    display: inline-flex;
    align-items: center;
    gap: var(--s2);
    min-height: 44px;
    padding: var(--s2) var(--s4);
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: var(--surface);
    color: var(--text);
    font-weight: 500;
    text-decoration: none;
  }
  .button:hover {
    background: var(--surface-2);
  }
`;
