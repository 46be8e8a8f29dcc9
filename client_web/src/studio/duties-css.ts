/** The list of a day: one large card for what comes next, rows for the rest. */

import { css } from "lit";

export const dutiesCss = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 100vh;
    background: var(--bg);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--s4);
    min-height: 64px;
    padding: var(--s3) var(--s6);
    border-bottom: 1px solid var(--line);
    background: var(--surface);
  }
  header button {
    min-height: 36px;
    padding: var(--s1) var(--s3);
  }
  .stays {
    margin: 0;
    padding: var(--s3) var(--s6);
    background: var(--bad-soft);
    color: var(--bad);
  }
  .brand {
    display: flex;
    align-items: baseline;
    gap: var(--s3);
    color: inherit;
    font-weight: 700;
    font-size: 18px;
    text-decoration: none;
  }
  .brand small {
    color: var(--text-2);
    font-size: 14px;
    font-weight: 400;
  }
  .space {
    flex: 1;
  }
  .who {
    overflow: hidden;
    color: var(--text-2);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  main {
    width: 100%;
    max-width: 1120px;
    margin: 0 auto;
    padding: var(--s6);
  }
  h1 {
    font-size: 28px;
    line-height: 1.3;
  }
  .all {
    margin-top: var(--s8);
    font-size: 18px;
    line-height: 1.3;
  }
  .notice {
    display: flex;
    align-items: center;
    gap: var(--s3);
    margin-top: var(--s4);
    padding: var(--s3) var(--s4);
    border-radius: var(--radius);
    background: var(--warn-soft);
  }

  /* ---- the next one ---- */
  .next {
    display: grid;
    grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr);
    grid-gap: var(--s6);
    margin-top: var(--s5);
    padding: var(--s6);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
  .tag {
    color: var(--accent);
    font-weight: 600;
  }
  .next h2 {
    margin-top: var(--s1);
    font-size: 32px;
    line-height: 1.25;
  }
  .when {
    margin-top: var(--s2);
    color: var(--text-2);
    font-size: 18px;
    font-variant-numeric: tabular-nums;
  }
  .when strong {
    color: var(--text);
  }
  .what button {
    min-height: 56px;
    margin-top: var(--s5);
    padding: var(--s2) var(--s8);
    font-size: 18px;
    font-weight: 600;
  }
  .opens {
    display: flex;
    align-items: center;
    gap: var(--s2);
    margin-top: var(--s5);
    color: var(--text-2);
  }
  .rooms {
    padding-left: var(--s6);
    border-left: 1px solid var(--line);
  }
  .rooms h3 {
    color: var(--text-2);
    font-size: 15px;
    font-weight: 600;
  }
  .rooms li {
    margin-top: var(--s4);
  }
  .ready {
    display: flex;
    align-items: center;
    gap: var(--s2);
    margin-top: 2px;
    color: var(--text-2);
  }
  .ready.ok,
  .mark.ok {
    color: var(--ok);
  }
  .ready.warn,
  .mark.warn {
    color: var(--warn);
  }
  .ready.bad {
    color: var(--bad);
  }
  .ready.calm,
  .mark.calm {
    color: var(--accent);
  }

  /* ---- the day ---- */
  ol {
    margin: var(--s3) 0 0;
    padding: 0;
    list-style: none;
  }
  ol li {
    display: grid;
    grid-template-columns: 120px minmax(0, 1fr) auto auto;
    grid-gap: var(--s4);
    align-items: center;
    min-height: 64px;
    padding: var(--s3) var(--s4);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  ol li + li {
    margin-top: var(--s2);
  }
  time {
    font-weight: 600;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  li div strong,
  li div span {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  li div span {
    color: var(--text-2);
    font-size: 14px;
  }
  ol li.over,
  ol li.cancelled {
    background: transparent;
  }
  ol li.cancelled strong {
    color: var(--text-2);
    text-decoration: line-through;
  }
  .mark {
    display: flex;
    align-items: center;
    gap: var(--s2);
    color: var(--text-2);
    white-space: nowrap;
  }

  /* ---- nothing, or nothing more ---- */
  .empty,
  .after {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: var(--s3);
    padding: var(--s12) 0;
    color: var(--text-2);
    text-align: center;
  }
  .empty .icon,
  .after > .icon {
    width: 48px;
    height: 48px;
  }
  .empty button .icon {
    width: 1.25em;
    height: 1.25em;
  }
  .empty h2,
  .after h1 {
    color: var(--text);
  }
  .empty h2 {
    font-size: 22px;
  }
  .after {
    max-width: 640px;
    margin: 0 auto;
    padding-top: var(--s6);
  }
  .after > button {
    min-height: 48px;
  }
  .after tk-rating {
    width: 100%;
    margin: var(--s3) 0;
    color: var(--text);
  }
  .button {
    display: inline-flex;
    align-items: center;
    min-height: 48px;
    padding: var(--s2) var(--s6);
    border-radius: var(--radius-s);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 500;
    text-decoration: none;
  }
  a:focus-visible {
    border-radius: var(--radius-s);
    box-shadow: var(--focus);
  }

  @media (min-width: 1900px) {
    main {
      max-width: 1440px;
    }
    .next h2 {
      font-size: 40px;
    }
  }
  @media (max-width: 760px) {
    main {
      padding: var(--s4);
    }
    header {
      gap: var(--s3);
      padding: var(--s2) var(--s4);
    }
    header button,
    .brand {
      flex: none;
      white-space: nowrap;
    }
    .who {
      display: none;
    }
    .next {
      grid-template-columns: minmax(0, 1fr);
      padding: var(--s5);
    }
    .next h2 {
      font-size: 24px;
    }
    .what button {
      width: 100%;
      padding: var(--s2) var(--s4);
    }
    .rooms {
      padding: var(--s4) 0 0;
      border-left: 0;
      border-top: 1px solid var(--line);
    }
    ol li {
      grid-template-columns: minmax(0, 1fr) auto;
      grid-gap: var(--s1) var(--s3);
    }
    ol li div {
      grid-column: 1 / 3;
      order: 1;
    }
    ol li button {
      grid-column: 1 / 3;
      order: 2;
      margin-top: var(--s2);
    }
    .mark {
      font-size: 14px;
    }
  }
`;
