/** What the panes beside the player share: rows with a time that jump there. */

import { css } from "lit";

export const paneCss = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  .tools {
    display: flex;
    flex: none;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
    padding: var(--s3);
    border-bottom: 1px solid var(--line);
  }
  .tools input {
    flex: 1 1 120px;
    width: auto;
    min-width: 0;
  }
  .tools button {
    min-width: 44px;
    min-height: 44px;
    padding: 0 var(--s2);
  }
  .rows {
    flex: 1;
    min-height: 0;
    padding: var(--s2);
    overflow-y: auto;
    overscroll-behavior: contain;
  }
  .rows li {
    position: relative;
    display: flex;
    align-items: flex-start;
    border-radius: var(--radius-s);
  }
  .rows li:hover {
    background: var(--surface-2);
  }
  .rows li[aria-current] {
    background: var(--accent-soft);
  }
  .jump {
    display: grid;
    grid-template-columns: 52px minmax(0, 1fr);
    flex: 1;
    align-items: baseline;
    justify-content: start;
    gap: var(--s2);
    min-width: 0;
    min-height: 44px;
    padding: var(--s2);
    border-color: transparent;
    background: transparent;
    font-weight: 400;
    line-height: 1.5;
    text-align: left;
    overflow-wrap: anywhere;
  }
  .jump:hover {
    background: transparent;
  }
  .jump time {
    color: var(--accent);
    font-size: 14px;
    font-variant-numeric: tabular-nums;
  }
  .small {
    flex: none;
    width: 44px;
    min-height: 44px;
    padding: 0;
    border-color: transparent;
    background: transparent;
    color: var(--text-2);
  }
  .who {
    display: block;
    color: var(--text-2);
    font-size: 14px;
  }
  .say {
    padding: var(--s6) var(--s4);
    color: var(--text-2);
    text-align: center;
  }
  .count {
    color: var(--text-2);
    font-size: 14px;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  form {
    flex: 1;
    padding: var(--s2);
  }
  .acts {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: var(--s2);
    margin-top: var(--s2);
  }
  .problem {
    margin-top: var(--s2);
    color: var(--bad);
    font-size: 14px;
  }
`;
