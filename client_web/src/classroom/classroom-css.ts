/**
 * The display's layout. `--u` is the smallest text: 3 % of the height, read from eight metres; in portrait (a phone in
 * the hand) it follows the width instead. Pictures are grid items that change places by class and are never moved in
 * the document, so that they play on.
 */

import { css } from "lit";

export const classroomCss = css`
  :host {
    --u: 3.1vh;
    --side: 20vw;
    position: fixed;
    top: 0;
    right: 0;
    bottom: 0;
    left: 0;
    display: flex;
    flex-direction: column;
    overflow: hidden;
    background: var(--bg);
    color: var(--text);
    font-size: var(--u);
    line-height: 1.3;
    cursor: none;
  }
  :host(.pointed) {
    cursor: default;
  }

  /* ---- pictures ---- */
  .stage {
    flex: 1;
    min-height: 0;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: minmax(0, 1fr);
    grid-template-areas: "main";
    padding: 1.6vh 1.6vh 0;
    grid-gap: 1.6vh;
  }
  .stage.side {
    grid-template-columns: minmax(0, 1fr) var(--side);
    grid-template-rows: minmax(0, 1fr) auto auto minmax(0, 1fr);
    grid-template-areas: "main above" "main one" "main two" "main below";
  }
  figure {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
  }
  figure.main {
    grid-area: main;
  }
  figure.one {
    grid-area: one;
  }
  figure.two {
    grid-area: two;
  }
  .frame {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow: hidden;
    border-radius: 1.2vh;
    background: var(--picture);
  }
  .one .frame,
  .two .frame {
    flex: none;
    height: calc(var(--side) * 0.5625);
  }
  figure.talking .frame {
    box-shadow: 0 0 0 0.5vh var(--accent);
  }
  tk-picture {
    position: absolute;
    top: 0;
    right: 0;
    bottom: 0;
    left: 0;
  }
  figure.main tk-picture {
    background: transparent;
  }
  .main .frame {
    background: transparent;
  }
  /* At the foot of the largest picture; the corner of the assistant's code is left free. */
  tk-captions {
    z-index: 1;
    align-self: end;
    justify-self: stretch;
    min-width: 0;
    margin: 0 var(--code, 0) 1.6vh 0;
    font-size: 5vh;
  }
  tk-captions.main {
    grid-area: main;
  }
  tk-captions.one {
    display: none;
  }
  figcaption {
    display: flex;
    align-items: center;
    gap: 0.35em;
    padding: 0.25em 0.2em 0;
    color: var(--text-2);
  }
  figcaption span {
    overflow: hidden;
    max-height: 2.6em;
  }
  .main figcaption {
    display: none;
  }
  .local {
    grid-area: main;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 2vh;
    padding: 0 4vw;
    border-radius: 1.2vh;
    background: var(--accent-soft);
    text-align: center;
  }
  .local .icon {
    width: 14vh;
    height: 14vh;
    color: var(--accent);
  }
  .local h1 {
    font-size: 9vh;
    line-height: 1.2;
  }
  .local p {
    max-width: 32em;
    color: var(--text-2);
    font-size: 3.8vh;
  }
  .local button {
    min-height: 0;
    margin-top: 2vh;
    padding: 0.5em 1.2em;
    border-radius: 1.2vh;
    background: transparent;
    font-size: 3.8vh;
  }
  .instead {
    position: absolute;
    top: 0;
    right: 0;
    bottom: 0;
    left: 0;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 0.5em;
    padding: 0.6em;
    border-radius: inherit;
    background: var(--surface);
    color: var(--text-2);
    text-align: center;
  }
  .main .instead .icon {
    width: 3em;
    height: 3em;
  }

  /* ---- waiting page ---- */
  .idle {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 1.2vh;
    padding: 0 4vw;
    text-align: center;
    background: radial-gradient(120% 90% at 50% 0%, #17233f 0%, var(--bg) 70%);
  }
  .idle .time {
    font-size: 26vh;
    font-weight: 200;
    line-height: 1.05;
    letter-spacing: -0.02em;
    font-variant-numeric: tabular-nums;
  }
  .idle .date {
    font-size: 4.6vh;
    color: var(--text-2);
  }
  .idle h1 {
    margin-top: 5vh;
    font-size: 7.2vh;
    font-weight: 600;
    line-height: 1.2;
  }
  .idle .say {
    max-width: 26em; /* between the two corners of a display that waits */
    font-size: 3.8vh;
    color: var(--text-2);
  }
  .idle button {
    min-height: 0;
    margin-top: 2vh;
    padding: 0.5em 1.2em;
    border-radius: 1.2vh;
    font-size: 3.8vh;
    font-weight: 600;
  }

  /* ---- banner ---- */
  .banner {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 0.5em;
    margin: 1.6vh 1.6vh 0;
    padding: 0.35em 1em;
    border-radius: 1.2vh;
    background: var(--accent);
    color: var(--on-accent);
    font-size: 4.2vh;
    font-weight: 600;
  }
  .banner.off {
    background: var(--warn);
    color: #241a02;
  }

  /* ---- bar ---- */
  footer {
    flex: none;
    display: flex;
    align-items: center;
    gap: 1.2em;
    min-height: 7.4vh;
    padding: 0.9vh 1.6vh;
  }
  .state {
    display: flex;
    align-items: center;
    gap: 0.45em;
    padding: 0.22em 0.8em 0.22em 0.6em;
    border-radius: 2em;
    background: var(--surface-2);
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
  .lesson {
    flex: 1;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    color: var(--text-2);
  }
  .notes {
    display: flex;
    gap: 1em;
    color: var(--text-2);
    white-space: nowrap;
  }
  .notes span {
    display: flex;
    align-items: center;
    gap: 0.35em;
  }
  .here {
    max-width: 30%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-weight: 600;
  }
  .clock {
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  footer button {
    min-height: 0;
    padding: 0.22em 0.8em 0.22em 0.6em;
    border-radius: 2em;
    border-color: var(--line);
    background: transparent;
    white-space: nowrap;
  }
  footer button:hover {
    background: var(--surface-2);
  }
  footer button[aria-pressed="true"] {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }
  button.tap {
    flex: none;
    margin: 1.6vh 1.6vh 0;
    min-height: 20vh;
    border: 0;
    border-radius: 1.6vh;
    background: var(--accent);
    color: var(--on-accent);
    font-size: 5.4vh;
    font-weight: 600;
  }

  /* ---- a phone, or a display hung upright ---- */
  @media (max-aspect-ratio: 1/1) {
    :host {
      --u: max(16px, 2.4vh);
    }
    .stage.side {
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      grid-template-rows: minmax(0, 1fr) auto;
      grid-template-areas: "main main" "one two";
    }
    .stage.side.single {
      grid-template-areas: "main main" "one one";
    }
    .one .frame,
    .two .frame {
      height: 27vw;
    }
    .single .one .frame {
      height: 45vw;
    }
    tk-captions {
      font-size: 5.4vw;
    }
    .local h1 {
      font-size: 9vw;
    }
    .local p,
    .local button {
      font-size: 4.4vw;
    }
    .idle .time {
      font-size: 26vw;
    }
    .idle .date {
      font-size: 5vw;
    }
    .idle h1 {
      font-size: 8vw;
    }
    .idle .say {
      font-size: 5vw;
    }
    .idle button {
      font-size: 5vw;
    }
    .banner {
      font-size: 5.4vw;
    }
    button.tap {
      font-size: 7vw;
    }
    footer {
      flex-wrap: wrap;
      gap: 0.5em 0.8em;
      padding-bottom: 2vh;
    }
    .lesson {
      flex-basis: 40%;
    }
    .here {
      order: 1;
      max-width: 60%;
    }
    .notes {
      flex-wrap: wrap;
      order: 2;
      gap: 0.4em 1em;
    }
    footer button {
      order: 3;
    }
  }
`;
