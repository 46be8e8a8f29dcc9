/** The teacher's switch of the captions, and how they are. Not there where the server has none. */

import { LitElement, css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { w } from "../components/captions.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { CaptionState } from "../lib/protocol.ts";

/** Refusals of the server that she can understand. */
export const REFUSED: Readonly<Record<string, "captions.busy" | "captions.none">> = {
  captions_busy: "captions.busy",
  captions_off: "captions.none",
};

/** `switch`: detail is whether they should be on. */
@customElement("tk-captions-switch")
export class CaptionsSwitch extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: inline-flex;
      }
      button {
        min-height: 36px;
        padding: var(--s1) var(--s3);
        white-space: nowrap;
      }
      button[aria-pressed="true"] {
        border-color: transparent;
        background: var(--accent-soft);
        color: var(--accent);
      }
      button.warn {
        background: var(--warn-soft);
        color: var(--text);
      }
    `,
  ];

  @property() state: CaptionState = "off";

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const on = this.state !== "off";
    const calm = this.state === "on" || !on;
    const text = this.state === "off" ? w("captions.on") : this.state === "on" ? w("captions.off") : w(`captions.${this.state}`);
    return html`<button class=${calm || this.state === "starting" ? "" : "warn"} aria-pressed=${String(on)} data-testid="captions-switch"
      data-state=${this.state} title=${on ? w("captions.off") : w("captions.on")}
      @click=${() => this.dispatchEvent(new CustomEvent("switch", { detail: !on }))}>${icon("captions")}${text}</button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-captions-switch": CaptionsSwitch;
  }
}
