/** How the player's time line looks: a rail of 6 px in a row that a finger can hit. */

import { css } from "lit";

export const seekbarCss = css`
  :host {
    display: block;
  }
  .line {
    position: relative;
    height: 36px;
    touch-action: none;
  }
  .rail {
    position: absolute;
    top: 15px;
    right: 0;
    left: 0;
    height: 6px;
    border-radius: 3px;
    background: var(--line);
    overflow: hidden;
  }
  .line:hover .rail {
    top: 13px;
    height: 10px;
    border-radius: 5px;
  }
  .rail i,
  .dots i {
    position: absolute;
    top: 0;
    bottom: 0;
  }
  .loaded {
    background: var(--text-2);
    opacity: 0.35;
  }
  .done {
    background: var(--accent);
  }
  .gap {
    background: repeating-linear-gradient(135deg, var(--bad) 0 3px, var(--bad-soft) 3px 6px);
  }
  .cut {
    background: var(--ok);
    opacity: 0.75;
  }
  .chapter {
    width: 3px;
    margin-left: -1px;
    background: var(--surface);
  }
  .dots i {
    top: 4px;
    bottom: auto;
    width: 8px;
    height: 8px;
    margin-left: -4px;
    border-radius: 50%;
    background: var(--warn);
  }
  input {
    position: absolute;
    top: 0;
    right: -8px;
    left: -8px;
    width: calc(100% + 16px);
    height: 36px;
    margin: 0;
    background: transparent;
    cursor: pointer;
    -webkit-appearance: none;
    appearance: none;
  }
  input::-webkit-slider-runnable-track {
    height: 36px;
    background: transparent;
  }
  input::-webkit-slider-thumb {
    width: 16px;
    height: 16px;
    margin-top: 10px;
    border: 2px solid var(--surface);
    border-radius: 50%;
    background: var(--accent);
    -webkit-appearance: none;
    appearance: none;
  }
  input::-moz-range-track {
    background: transparent;
  }
  input::-moz-range-thumb {
    width: 12px;
    height: 12px;
    border: 2px solid var(--surface);
    border-radius: 50%;
    background: var(--accent);
  }
  input:focus-visible {
    box-shadow: none;
  }
  input:focus-visible::-webkit-slider-thumb {
    box-shadow: var(--focus);
  }
  .handle {
    position: absolute;
    top: -4px;
    z-index: 2;
    width: 44px;
    height: 44px;
    min-height: 0;
    padding: 0;
    border: 0;
    background: transparent;
    cursor: ew-resize;
    touch-action: none;
  }
  /* What is seen of either lies outside of the part, and is its own however short the part is. */
  .handle.from {
    z-index: 3;
    margin-left: -44px;
  }
  .handle.to {
    margin-left: -32px;
  }
  .handle::after {
    content: "";
    position: absolute;
    top: 6px;
    bottom: 6px;
    width: 12px;
    background: var(--ok);
  }
  .handle.from::after {
    right: 0;
    border-radius: 6px 0 0 6px;
  }
  .handle.to::after {
    left: 32px;
    border-radius: 0 6px 6px 0;
  }
  .preview {
    position: absolute;
    bottom: 40px;
    z-index: 5;
    display: grid;
    justify-items: center;
    padding-bottom: var(--s1);
    border-radius: var(--radius-s);
    background: var(--surface);
    color: var(--text);
    box-shadow: var(--shadow-up);
    font-size: 13px;
    text-align: center;
    overflow: hidden;
    pointer-events: none;
  }
  .preview strong {
    font-variant-numeric: tabular-nums;
  }
  .preview span {
    max-width: 100%;
    padding: 0 var(--s2);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .missing {
    color: var(--bad);
  }
  .shot {
    width: 100%;
    background-color: var(--picture);
  }
`;
