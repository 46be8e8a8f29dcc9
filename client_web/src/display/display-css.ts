/** The display outside of lessons, by the height of the screen, to be read from eight metres (see classroom-css). */

import { css } from "lit";

export const displayCss = css`
  :host {
    --u: 3vh;
    position: fixed;
    top: 0;
    right: 0;
    bottom: 0;
    left: 0;
    display: flex;
    flex-direction: column;
    overflow: hidden;
    background: radial-gradient(120% 90% at 30% 0%, #17233f 0%, var(--bg) 70%);
    color: var(--text);
    font-size: var(--u);
    line-height: 1.3;
    cursor: none;
  }
  main {
    flex: 1;
    min-height: 0;
  }

  /* ---- pairing ---- */
  .pair {
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 3vh;
    padding: 0 5vw;
    text-align: center;
  }
  .pair h1 {
    font-size: 6.4vh;
    font-weight: 600;
  }
  .pair .say {
    max-width: 36em;
    font-size: 3.6vh;
    color: var(--text-2);
  }
  .code {
    padding: 2vh 4vw;
    border-radius: 2.4vh;
    background: var(--surface);
    font-size: min(24vh, 15vw);
    font-weight: 600;
    line-height: 1.15;
    letter-spacing: 0.06em;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .code[data-old] {
    color: var(--text-2);
  }

  /* ---- the day ---- */
  .board {
    display: grid;
    grid-template-columns: minmax(0, 9fr) minmax(0, 10fr);
    grid-gap: 3vw;
    align-items: center;
    padding: 4vh 3vw 0;
  }
  .now {
    min-width: 0;
  }
  .school {
    font-size: 3.6vh;
    color: var(--text-2);
  }
  h1 {
    font-size: 6vh;
    font-weight: 600;
    line-height: 1.2;
  }
  .time {
    margin-top: 2vh;
    font-size: min(26vh, 15.5vw);
    font-weight: 200;
    line-height: 1.05;
    letter-spacing: -0.02em;
    font-variant-numeric: tabular-nums;
  }
  .date {
    font-size: 4.2vh;
    color: var(--text-2);
  }
  .bye {
    margin-top: 3vh;
    font-size: 3.6vh;
    color: var(--ok);
  }
  .card {
    margin-top: 3vh;
    padding: 2vh 2.4vh;
    border-left: 0.8vh solid var(--accent);
    border-radius: 1.2vh;
    background: var(--surface);
  }
  .card p {
    color: var(--text-2);
  }
  .card h2 {
    overflow: hidden;
    font-size: 4.6vh;
    line-height: 1.25;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .card .when {
    font-size: 4.2vh;
    font-weight: 600;
    color: var(--accent);
    font-variant-numeric: tabular-nums;
  }
  .day {
    min-width: 0;
    max-height: 100%;
    overflow: hidden;
  }
  .day > h2 {
    margin-bottom: 1.6vh;
    font-size: 3.6vh;
    font-weight: 600;
    color: var(--text-2);
  }
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  ol li {
    display: grid;
    grid-template-columns: 4.2em minmax(0, 1fr) auto;
    grid-gap: 0.8em;
    align-items: center;
    min-height: 10vh;
    padding: 1vh 2vh;
    border-radius: 1.2vh;
  }
  ol li + li {
    margin-top: 0.8vh;
  }
  ol li.later,
  ol li.open,
  ol li.now {
    background: var(--surface);
  }
  ol li.now,
  ol li.open {
    box-shadow: inset 0 0 0 0.3vh var(--accent);
  }
  time {
    font-size: 4vh;
    font-weight: 600;
    line-height: 1.1;
    font-variant-numeric: tabular-nums;
  }
  time small {
    display: block;
    font-size: 2.8vh;
    font-weight: 400;
    color: var(--text-2);
  }
  li strong,
  li div span {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  li strong {
    font-size: 3.6vh;
    font-weight: 600;
  }
  li div span {
    color: var(--text-2);
  }
  li.over strong,
  li.over time,
  li.cancelled time {
    font-weight: 400;
    color: var(--text-2);
  }
  li.cancelled strong {
    color: var(--text-2);
    text-decoration: line-through;
  }
  .mark {
    display: flex;
    align-items: center;
    gap: 0.35em;
    color: var(--text-2);
    white-space: nowrap;
  }
  .mark.ok,
  .check .ok .icon {
    color: var(--ok);
  }
  .mark.warn,
  .check .warn .icon {
    color: var(--warn);
  }
  .mark.calm {
    color: var(--accent);
  }
  .check .bad .icon {
    color: var(--bad);
  }
  .more {
    padding: 1vh 2vh;
    color: var(--text-2);
  }
  .none {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 2vh;
    color: var(--text-2);
    font-size: 4.2vh;
    text-align: center;
  }
  .none .icon {
    width: 3em;
    height: 3em;
    stroke-width: 1.2;
  }

  /* ---- the check ---- */
  .check li {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    grid-gap: 0 0.8em;
    align-items: center;
    padding: 2vh;
    border-radius: 1.2vh;
    background: var(--surface);
  }
  .check li + li {
    margin-top: 1.6vh;
  }
  .check .icon {
    grid-row: 1 / 3;
    width: 2.4em;
    height: 2.4em;
  }
  .check strong {
    font-size: 4vh;
  }
  .check li > span {
    color: var(--text-2);
    white-space: normal;
  }
  .fault {
    margin-top: 0.8vh;
    color: var(--text-2);
  }

  /* ---- over the lesson ---- */
  tk-lesson {
    z-index: 0;
  }
  tk-lesson.coded {
    --code: 49vh; /* captions stay beside the code */
  }
  .corner {
    position: fixed;
    bottom: 9.5vh;
    z-index: 1;
    max-width: 30vw;
  }
  .corner.left {
    top: 2.4vh;
    bottom: auto;
    left: 2.4vh;
  }
  .corner.right {
    right: 1.6vh;
  }
  .corner figure {
    width: 32vh;
    padding: 1.2vh;
    border-radius: 1.6vh;
    background: #fff;
    color: #10151f;
    font-size: 2.6vh;
    text-align: center;
  }
  .corner.over figure {
    width: 46vh;
    box-shadow: var(--shadow-up);
  }
  .corner figcaption strong {
    display: block;
    font-size: 3vh;
  }
  .phone {
    min-height: 0;
    padding: 0.22em 0.8em 0.22em 0.6em;
    border-radius: 2em;
    background: transparent;
    white-space: nowrap;
  }

  /* ---- bar ---- */
  footer {
    display: flex;
    align-items: center;
    gap: 1.2em;
    min-height: 7.4vh;
    padding: 0.9vh 1.6vh;
    color: var(--text-2);
  }
  .space {
    flex: 1;
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 0.45em;
    padding: 0.22em 0.8em 0.22em 0.6em;
    border-radius: 2em;
    background: var(--surface-2);
    color: var(--text);
    font-weight: 600;
    white-space: nowrap;
  }
  .state.ok {
    background: var(--ok-soft);
  }
  .state.warn {
    background: var(--warn-soft);
  }
  .state.bad {
    background: var(--bad-soft);
  }
  .state.calm {
    background: var(--accent-soft);
    color: var(--accent);
  }
  .day .state {
    margin-top: 2vh;
  }

  @media (max-aspect-ratio: 1/1) {
    :host {
      --u: max(14px, 2.1vh);
    }
    .board {
      grid-template-columns: minmax(0, 1fr);
      grid-gap: 2vh;
      align-content: start;
    }
    .time {
      font-size: 22vw;
    }
    h1 {
      font-size: 4vh;
    }
    .pair h1 {
      font-size: 4.4vh;
    }
    .pair .say,
    .date,
    .school,
    .bye {
      font-size: 2.6vh;
    }
    .card h2,
    .card .when,
    .day > h2,
    li strong {
      font-size: 3vh;
    }
    ol li {
      grid-template-columns: 4.2em minmax(0, 1fr);
      min-height: 0;
    }
    ol .mark {
      grid-column: 2;
    }
    time {
      font-size: 1.35em;
    }
    time small {
      font-size: 0.75em;
    }
    .corner {
      max-width: 48vw;
    }
    .corner figure,
    .corner.over figure {
      width: 46vw;
    }
    tk-lesson.coded {
      --code: 48vw;
    }
  }
`;
