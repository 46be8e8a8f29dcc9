/** How the frame of signed-in pages looks: one line at the top; on a phone what does not fit is behind a button. */

import { css } from "lit";

export const frameCss = css`
  :host {
    display: block;
    min-height: 100vh;
  }
  .skip {
    position: absolute;
    left: var(--s4);
    top: -60px;
    z-index: 30;
    padding: var(--s2) var(--s4);
    background: var(--surface);
    color: var(--accent);
  }
  .skip:focus {
    top: var(--s2);
  }
  header {
    position: sticky;
    top: 0;
    z-index: 20;
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 60px;
    padding: 0 var(--s6);
    border-bottom: 1px solid var(--line);
    background: var(--surface);
  }
  .brand {
    color: var(--accent);
    font-size: 22px;
    font-weight: 700;
    text-decoration: none;
    white-space: nowrap;
  }
  .school {
    max-width: 220px;
    margin-left: var(--s2);
    padding-left: var(--s3);
    border-left: 1px solid var(--line);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-weight: 600;
  }
  nav {
    display: flex;
    flex: 1;
    align-items: center;
    gap: var(--s1);
    margin-left: var(--s4);
    min-width: 0;
  }
  .page {
    display: inline-flex;
    align-items: center;
    gap: var(--s2);
    min-height: 40px;
    padding: 0 var(--s3);
    border-radius: var(--radius-s);
    color: var(--text-2);
    font-weight: 500;
    text-decoration: none;
    white-space: nowrap;
  }
  .page:hover {
    background: var(--surface-2);
    color: var(--text);
  }
  .page[aria-current] {
    background: var(--accent-soft);
    color: var(--accent);
  }
  .mine {
    display: flex;
    align-items: center;
    gap: var(--s1);
    margin-left: auto;
    white-space: nowrap;
  }
  .person {
    padding: 0 var(--s2);
    font-weight: 600;
  }
  .quiet {
    padding: 0 var(--s3);
    border-color: transparent;
    background: transparent;
    color: var(--text-2);
  }
  .quiet:hover {
    color: var(--text);
  }
  .bell {
    position: relative;
  }
  .bell > button {
    position: relative;
    width: 44px;
    min-height: 44px;
    padding: 0;
    font-size: 18px;
  }
  .count {
    position: absolute;
    top: 2px;
    right: 0;
    min-width: 18px;
    padding: 0 5px;
    border-radius: 9px;
    background: var(--bad);
    color: var(--on-bad);
    font-size: 12px;
    font-weight: 700;
    line-height: 18px;
    text-align: center;
  }
  .panel {
    position: absolute;
    top: 52px;
    right: 0;
    width: 400px;
    max-height: calc(100vh - 80px);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow-up);
    overflow: auto;
  }
  .panel h2 {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: var(--s3) var(--s4);
    font-size: 16px;
  }
  .panel h2 button {
    font-size: 14px;
    color: var(--accent);
  }
  .panel li {
    padding: var(--s3) var(--s4);
    border-top: 1px solid var(--line);
    font-size: 15px;
  }
  .panel li.new {
    background: var(--accent-soft);
  }
  .panel .bad {
    padding: 0 var(--s4) var(--s3);
  }
  .panel small {
    display: block;
    color: var(--text-2);
    font-size: 13px;
  }
  .burger {
    display: none;
    width: 44px;
    min-height: 44px;
    padding: 0;
    font-size: 18px;
  }
  .offline {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: var(--s2);
    padding: var(--s2) var(--s4);
    background: var(--warn-soft);
    color: var(--warn);
    font-weight: 600;
  }
  main:focus-visible {
    box-shadow: none;
  }
  @media (max-width: 860px) {
    header {
      min-height: 56px;
      padding: 0 var(--s2) 0 var(--s4);
    }
    nav {
      display: none;
      position: absolute;
      top: 56px;
      right: 0;
      left: 0;
      flex-direction: column;
      align-items: stretch;
      margin: 0;
      padding: var(--s3) var(--s4) var(--s4);
      border-bottom: 1px solid var(--line);
      background: var(--surface);
      box-shadow: var(--shadow-up);
    }
    nav.open {
      display: flex;
    }
    .page {
      min-height: 48px;
    }
    .mine {
      flex-wrap: wrap;
      justify-content: space-between;
      margin: var(--s2) 0 0;
      padding-top: var(--s3);
      border-top: 1px solid var(--line);
    }
    .bell {
      margin-left: auto;
    }
    .burger {
      display: inline-flex;
    }
    .panel {
      position: fixed;
      top: 60px;
      right: var(--s2);
      left: var(--s2);
      width: auto;
    }
  }
  @media print {
    header,
    .skip,
    .offline {
      display: none;
    }
    main {
      max-width: none;
      padding: 0;
    }
  }
`;
