/** How facets look: a column beside the results, on a phone folded above them. */

import { css } from "lit";

export const facetsCss = css`
  :host {
    display: block;
  }
  h2 {
    margin-bottom: var(--s3);
    font-size: 16px;
  }
  summary {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 44px;
    padding: 0 var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
    background: var(--surface);
    font-weight: 600;
    cursor: pointer;
  }
  .primary {
    width: 100%;
    min-height: 44px;
    margin-bottom: var(--s4);
  }
  details[open] > summary {
    margin-bottom: var(--s3);
  }
  fieldset {
    min-width: 0;
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
    align-items: center;
    gap: var(--s2);
    min-height: 40px;
    padding: var(--s1) var(--s2);
    border-radius: var(--radius-s);
    line-height: 1.35;
    cursor: pointer;
  }
  .value:hover {
    background: var(--surface-2);
  }
  .value input {
    flex: none;
    width: 18px;
    height: 18px;
    margin: 0;
    accent-color: var(--accent);
  }
  .value span {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .value small {
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
  }
  .more {
    min-height: 40px;
    padding: var(--s1) var(--s2);
    border-color: transparent;
    background: transparent;
    color: var(--accent);
    font-size: 14px;
  }
  @media (max-width: 1080px) {
    .values {
      display: flex;
      flex-wrap: wrap;
      gap: var(--s2);
    }
    .value,
    .more {
      min-height: 44px;
      max-width: 100%;
      padding: var(--s1) var(--s3);
    }
    .value {
      border: 1px solid var(--line);
      background: var(--surface);
    }
  }
`;
