/** How the sections of `/lesson` look: cards, and a strip of time for everybody who was there. */

import { css } from "lit";

export const sectionCss = css`
  :host {
    display: block;
  }
  section {
    padding: var(--s5) var(--s6) var(--s6);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  section + section {
    margin-top: var(--s5);
  }
  h2 {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2) var(--s3);
    margin-bottom: var(--s3);
    font-size: 18px;
  }
  h2 .beside {
    margin-left: auto;
    color: var(--text-2);
    font-size: 14px;
    font-weight: 400;
  }
  .quietly {
    color: var(--text-2);
  }
  @media (max-width: 720px) {
    section {
      padding: var(--s4);
    }
  }
`;

export const attendanceCss = css`
  .place + .place {
    margin-top: var(--s5);
    padding-top: var(--s4);
    border-top: 1px solid var(--line);
  }
  h3 {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s1) var(--s3);
    font-size: 16px;
  }
  h3 small {
    color: var(--text-2);
    font-size: 14px;
    font-weight: 400;
  }
  .one {
    display: grid;
    grid-template-columns: 180px minmax(0, 1fr);
    grid-gap: var(--s1) var(--s4);
    margin-top: var(--s3);
  }
  .who small {
    display: block;
    color: var(--text-2);
    font-size: 14px;
  }
  .who {
    overflow-wrap: anywhere;
  }
  .strip {
    position: relative;
    height: 20px;
    border-radius: 4px;
    background: var(--surface-2);
    overflow: hidden;
  }
  .strip i {
    position: absolute;
    top: 0;
    bottom: 0;
  }
  .strip .planned {
    border: 2px solid var(--line);
    border-width: 0 2px;
    background: var(--line);
    opacity: 0.7;
  }
  .strip .there {
    top: 4px;
    bottom: 4px;
    min-width: 4px;
    border-radius: 3px;
    background: var(--accent);
  }
  .span {
    color: var(--text-2);
    font-size: 14px;
    font-variant-numeric: tabular-nums;
  }
  .figures {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s5);
    margin: var(--s1) 0;
    font-size: 14px;
    font-variant-numeric: tabular-nums;
  }
  .figures dt {
    display: inline;
    color: var(--text-2);
  }
  .figures dd {
    display: inline;
    font-weight: 600;
  }
  @media (max-width: 720px) {
    .one {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
