/** The studio's layout: a head that answers the question, the classrooms, the teacher's own pictures, the controls. */

import { css } from "lit";

export const studioCss = css`
  :host {
    --mine: 300px;
    display: flex;
    flex-direction: column;
    min-height: 100vh;
    background: var(--bg);
  }
  header {
    position: sticky;
    top: 0;
    z-index: 2;
    display: flex;
    align-items: center;
    gap: var(--s4);
    min-height: 64px;
    padding: var(--s3) var(--s6);
    border-bottom: 1px solid var(--line);
    background: var(--surface);
  }
  .brand {
    display: flex;
    align-items: baseline;
    gap: var(--s3);
    min-width: 0;
    font-weight: 700;
    font-size: 18px;
    white-space: nowrap;
  }
  .brand small {
    overflow: hidden;
    color: var(--text-2);
    font-size: 14px;
    font-weight: 400;
    text-overflow: ellipsis;
  }
  .answer {
    display: flex;
    flex: 1;
    align-items: center;
    justify-content: center;
    gap: var(--s2);
    min-width: 0;
    padding: var(--s1) var(--s4);
    font-weight: 600;
  }
  .calm {
    color: var(--text-2);
  }
  .time {
    color: var(--text-2);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  header button {
    min-height: 36px;
    padding: var(--s1) var(--s3);
    white-space: nowrap;
  }

  /* ---- live ---- */
  .live {
    flex: 1;
    display: grid;
    grid-template-columns: minmax(0, 1fr) var(--mine);
    grid-gap: var(--s6);
    align-content: start;
    align-items: start;
    width: 100%;
    padding: var(--s6);
  }
  .head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: var(--s3);
    min-height: 40px;
    margin-bottom: var(--s3);
  }
  h2 {
    font-size: 18px;
    line-height: 1.3;
  }
  .pager {
    display: flex;
    align-items: center;
    gap: var(--s2);
    font-variant-numeric: tabular-nums;
  }
  .tiles {
    --tile: 248px;
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(var(--tile), 1fr));
    grid-gap: var(--s4);
  }
  .tiles.few {
    --tile: 320px;
  }
  .empty {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: var(--s3);
    padding: var(--s12) var(--s6);
    border: 2px dashed var(--line);
    border-radius: var(--radius);
    color: var(--text-2);
    text-align: center;
  }
  .empty .icon {
    width: 40px;
    height: 40px;
  }
  .mine {
    display: grid;
    grid-gap: var(--s4);
  }
  .mine figure {
    overflow: hidden;
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
  .mine .picture {
    position: relative;
    padding-top: 56.25%;
    background: var(--picture);
  }
  .mine .picture > * {
    position: absolute;
    top: 0;
    right: 0;
    bottom: 0;
    left: 0;
  }
  .mine .instead {
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: var(--s2);
    padding: var(--s3);
    color: #b9c3d6;
    font-size: 14px;
    text-align: center;
  }
  .mine .instead .icon {
    width: 28px;
    height: 28px;
  }
  .mine figcaption {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding: var(--s2) var(--s3);
    font-size: 14px;
  }
  .mine figcaption tk-meter {
    flex: 1;
  }
  .mine dl {
    display: grid;
    grid-template-columns: auto auto;
    grid-gap: var(--s1) var(--s3);
    padding: var(--s3) var(--s4);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
    font-size: 14px;
  }
  .mine dt {
    color: var(--text-2);
  }
  .mine dd {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .notice {
    display: flex;
    align-items: center;
    gap: var(--s3);
    margin: var(--s4) var(--s6) 0;
    padding: var(--s3) var(--s4);
    border-radius: var(--radius);
    background: var(--warn-soft);
    color: var(--text);
  }
  .notice.bad {
    background: var(--bad-soft);
    color: var(--text);
  }
  .notice p {
    flex: 1;
  }

  tk-captions {
    position: sticky;
    bottom: 88px; /* above the controls */
    z-index: 1;
    margin: 0 calc(var(--mine) + var(--s6)) 0 0;
    padding: 0 var(--s6);
    font-size: 22px;
  }

  /* ---- controls ---- */
  nav {
    position: sticky;
    bottom: 0;
    z-index: 1;
    display: flex;
    justify-content: center;
    gap: var(--s3);
    padding: var(--s3) var(--s6);
    border-top: 1px solid var(--line);
    background: var(--surface);
  }
  nav button {
    min-width: 112px;
    min-height: 48px;
  }
  nav button.off {
    border-color: transparent;
    background: var(--bad-soft);
    color: var(--bad);
  }
  nav button.on {
    border-color: transparent;
    background: var(--accent-soft);
    color: var(--accent);
  }
  nav .space {
    flex: 0 1 48px;
  }
  nav .round {
    min-width: 48px;
    padding: var(--s2);
  }

  /* ---- full-page states ---- */
  .page {
    flex: 1;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: var(--s4);
    max-width: 640px;
    margin: 0 auto;
    padding: var(--s8) var(--s6);
    text-align: center;
  }
  .page > .icon {
    width: 56px;
    height: 56px;
  }
  .page h1 {
    font-size: 28px;
    line-height: 1.3;
  }
  .page p {
    color: var(--text-2);
    font-size: 17px;
  }
  .page .actions {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: var(--s3);
    margin-top: var(--s3);
  }
  .page .actions button {
    min-height: 48px;
    padding: var(--s2) var(--s6);
  }

  @media (min-width: 1600px) {
    :host {
      --mine: 400px;
    }
    .tiles {
      --tile: 320px;
    }
    .tiles.some {
      --tile: 420px;
    }
    .tiles.few {
      --tile: 600px;
    }
  }
  @media (max-width: 1000px) {
    nav {
      gap: var(--s2);
      padding: var(--s2) var(--s4);
    }
    nav button {
      flex: 1;
      flex-direction: column;
      gap: var(--s1);
      min-width: 0;
      padding: var(--s2) var(--s1);
      font-size: 13px;
    }
    nav button .icon {
      width: 22px;
      height: 22px;
    }
    nav .space {
      display: none;
    }
    .live {
      grid-template-columns: minmax(0, 1fr);
    }
    tk-captions {
      margin: 0;
      font-size: 18px;
    }
    .mine {
      order: -1;
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
    .mine dl {
      grid-column: 1 / 3;
      grid-template-columns: repeat(3, minmax(0, 1fr));
      grid-template-rows: auto auto;
      grid-auto-flow: column;
    }
    .mine dd {
      text-align: left;
    }
  }
  @media (max-width: 640px) {
    header {
      flex-wrap: wrap;
      gap: var(--s1) var(--s3);
      padding: var(--s2) var(--s4);
    }
    .brand {
      flex: 1;
    }
    .answer {
      order: 5;
      flex-basis: 100%;
      padding-left: 0 !important;
      padding-right: 0 !important;
      justify-content: flex-start;
    }
    .live {
      grid-gap: var(--s4);
      padding: var(--s3) var(--s4);
    }
    .notice {
      flex-wrap: wrap;
      margin: var(--s3) var(--s4) 0;
    }
    .mine {
      grid-gap: var(--s2);
    }
    nav {
      padding: var(--s2);
    }
    nav button span {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip: rect(0 0 0 0);
    }
  }
`;
