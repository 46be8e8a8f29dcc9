/** How the search page looks: filters on the left, on a phone folded above the results. */

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
    grid-template-columns: repeat(auto-fill, minmax(300px, 1fr));
    grid-gap: var(--s3);
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
  summary {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 44px;
    font-weight: 600;
    cursor: pointer;
  }
  fieldset {
    margin: 0 0 var(--s4);
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
    margin-bottom: var(--s1);
    color: var(--text-2);
    font-size: 14px;
    font-weight: 600;
  }
  .value {
    display: flex;
    justify-content: flex-start;
    width: 100%;
    padding: var(--s1) var(--s3);
    border-color: transparent;
    background: transparent;
    font-weight: 400;
    text-align: left;
  }
  .value span {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .value small {
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
  }
  .value[aria-pressed="true"] {
    background: var(--accent-soft);
    color: var(--accent);
    font-weight: 600;
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
    min-height: 40px;
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
  @media (min-width: 1081px) {
    summary {
      pointer-events: none;
    }
  }
  @media (max-width: 1080px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
      grid-gap: var(--s2);
    }
    .facets fieldset {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s1);
    }
    .value {
      width: auto;
      min-height: 44px;
      border-color: var(--line);
      background: var(--surface);
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
