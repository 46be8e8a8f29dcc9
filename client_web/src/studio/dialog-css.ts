/** The studio's two dialogs: the question before the end, and the list of keys. */

import { css } from "lit";

export const dialogCss = css`
  dialog {
    width: 440px;
    max-width: calc(100vw - 32px);
    padding: var(--s6);
    border: 0;
    border-radius: 16px;
    background: var(--surface);
    color: var(--text);
    box-shadow: var(--shadow-up);
  }
  dialog::backdrop {
    background: rgba(8, 11, 18, 0.55);
  }
  dialog h2 {
    font-size: 20px;
  }
  dialog p {
    margin-top: var(--s2);
    color: var(--text-2);
  }
  dialog .actions {
    display: flex;
    justify-content: flex-end;
    gap: var(--s3);
    margin-top: var(--s6);
  }
  dialog dl {
    display: grid;
    grid-template-columns: auto 1fr;
    grid-gap: var(--s2) var(--s4);
    align-items: center;
    margin-top: var(--s4);
  }
  kbd {
    display: inline-block;
    min-width: 28px;
    padding: 2px var(--s2);
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--surface-2);
    font-family: inherit;
    text-align: center;
  }
`;
