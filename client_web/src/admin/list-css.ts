/** Short lists in tabs: all of it at once, and so no table. */

import { css } from "lit";

export const listCss = css`
  .title {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--s3);
    margin: var(--s6) 0 var(--s3);
  }
  .title:first-child {
    margin-top: 0;
  }
  .title h2 {
    margin: 0;
  }
  .list {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  .list > li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2) var(--s4);
    padding: var(--s3) var(--s4);
  }
  .list > li + li {
    border-top: 1px solid var(--line);
  }
  .list .what {
    flex: 1 1 200px;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .list small {
    display: block;
    color: var(--text-2);
    font-size: 14px;
  }
  .list button {
    min-height: 36px;
    padding: 4px var(--s3);
    font-size: 14px;
  }
`;
