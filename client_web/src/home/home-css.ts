/** How the sections of `/home` look. */

import { css } from "lit";

export const homeCss = css`
  :host {
    display: block;
  }
  section {
    padding: var(--s5) var(--s6) var(--s6);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  h2 {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2) var(--s3);
    margin-bottom: var(--s3);
    font-size: 18px;
  }
  * + h2 {
    margin-top: var(--s6);
  }
  h2 .beside {
    margin-left: auto;
    color: var(--text-2);
    font-size: 14px;
    font-weight: 400;
  }
  .rows > li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--s2) var(--s4);
    padding: var(--s3) 0;
    border-top: 1px solid var(--line);
  }
  .rows > li:first-child {
    border-top: 0;
  }
  .what {
    flex: 1 1 220px;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .what strong {
    font-weight: 600;
  }
  small {
    display: block;
    color: var(--text-2);
    font-size: 14px;
  }
  .time {
    width: 120px;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
    font-weight: 600;
  }
  .gone {
    opacity: 0.62;
  }
  .tags {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
  }
  .tag + .tag {
    margin-left: 0;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
  .done {
    color: var(--ok);
  }
  @media (max-width: 720px) {
    section {
      padding: var(--s4);
    }
  }
`;
