/** The week as a table, on the screen and on the wall. */

import { css } from "lit";

export const weekGridCss = css`
  :host {
    display: block;
  }
  .scroll {
    max-height: max(460px, calc(100vh - 176px));
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  table {
    width: 100%;
    min-width: 820px;
    border-collapse: separate;
    border-spacing: 0;
    table-layout: fixed;
  }
  th {
    padding: var(--s2);
    font-weight: 600;
    line-height: 1.3;
  }
  thead th {
    position: sticky;
    top: 0;
    z-index: 2;
    border-bottom: 1px solid var(--line);
    background: var(--surface);
  }
  thead .date {
    display: block;
    color: var(--text-2);
    font-size: 14px;
    font-weight: 400;
  }
  thead .today .date {
    color: inherit;
  }
  thead .today {
    color: var(--accent);
    box-shadow: inset 0 3px 0 var(--accent);
  }
  thead .note {
    display: inline-block;
    margin-top: 2px;
    padding: 0 var(--s2);
    border-radius: 10px;
    background: var(--warn-soft);
    color: var(--warn);
    font-size: 13px;
    font-weight: 500;
    line-height: 20px;
  }
  .corner,
  tbody th {
    position: sticky;
    left: 0;
    width: 104px;
    background: var(--surface);
  }
  tbody th {
    z-index: 1;
    border-right: 1px solid var(--line);
    text-align: center;
    vertical-align: top;
  }
  tbody th .time {
    display: block;
    color: var(--text-2);
    font-size: 13px;
    font-weight: 400;
    white-space: nowrap;
  }
  tbody th,
  td {
    border-bottom: 1px solid var(--line);
  }
  tbody tr:last-child > * {
    border-bottom: 0;
  }
  tbody tr.afternoon > * {
    border-top: 3px solid var(--line);
  }
  td {
    position: relative;
    height: 60px;
    padding: 3px;
    border-right: 1px solid var(--line);
    vertical-align: top;
  }
  td:last-child {
    border-right: 0;
  }
  td.today {
    background: var(--accent-soft);
  }
  td.holiday {
    background: var(--surface-2);
  }
  /* Room to press beside the lessons of a full cell. */
  td.may {
    padding-bottom: 10px;
    cursor: cell;
  }
  td.may:hover {
    box-shadow: inset 0 0 0 1px var(--accent);
  }
  td:focus-visible {
    box-shadow: inset 0 0 0 3px var(--accent);
  }
  td.chosen {
    box-shadow: inset 0 0 0 3px var(--accent);
    background: var(--accent-soft);
  }
  td.over {
    box-shadow: inset 0 0 0 3px var(--accent);
  }
  td.over.free {
    box-shadow: inset 0 0 0 3px var(--ok);
    background: var(--ok-soft);
  }
  td.over.conflict {
    box-shadow: inset 0 0 0 3px var(--bad);
    background: var(--bad-soft);
  }
  td.offer {
    box-shadow: inset 0 0 0 2px var(--ok);
  }
  td.offer::after {
    content: attr(data-offer);
    position: absolute;
    right: 4px;
    bottom: 2px;
    color: var(--ok);
    font-size: 12px;
    font-weight: 600;
  }
  .card {
    display: block;
    width: 100%;
    min-height: 34px;
    margin: 0 0 3px;
    padding: 4px 7px 5px;
    border: 0;
    border-left: 4px solid var(--accent);
    border-radius: 6px;
    background: var(--surface-2);
    color: var(--text);
    font-size: 14px;
    font-weight: 400;
    line-height: 1.35;
    text-align: left;
    overflow-wrap: anywhere;
    user-select: none;
    -webkit-user-select: none;
  }
  td.holiday .card,
  td.today .card {
    background: var(--surface);
  }
  .card.movable {
    cursor: grab;
  }
  .card:hover {
    background: var(--surface);
    box-shadow: 0 0 0 1px var(--accent);
  }
  .card:focus-visible {
    box-shadow: var(--focus);
  }
  .card b {
    display: block;
    font-weight: 600;
  }
  .card span {
    display: block;
    color: var(--text-2);
    font-size: 13px;
  }
  .card .clock {
    color: var(--text);
    font-weight: 600;
  }
  .card.cancelled {
    border-left-color: var(--line);
    background: transparent;
    color: var(--text-2);
  }
  .card.cancelled b {
    text-decoration: line-through;
  }
  .card.live {
    border-left-color: var(--bad);
  }
  .card.done {
    border-left-color: var(--text-2);
  }
  .card.goesOn {
    min-height: 22px;
  }
  .card.dragged {
    opacity: 0.45;
  }
  .card .flag {
    display: inline-block;
    padding: 0 6px;
    border-radius: 8px;
    background: var(--accent-soft);
    color: var(--accent);
    font-size: 12px;
    line-height: 18px;
  }
  .card .flag.open {
    background: var(--ok-soft);
    color: var(--ok);
  }
  .card .flag.live {
    background: var(--bad-soft);
    color: var(--bad);
  }
  .ghost {
    position: fixed;
    z-index: 10;
    max-width: 220px;
    padding: 6px 10px;
    border-radius: var(--radius-s);
    background: var(--accent);
    color: var(--on-accent);
    box-shadow: var(--shadow-up);
    font-size: 14px;
    pointer-events: none;
  }
  :host([dragging]) {
    cursor: grabbing;
    user-select: none;
    -webkit-user-select: none;
  }
  :host([dragging]) td,
  :host([dragging]) .card {
    cursor: inherit;
  }
  @media print {
    .scroll {
      max-height: none;
      border: 0;
      overflow: visible;
    }
    table {
      min-width: 0;
      border-collapse: collapse;
      color: #000;
    }
    th,
    td,
    tbody th {
      height: auto;
      border: 0.6pt solid #000 !important;
      padding: 1.5mm 1mm;
      background: #fff !important;
      color: #000 !important;
      box-shadow: none !important;
      font-size: 9.5pt;
    }
    thead {
      display: table-header-group;
    }
    thead th,
    tbody th {
      position: static;
    }
    .corner,
    tbody th {
      width: 20mm;
    }
    tr {
      break-inside: avoid;
    }
    td {
      height: 13mm;
      padding-bottom: 1mm;
      text-align: center;
    }
    thead .note,
    thead .date,
    tbody th .time {
      padding: 0;
      background: none;
      color: #000 !important;
      font-size: 8pt;
    }
    .card {
      min-height: 0;
      margin: 0 0 1mm;
      padding: 0;
      border: 0;
      background: none !important;
      color: #000;
      text-align: center;
      font-size: 9.5pt;
    }
    .card b {
      font-size: 10pt;
    }
    .card span,
    .card .clock {
      color: #000;
      font-size: 8.5pt;
    }
    .card .flag {
      padding: 0;
      background: none;
      color: #000;
    }
    .card.cancelled {
      display: none;
    }
  }
`;
