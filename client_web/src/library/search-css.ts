/** How the search page looks: facets on the left, on a phone above the results. */

import { css } from "lit";

export const searchCss = css`
  :host {
    display: block;
  }
  tk-search-box {
    max-width: 860px;
    margin: 0 auto var(--s5);
  }
  .own {
    margin-bottom: var(--s5);
  }
  h2 {
    margin-bottom: var(--s3);
    font-size: 18px;
  }
  .strip {
    display: grid;
    grid-auto-columns: minmax(272px, calc(25% - 9px));
    grid-auto-flow: column;
    grid-gap: var(--s3);
    /* Room for the focus around a card. */
    margin: calc(-1 * var(--s1));
    padding: var(--s1);
    overflow-x: auto;
  }
  .columns {
    display: grid;
    grid-template-columns: 220px minmax(0, 1fr);
    grid-gap: var(--s6);
    align-items: start;
  }
  .results:only-child {
    grid-column: 1 / -1;
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-bottom: var(--s2);
  }
  .chips button {
    min-height: 36px;
    max-width: 100%;
    padding: var(--s1) var(--s3);
    border-color: transparent;
    border-radius: 22px;
    background: var(--accent-soft);
    color: var(--accent);
    text-align: left;
    overflow-wrap: anywhere;
  }
  .chips .none {
    background: transparent;
    text-decoration: underline;
  }
  .chips .icon {
    width: 1em;
    height: 1em;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--s2) var(--s4);
    min-height: 44px;
    margin-bottom: var(--s2);
    color: var(--text-2);
  }
  .top select {
    min-height: 44px;
    padding: 0 var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: var(--surface);
    color: var(--text);
  }
  .cards {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-gap: var(--s3);
  }
  .box {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  .stale {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2) var(--s3);
    margin-bottom: var(--s3);
    padding: var(--s2) var(--s4);
    border-radius: var(--radius-s);
    background: var(--warn-soft);
    color: var(--warn);
  }
  .stale span {
    flex: 1 1 200px;
  }
  .mean {
    margin-bottom: var(--s3);
  }
  .mean button {
    border-color: transparent;
    background: var(--accent-soft);
    color: var(--accent);
    font-weight: 600;
  }
  .pages {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: var(--s4);
    margin-top: var(--s5);
    font-variant-numeric: tabular-nums;
  }
  .pages button {
    min-height: 44px;
  }
  .bones.facets b {
    height: 24px;
  }
  .bones > div {
    display: grid;
    grid-template-columns: 224px minmax(0, 1fr);
    grid-gap: var(--s4);
    margin-bottom: var(--s3);
    padding: var(--s4);
    border-radius: var(--radius);
    background: var(--surface);
  }
  .bones i {
    height: 126px;
    border-radius: var(--radius-s);
    background: var(--surface-2);
  }
  .bones b {
    display: block;
    height: 20px;
    margin-bottom: var(--s3);
    border-radius: 10px;
    background: var(--surface-2);
  }
  @media (max-width: 1080px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
      grid-gap: var(--s3);
    }
    .chips button {
      min-height: 44px;
    }
    .bones.facets {
      display: none;
    }
  }
  @media (max-width: 720px) {
    tk-search-box {
      margin-bottom: var(--s4);
    }
    .bones > div {
      grid-template-columns: 112px minmax(0, 1fr);
    }
    .bones i {
      height: 63px;
    }
  }
`;
