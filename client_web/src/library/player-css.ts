/** How the player looks: pictures beside each other, nothing over them that could hide what is written. */

import { css } from "lit";

export const playerCss = css`
  :host {
    display: block;
  }
  .stage {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    overflow: visible;
  }
  .pictures {
    position: relative;
    display: grid;
    grid-gap: 2px;
    border-radius: var(--radius) var(--radius) 0 0;
    background: var(--picture);
    overflow: hidden;
  }
  .pictures.large {
    grid-template-columns: minmax(0, 3fr) minmax(0, 1fr);
    align-items: center;
  }
  .pictures.both {
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
  }
  .picture {
    position: relative;
    padding-top: 56.25%;
    background: var(--picture);
    color: #f1f4fa;
  }
  /* The time line stays in sight below it. */
  .one .picture,
  .large .main {
    padding-top: min(56.25%, max(200px, calc(100vh - 330px)));
  }
  .large .main {
    grid-row: 1 / span 9;
    grid-column: 1;
  }
  .large .beside {
    grid-column: 2;
  }
  .picture video {
    position: absolute;
    top: 0;
    left: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
    cursor: pointer;
  }
  video.before,
  video.after {
    visibility: hidden;
  }
  .away {
    position: absolute;
    top: 0;
    right: 0;
    bottom: 0;
    left: 0;
    display: flex;
    align-items: center;
    justify-content: center;
    padding: var(--s3);
    font-size: 14px;
    text-align: center;
  }
  .sound {
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: var(--s3);
    min-height: 180px;
    padding: var(--s6);
  }
  .sound .icon {
    width: 48px;
    height: 48px;
  }
  .enlarge {
    position: absolute;
    right: var(--s1);
    bottom: var(--s1);
    width: 44px;
    min-height: 44px;
    padding: 0;
    border-color: transparent;
    background: rgba(8, 11, 18, 0.6);
    color: #fff;
    opacity: 0;
  }
  .picture:hover .enlarge,
  .enlarge:focus-visible {
    opacity: 1;
  }
  .over,
  .big {
    position: absolute;
    top: 50%;
    left: 50%;
    z-index: 2;
    transform: translate(-50%, -50%);
  }
  .over {
    display: grid;
    justify-items: center;
    grid-gap: var(--s3);
    max-width: 90%;
    padding: var(--s3) var(--s5);
    border-radius: var(--radius);
    background: rgba(8, 11, 18, 0.82);
    color: #fff;
    text-align: center;
  }
  .over.quiet {
    top: auto;
    bottom: var(--s3);
    padding: var(--s2) var(--s4);
    transform: translateX(-50%);
  }
  /* A jump takes a moment; only what takes longer is worth a word. */
  .late {
    animation: late 0s 0.5s backwards;
  }
  @keyframes late {
    from {
      visibility: hidden;
    }
  }
  .big {
    width: 84px;
    height: 84px;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: var(--accent);
    color: var(--on-accent);
    box-shadow: var(--shadow-up);
  }
  .big .icon {
    width: 40px;
    height: 40px;
    fill: currentColor;
  }
  .captions {
    min-height: 56px;
    padding: var(--s3) var(--s4);
    background: var(--picture);
    color: #fff;
    font-size: 20px;
    line-height: 1.6;
    text-align: center;
    white-space: pre-line;
  }
  .bar {
    padding: 0 var(--s4) var(--s2);
  }
  .row {
    display: flex;
    align-items: center;
    gap: var(--s1);
  }
  .grow {
    flex: 1;
  }
  .flat {
    min-width: 44px;
    min-height: 44px;
    padding: 0 var(--s2);
    border-color: transparent;
    background: transparent;
    color: var(--text);
    border-radius: var(--radius-s);
  }
  .flat:hover {
    background: var(--surface-2);
  }
  .flat[aria-pressed="true"] {
    background: var(--accent-soft);
    color: var(--accent);
  }
  select.flat {
    border: 0;
    font-variant-numeric: tabular-nums;
  }
  select.flat option {
    background: var(--surface);
    color: var(--text);
  }
  .time {
    padding: 0 var(--s2);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .volume {
    width: 88px;
    accent-color: var(--accent);
  }
  .keys {
    display: grid;
    grid-template-columns: max-content 1fr;
    grid-gap: var(--s2) var(--s4);
    align-items: center;
    margin-top: var(--s4);
  }
  kbd {
    display: inline-block;
    min-width: 28px;
    margin-right: 4px;
    padding: 2px var(--s2);
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--surface-2);
    font-family: inherit;
    text-align: center;
  }
  .stage:fullscreen {
    display: flex;
    flex-direction: column;
    border: 0;
    border-radius: 0;
    background: var(--picture);
  }
  .stage:fullscreen .pictures {
    flex: 1;
    min-height: 0;
    border-radius: 0;
    align-items: stretch;
  }
  .stage:fullscreen .picture {
    padding-top: 0;
    height: 100%;
    min-height: 0;
  }
  .stage:fullscreen .bar {
    background: var(--surface);
  }
  .stage:fullscreen .captions {
    font-size: 28px;
  }
  @media (max-width: 720px) {
    .stage {
      border-width: 1px 0;
      border-radius: 0;
    }
    .pictures,
    .pictures.large,
    .pictures.both {
      grid-template-columns: minmax(0, 1fr);
      border-radius: 0;
    }
    .large .main {
      grid-row: 1;
    }
    .large .beside {
      grid-column: 1;
    }
    .enlarge {
      opacity: 1;
    }
    .captions {
      min-height: 48px;
      padding: var(--s2) var(--s3);
      font-size: 17px;
    }
    .volume {
      display: none;
    }
    .bar {
      padding: 0 var(--s3) var(--s1);
    }
    .row {
      gap: 0;
    }
    .stage:fullscreen .pictures {
      grid-auto-rows: minmax(0, 1fr);
    }
  }
  @media (max-width: 480px) {
    .row {
      flex-wrap: wrap;
      justify-content: space-between;
    }
    .time {
      order: -1;
      flex: 1 1 100%;
      font-size: 14px;
    }
    .grow {
      display: none;
    }
    [data-testid="do-help"] {
      display: none;
    }
  }
`;
