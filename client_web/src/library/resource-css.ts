/** How the page of a resource looks around its player. */

import { css } from "lit";
import { buttonCss } from "./watch-css.ts";

export const resourceCss = css`
  ${buttonCss}
  :host {
    display: block;
  }
  .head {
    margin-bottom: var(--s3);
  }
  h1 {
    font-size: 24px;
    line-height: 1.35;
    overflow-wrap: anywhere;
  }
  .when {
    margin-right: var(--s2);
    color: var(--text-2);
  }
  .tags {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s1);
  }
  .tags .tag + .tag {
    margin-left: 0;
  }
  section {
    padding: var(--s5) var(--s6) var(--s6);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  section + section {
    margin-top: var(--s4);
  }
  section > * + .acts {
    margin-top: var(--s4);
  }
  h2 {
    display: flex;
    align-items: center;
    gap: var(--s3);
    margin-bottom: var(--s3);
    font-size: 18px;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    grid-gap: var(--s1) var(--s4);
  }
  dt {
    color: var(--text-2);
  }
  dd {
    overflow-wrap: anywhere;
    white-space: pre-line;
  }
  dd ul {
    white-space: normal;
  }
  small {
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
  }
  button[slot] {
    min-height: 44px;
  }
  .keeping {
    margin-top: var(--s4);
    padding-top: var(--s1);
    border-top: 1px solid var(--line);
  }
  .keeping .field {
    min-height: 44px;
  }
  .note {
    display: flex;
    gap: var(--s3);
    align-items: center;
    padding: var(--s3) var(--s4);
    border-radius: var(--radius-s);
    background: var(--warn-soft);
    color: var(--warn);
  }
  a.button.primary {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }
  .url {
    margin-left: var(--s2);
    color: var(--text-2);
    overflow-wrap: anywhere;
  }
  .pages {
    margin: var(--s5) 0 0;
    padding: 0;
    list-style: none;
  }
  .pages li {
    max-width: 760px;
    padding: var(--s4) 0;
    border-top: 1px solid var(--line);
  }
  .pages h3 {
    color: var(--text-2);
    font-size: 14px;
  }
  .pages p {
    white-space: pre-line;
    overflow-wrap: anywhere;
  }
  .pages img {
    max-width: 100%;
    margin: var(--s2) 0;
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
  }
  @media (max-width: 720px) {
    section {
      padding: var(--s4);
    }
    h1 {
      font-size: 20px;
    }
    dl {
      grid-template-columns: minmax(0, 1fr);
    }
    dt {
      margin-top: var(--s2);
      font-size: 14px;
    }
  }
`;
