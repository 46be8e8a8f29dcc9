/** Where a file is dropped, or chosen. */

import { css } from "lit";

export const dropCss = css`
  .drop {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: var(--s2);
    padding: var(--s5) var(--s4);
    border: 2px dashed var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--text-2);
    text-align: center;
    cursor: pointer;
  }
  .drop > .icon {
    width: 36px;
    height: 36px;
  }
  .drop span {
    max-width: 100%;
    overflow-wrap: anywhere;
  }
  .drop strong {
    color: var(--text);
  }
  .drop.over,
  .drop:hover,
  .drop:focus-within {
    border-color: var(--accent);
    background: var(--accent-soft);
  }
`;
