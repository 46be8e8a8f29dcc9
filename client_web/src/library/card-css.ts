/** How cards of the library look. */

import { css } from "lit";

export const cardCss = css`
  .card {
    --shot: 224px;
    position: relative;
    display: grid;
    grid-template-columns: var(--shot) minmax(0, 1fr);
    grid-gap: var(--s4);
    padding: var(--s4);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }
  .card.bare {
    --shot: 112px;
  }
  .poster {
    position: relative;
    display: flex;
    align-items: center;
    justify-content: center;
    padding-top: 56.25%;
    border-radius: var(--radius-s);
    background: var(--surface-2);
    color: var(--text-2);
    overflow: hidden;
  }
  .poster > img,
  .poster > .icon {
    position: absolute;
    top: 0;
    left: 0;
    width: 100%;
    height: 100%;
    object-fit: cover;
  }
  .poster > .icon {
    padding: 18% 30%;
    stroke-width: 1.2;
  }
  .long {
    position: absolute;
    right: 6px;
    bottom: 6px;
    padding: 1px 6px;
    border-radius: 4px;
    background: rgba(8, 11, 18, 0.8);
    color: #fff;
    font-size: 13px;
    font-variant-numeric: tabular-nums;
  }
  .seen {
    position: absolute;
    right: 0;
    bottom: 0;
    left: 0;
    height: 4px;
    background: rgba(8, 11, 18, 0.5);
  }
  .seen i {
    display: block;
    height: 100%;
    background: var(--accent);
  }
  .text {
    min-width: 0;
  }
  h3 {
    font-size: 18px;
    line-height: 1.4;
    overflow-wrap: anywhere;
  }
  h3 a {
    color: inherit;
    text-decoration: none;
  }
  /* A click anywhere on the card is one on its title; what lies above it has its own. */
  h3 a::after {
    content: "";
    position: absolute;
    top: 0;
    right: 0;
    bottom: 0;
    left: 0;
    border-radius: var(--radius);
  }
  h3 a:focus-visible {
    box-shadow: none;
  }
  h3 a:focus-visible::after {
    box-shadow: var(--focus);
  }
  .hits a,
  .slides a {
    position: relative;
    z-index: 1;
  }
  h3 a:hover {
    color: var(--accent);
    text-decoration: underline;
  }
  .beside {
    color: var(--text-2);
    font-size: 14px;
  }
  .card .beside {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 var(--s2);
  }
  .kind {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    color: var(--text);
    font-weight: 500;
  }
  .snippet {
    display: -webkit-box;
    margin-top: var(--s2);
    overflow: hidden;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }
  .hits {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    grid-gap: 2px;
    margin-top: var(--s2);
  }
  .hit {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-height: 44px;
    padding: 2px var(--s2) 2px 2px;
    border-radius: var(--radius-s);
    color: var(--text);
    text-decoration: none;
  }
  .hit:hover {
    background: var(--accent-soft);
  }
  .hit > span:last-child {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .at {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    flex: none;
    padding: 3px 10px 3px 6px;
    border-radius: 999px;
    background: var(--accent-soft);
    color: var(--accent);
    font-size: 14px;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .at .icon {
    width: 1em;
    height: 1em;
    fill: currentColor;
  }
  .slides {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s3);
    margin-top: var(--s3);
  }
  .slides a {
    display: block;
    width: 168px;
    color: var(--text);
    font-size: 13px;
    line-height: 1.4;
    text-decoration: none;
  }
  .slides img {
    display: block;
    width: 100%;
    border: 1px solid var(--line);
    border-radius: var(--radius-s);
  }
  .slides span {
    display: -webkit-box;
    margin-top: 2px;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }
  .mine {
    display: grid;
    grid-template-columns: 128px minmax(0, 1fr);
    grid-template-rows: max-content 1fr;
    grid-gap: 0 var(--s3);
    height: 100%;
    padding: var(--s2);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--text);
    text-decoration: none;
  }
  .mine .poster {
    grid-row: 1 / span 2;
    align-self: start;
  }
  .mine .beside {
    align-self: start;
    display: -webkit-box;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }
  .mine strong {
    display: -webkit-box;
    overflow: hidden;
    font-weight: 600;
    line-height: 1.4;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }
  .mine:hover strong {
    color: var(--accent);
  }
  @media (max-width: 720px) {
    .card {
      --shot: 112px;
      grid-gap: var(--s3);
      padding: var(--s3);
    }
    .card.bare {
      grid-template-columns: minmax(0, 1fr);
    }
    .bare .shot {
      display: none;
    }
    .card .shot {
      align-self: start;
    }
    h3 {
      font-size: 16px;
    }
    .hits,
    .slides,
    .snippet {
      margin-left: calc(-1 * var(--shot) - var(--s3));
    }
    .bare .hits,
    .bare .slides,
    .bare .snippet {
      margin-left: 0;
    }
    .hit {
      align-items: flex-start;
    }
    .hit > span:last-child {
      white-space: normal;
    }
  }
`;
