/** Slides or chapters beside the player, at their times; the one that is on is marked. Sends `seek` (ms). */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { duration } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { lastBegun } from "./cues.ts";
import { paneCss } from "./pane-css.ts";
import { say } from "./say.ts";

export interface Stop {
  at_ms: number;
  text: string;
  /** URL, or empty. */
  image: string;
}

@customElement("tk-stops")
export class StopsPane extends LitElement {
  static override styles = [
    baseCss,
    paneCss,
    css`
      /* As high as its picture before that is there. */
      .shot {
        position: relative;
        display: block;
        margin-top: var(--s1);
        padding-top: 56.25%;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--surface-2);
        overflow: hidden;
      }
      img {
        position: absolute;
        top: 0;
        left: 0;
        width: 100%;
        height: 100%;
        object-fit: contain;
      }
      .text {
        display: -webkit-box;
        overflow: hidden;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 3;
      }
    `,
  ];

  @property({ attribute: false }) stops: readonly Stop[] = [];
  /** Where the shown part of the line begins, ms. */
  @property({ type: Number }) starts = 0;
  @property() none = "";
  @state() private current = -1;

  constructor() {
    super();
    new LangController(this);
  }

  /** @param at ms on the line. */
  follow(at: number): void {
    this.current = lastBegun(this.stops, at, (it) => it.at_ms);
  }

  protected override render(): TemplateResult {
    if (!this.stops.length) return html`<p class="say">${this.none}</p>`;
    return html`<ul class="rows">
      ${this.stops.map(
        (it, index) => html`<li data-testid="stop" aria-current=${index === this.current ? "true" : nothing}>
          <button type="button" class="jump" @click=${() => this.dispatchEvent(new CustomEvent<number>("seek", { detail: it.at_ms }))}>
            <time>${duration(it.at_ms - this.starts)}</time>
            <span><span class="text">${it.text || say("stops.number", { n: index + 1 })}</span>${it.image ? html`<span class="shot"><img loading="lazy" src=${it.image} alt="" /></span>` : nothing}</span>
          </button>
        </li>`,
      )}
    </ul>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-stops": StopsPane;
  }
}
