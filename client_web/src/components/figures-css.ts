/** How the pages of figures look: what they are about in a bar above, cards below. */

import { css } from "lit";
import { buttonsCss } from "./buttons-css.ts";

export const figuresCss = css`
  ${buttonsCss}
  .page {
    max-width: 1280px;
    margin: 0 auto;
    padding: var(--s6);
  }
  h1 {
    font-size: 26px;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-end;
    gap: var(--s3);
    margin: var(--s4) 0 var(--s5);
  }
  .bar .field {
    flex: 1 1 170px;
    max-width: 260px;
    margin: 0;
  }
  .files {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-left: auto;
  }
  section {
    margin-bottom: var(--s5);
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
  .quietly {
    color: var(--text-2);
    font-size: 14px;
  }
  @media (max-width: 1080px) {
    .page {
      padding: var(--s4);
    }
  }
  @media (max-width: 720px) {
    section {
      padding: var(--s4);
    }
    .bar .field {
      flex: 1 1 140px;
      max-width: none;
    }
    .files {
      width: 100%;
      margin-left: 0;
    }
  }
  @media print {
    .bar {
      display: none;
    }
  }
`;
