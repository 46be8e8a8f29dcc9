/** The page around the week. */

import { css } from "lit";

export const appCss = css`
  :host {
    display: block;
  }
  .page {
    padding: var(--s4) var(--s6) var(--s8);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s3);
    padding-bottom: var(--s4);
  }
  .views {
    display: flex;
  }
  .views button {
    border-radius: 0;
  }
  .views button:first-child {
    border-radius: var(--radius-s) 0 0 var(--radius-s);
  }
  .views button:last-child {
    border-radius: 0 var(--radius-s) var(--radius-s) 0;
  }
  .views button + button {
    border-left: 0;
  }
  .views [aria-pressed="true"] {
    background: var(--accent);
    color: var(--on-accent);
  }
  tk-picker {
    flex: 0 1 280px;
  }
  .week {
    display: flex;
    align-items: center;
    gap: var(--s1);
  }
  .turn {
    width: 44px;
    padding: 0;
  }
  .bar button {
    min-height: 44px;
  }
  .which {
    margin: 0 var(--s2);
    font-weight: 600;
    white-space: nowrap;
  }
  .which small {
    margin-left: var(--s2);
    color: var(--text-2);
    font-size: 15px;
    font-weight: 400;
  }
  .acts {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-left: auto;
  }
  .number {
    min-width: 22px;
    padding: 0 6px;
    border-radius: 11px;
    background: var(--warn-soft);
    color: var(--warn);
    font-size: 14px;
    line-height: 22px;
  }
  .problem,
  .none {
    margin: var(--s8) auto;
    max-width: 560px;
    text-align: center;
  }
  .problem p,
  .none p {
    margin: var(--s2) 0 var(--s4);
    color: var(--text-2);
  }
  .banner {
    display: flex;
    align-items: center;
    gap: var(--s3);
    margin-bottom: var(--s3);
    padding: var(--s2) var(--s4);
    border-radius: var(--radius-s);
    background: var(--bad-soft);
    color: var(--bad);
  }
  .behind {
    opacity: 0.55;
    pointer-events: none;
  }
  .hint {
    margin-top: var(--s3);
    color: var(--text-2);
    font-size: 14px;
  }
  .live-check {
    position: fixed;
    z-index: 21;
    left: 50%;
    top: var(--s2);
    width: 680px;
    max-width: calc(100vw - 24px);
    border-radius: var(--radius-s);
    box-shadow: var(--shadow-up);
    transform: translateX(-50%);
    pointer-events: none;
  }
  .toast {
    position: fixed;
    z-index: 9;
    left: 50%;
    bottom: var(--s6);
    max-width: calc(100vw - 24px);
    padding: var(--s3) var(--s5);
    border-radius: var(--radius-s);
    background: var(--text);
    color: var(--bg);
    box-shadow: var(--shadow-up);
    transform: translateX(-50%);
  }
  .paper {
    display: none;
  }
  @media (max-width: 1500px) {
    tk-picker {
      flex-basis: 180px;
    }
  }
  @media (max-width: 700px) {
    .page {
      padding: var(--s3) var(--s3) var(--s8);
    }
    .views,
    .week,
    tk-picker {
      flex: 1 1 100%;
    }
    .views button {
      flex: 1;
    }
    .which {
      flex: 1;
      margin: 0;
      text-align: center;
      white-space: normal;
    }
    .which small {
      display: block;
      margin: 0;
    }
    .acts {
      margin: 0;
    }
  }
  @media print {
    .page {
      padding: 0;
    }
    .bar,
    .banner,
    .hint,
    .toast,
    .live-check {
      display: none !important;
    }
    .paper {
      display: block;
      margin-bottom: 3mm;
      text-align: center;
      color: #000;
    }
    .paper h2 {
      font-size: 17pt;
    }
    .paper p {
      font-size: 10.5pt;
    }
  }
`;
