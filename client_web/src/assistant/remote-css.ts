/** The remote's layout: phone first, big targets; on a wide screen a column of a phone's width. */

import { css } from "lit";

export const remoteCss = css`
  :host {
    flex: 1;
    display: flex;
    flex-direction: column;
    min-height: 0;
  }
  main {
    flex: 1;
    display: flex;
    flex-direction: column;
    gap: var(--s3);
    padding: var(--s3) var(--s4) var(--s4);
  }
  main > * {
    flex: none;
  }
  button {
    -webkit-user-select: none;
    user-select: none;
    touch-action: manipulation;
  }
  .status h1 {
    font-size: 22px;
    line-height: 1.25;
  }
  .status p {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0 var(--s3);
    margin-top: 2px;
    color: var(--text-2);
  }
  .left {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    color: var(--text);
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .status ul {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-top: var(--s2);
  }
  .status li {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    padding: 3px var(--s3) 3px var(--s2);
    border-radius: 20px;
    background: var(--surface-2);
    font-size: 15px;
  }
  .status li.ok {
    background: var(--ok-soft);
  }
  .status li.warn {
    background: var(--warn-soft);
  }
  .status li.bad {
    background: var(--bad-soft);
  }
  .status li.accent {
    background: var(--accent-soft);
    color: var(--accent);
    font-weight: 600;
  }
  .notice {
    display: flex;
    gap: var(--s2);
    padding: var(--s3);
    border-radius: var(--radius);
    background: var(--warn-soft);
    color: var(--warn);
  }
  .notice .icon {
    margin-top: 2px;
  }
  .pair {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    grid-gap: var(--s3);
  }
  .pair button {
    justify-content: flex-start;
    min-height: 64px;
    padding: var(--s2) var(--s3);
    border-radius: var(--radius);
    line-height: 1.3;
    text-align: left;
  }
  .pair button .icon {
    width: 26px;
    height: 26px;
  }
  .pair b {
    display: block;
    color: var(--text-2);
    font-size: 15px;
    font-weight: 500;
  }
  .switch b {
    color: var(--ok);
  }
  .switch.off {
    border-color: transparent;
    background: var(--bad-soft);
  }
  .switch.off,
  .switch.off b {
    color: var(--bad);
  }
  .volume {
    display: grid;
    grid-template-columns: 64px minmax(0, 1fr) 64px;
    grid-gap: var(--s3);
    align-items: stretch;
  }
  .volume button {
    min-height: 64px;
    padding: 0;
    border-radius: var(--radius);
  }
  .volume button .icon {
    width: 28px;
    height: 28px;
  }
  .volume label span {
    display: flex;
    justify-content: space-between;
    font-weight: 500;
    line-height: 1.2;
  }
  .volume b {
    font-variant-numeric: tabular-nums;
  }
  input[type="range"] {
    -webkit-appearance: none;
    appearance: none;
    display: block;
    width: 100%;
    height: 44px;
    margin: 0;
    background: transparent;
    touch-action: pan-y;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    height: 10px;
    border-radius: 5px;
    background: linear-gradient(to right, var(--accent) var(--at, 0%), var(--surface-2) var(--at, 0%));
  }
  input[type="range"]::-moz-range-track {
    height: 10px;
    border-radius: 5px;
    background: linear-gradient(to right, var(--accent) var(--at, 0%), var(--surface-2) var(--at, 0%));
  }
  input[type="range"]::-webkit-slider-thumb {
    -webkit-appearance: none;
    width: 32px;
    height: 32px;
    margin-top: -11px;
    border: 3px solid var(--surface);
    border-radius: 50%;
    background: var(--accent);
    box-shadow: var(--shadow);
  }
  input[type="range"]:disabled {
    opacity: 0.5;
  }
  .local {
    margin-top: auto;
    padding: var(--s3);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
  .local.on {
    background: var(--accent-soft);
  }
  .local button {
    width: 100%;
    min-height: 56px;
    border-radius: var(--radius);
    font-size: 18px;
    font-weight: 600;
  }
  .local.on button {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }
  .local p {
    margin-top: var(--s2);
    color: var(--text-2);
    font-size: 14px;
    line-height: 1.4;
  }
  footer {
    position: sticky;
    bottom: 0;
    padding: var(--s3) var(--s4) max(var(--s3), env(safe-area-inset-bottom));
    background: var(--bg);
    box-shadow: 0 -1px 0 var(--line);
  }
  .hand {
    width: 100%;
    min-height: 84px;
    border: 0;
    border-radius: 20px;
    background: var(--accent);
    color: var(--on-accent);
    font-size: 26px;
    font-weight: 600;
  }
  .hand:hover {
    background: var(--accent-hover);
  }
  .hand.up,
  .hand.up:hover {
    background: #ffcb6b;
    color: #241a02;
  }
  .hand .icon {
    width: 38px;
    height: 38px;
  }
  @media (max-height: 700px) {
    .hand {
      min-height: 68px;
    }
  }
`;
