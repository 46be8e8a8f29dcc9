/** A table that folds on a phone: each row a card, each cell beside the name of its column (`data-name`). */

import { css } from "lit";

export const foldingCss = css`
  @media (max-width: 720px) {
    thead {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip: rect(0 0 0 0);
    }
    table,
    tbody,
    tr,
    td {
      display: block;
    }
    tr {
      padding: var(--s3) var(--s4);
    }
    td {
      display: grid;
      grid-template-columns: 96px minmax(0, 1fr);
      grid-gap: var(--s2);
      padding: 3px 0;
    }
    td::before {
      content: attr(data-name);
      white-space: normal;
      color: var(--text-2);
      font-size: 14px;
    }
    td:first-child {
      display: block;
    }
    td:first-child::before {
      display: none;
    }
    .right,
    td.right {
      text-align: left;
    }
  }
`;
