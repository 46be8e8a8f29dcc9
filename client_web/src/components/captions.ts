/** What the teacher says, at the foot of a picture: two lines, gone after some seconds of silence. */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LangController } from "../lib/i18n.ts";
import type { Captions } from "../lib/protocol.ts";
import { words } from "../lib/words.ts";
import { captionsEn } from "../strings/captions.en.ts";
import { captionsZh } from "../strings/captions.zh.ts";

export const w = words(captionsZh, captionsEn);

const GONE_MS = 6_000;

/** As large as the text around it; its place is its parent's business. */
@customElement("tk-captions")
export class CaptionsBand extends LitElement {
  static override styles = css`
    :host {
      display: flex;
      justify-content: center;
      pointer-events: none;
    }
    .band {
      display: flex;
      flex-direction: column;
      justify-content: flex-end;
      box-sizing: border-box;
      max-width: 100%;
      max-height: 3.1em; /* two lines; what is older is cut off above */
      overflow: hidden;
      padding: 0.2em 0.6em;
      border-radius: 0.25em;
      background: rgba(5, 7, 11, 0.82);
      color: #fff;
      font-weight: 600;
      line-height: 1.35;
    }
    p {
      flex: none;
      margin: 0;
      overflow-wrap: anywhere;
    }
    .tentative {
      color: #b9c3d6;
      font-weight: 400;
    }
  `;

  @property({ attribute: false }) captions: Captions | null = null;
  @state() private gone = true;
  #timer = 0;

  constructor() {
    super();
    new LangController(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("captions")) return;
    clearTimeout(this.#timer);
    const { captions } = this;
    this.gone = !captions || (captions.tentative === "" && captions.lines.every((line) => line === ""));
    if (!this.gone) this.#timer = window.setTimeout(() => (this.gone = true), GONE_MS);
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.gone || !this.captions) return nothing;
    const { lines, tentative } = this.captions;
    const last = lines.length - 1;
    return html`<div class="band" role="group" aria-label=${w("captions.label")} data-testid="captions">
      ${lines.slice(0, -1).map((line) => html`<p>${line}</p>`)}
      <p><span aria-live="polite" data-testid="captions-settled">${lines[last] ?? ""}</span><span class="tentative"
        aria-live="off" aria-hidden="true" data-testid="captions-tentative">${tentative}</span></p>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-captions": CaptionsBand;
  }
}
