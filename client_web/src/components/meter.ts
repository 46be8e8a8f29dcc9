/** A level meter: a bar that follows `read()` ten times a second. */

import { LitElement, css, html } from "lit";
import { customElement, property, query } from "lit/decorators.js";

const EVERY_MS = 100;

@customElement("tk-meter")
export class Meter extends LitElement {
  static override styles = css`
    :host {
      display: block;
      height: 8px;
      border-radius: 4px;
      overflow: hidden;
      background: var(--meter-bg, var(--surface-2));
    }
    div {
      height: 100%;
      border-radius: 4px;
      background: var(--ok);
      transform: scaleX(0);
      transform-origin: left;
      transition: transform 100ms linear;
    }
    div.loud {
      background: var(--warn);
    }
  `;

  /** Where the bar stands now, 0…1. */
  @property({ attribute: false }) read: () => number = () => 0;
  @query("div") private bar!: HTMLDivElement;
  #timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("aria-hidden", "true");
    this.#timer = window.setInterval(() => this.#draw(), EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override render() {
    return html`<div></div>`;
  }

  #draw(): void {
    if (!this.bar) return;
    const position = Math.min(1, Math.max(0, this.read()));
    this.bar.style.transform = `scaleX(${position.toFixed(2)})`;
    this.bar.classList.toggle("loud", position > 0.95);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-meter": Meter;
  }
}
