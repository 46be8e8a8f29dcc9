/** Player on the left, what stands beside it on the right; on a phone below each other. */

import { css } from "lit";

export const buttonCss = css`
  .acts {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
  .acts button,
  a.button {
    min-height: 44px;
    color: var(--text);
    text-decoration: none;
  }
  a.button:hover {
    background: var(--surface-2);
  }
`;

export const watchCss = css`
  ${buttonCss}
  :host {
    display: block;
  }
  .watch {
    display: grid;
    grid-template-rows: max-content 1fr;
    grid-template-columns: minmax(0, 1fr) 380px;
    grid-gap: var(--s4);
    align-items: start;
  }
  .left,
  .below {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-gap: var(--s3);
  }
  aside {
    grid-row: 1 / span 2;
    grid-column: 2;
    position: sticky;
    top: 72px;
    display: flex;
    flex-direction: column;
    height: calc(100vh - 92px);
    max-height: 820px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    overflow: hidden;
  }
  .tabs {
    display: flex;
    border-bottom: 1px solid var(--line);
  }
  .tabs button {
    flex: 1;
    min-width: 0;
    min-height: 48px;
    padding: 0 var(--s1);
    border: 0;
    border-bottom: 3px solid transparent;
    border-radius: 0;
    background: transparent;
    color: var(--text-2);
    white-space: nowrap;
  }
  .tabs button[aria-selected="true"] {
    border-bottom-color: var(--accent);
    color: var(--accent);
    font-weight: 600;
  }
  .pane {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-height: 0;
  }
  .pane > * {
    flex: 1;
  }
  .note {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2) var(--s3);
    padding: var(--s2) var(--s4);
    border-radius: var(--radius-s);
    background: var(--accent-soft);
  }
  .note span {
    flex: 1 1 160px;
  }
  .hint {
    color: var(--text-2);
    font-size: 14px;
  }
  .said {
    color: var(--ok);
    font-weight: 600;
  }
  .said:empty {
    display: none;
  }
  .link {
    width: 100%;
    min-height: 44px;
    padding: var(--s2) var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: var(--surface);
    color: var(--text);
    font: inherit;
  }
  @media (min-width: 1700px) {
    .watch {
      grid-template-columns: minmax(0, 1fr) 460px;
    }
  }
  @media (max-width: 1080px) {
    .watch {
      grid-template-columns: minmax(0, 1fr);
    }
    aside {
      grid-row: auto;
      grid-column: auto;
      position: static;
      height: 60vh;
      min-height: 320px;
    }
  }
  @media (max-width: 720px) {
    tk-player,
    aside {
      margin-right: calc(-1 * var(--s4));
      margin-left: calc(-1 * var(--s4));
    }
    aside {
      border-width: 1px 0;
      border-radius: 0;
    }
  }
`;
