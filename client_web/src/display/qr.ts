/** A link for a phone to read off the screen: ISO/IEC 18004, black on white whatever the page's colours are. */

import { LitElement, css, html, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import { encode } from "uqr";

@customElement("tk-qr")
export class Qr extends LitElement {
  static override styles = css`
    :host {
      display: block;
      background: #fff;
    }
    svg {
      display: block;
      width: 100%;
      height: auto;
    }
  `;

  @property() text = "";
  /** What it is, for who cannot see it. */
  @property() label = "";

  protected override render() {
    // The least redundancy gives the largest modules; a screen has no dirt on it.
    const { data, size } = encode(this.text, { ecc: "L", border: 2 });
    const path = data.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
    return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label=${this.label} shape-rendering="crispEdges">
      ${svg`<path d=${path} fill="#000" />`}
    </svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-qr": Qr;
  }
}
