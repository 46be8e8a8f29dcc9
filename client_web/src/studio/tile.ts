/** One receiving classroom: does it hear, does it see, is it in trouble? Told in half a second. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../components/meter.ts";
import "../components/picture.ts";
import { baseCss } from "../components/base-css.ts";
import * as format from "../lib/format.ts";
import { LangController, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { Participant, ParticipantStats } from "../lib/protocol.ts";
import { meterPosition } from "../lib/stats.ts";
import type { Health } from "./tiles.ts";

@customElement("tk-tile")
export class Tile extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-width: 0;
        overflow: hidden;
        border: 2px solid transparent;
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      :host([called]) {
        border-color: var(--accent);
      }
      :host([hand]) {
        border-color: var(--warn);
      }
      .picture {
        position: relative;
        padding-top: 56.25%;
        background: var(--picture);
      }
      .picture > * {
        position: absolute;
        top: 0;
        right: 0;
        bottom: 0;
        left: 0;
      }
      .instead {
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: var(--s1);
        padding: var(--s3);
        color: #b9c3d6;
        font-size: 14px;
        text-align: center;
      }
      .instead .icon {
        width: 28px;
        height: 28px;
      }
      .picture .raised {
        top: var(--s2);
        left: var(--s2);
        right: auto;
        bottom: auto;
        display: flex;
        align-items: center;
        gap: var(--s1);
        padding: 2px var(--s3) 2px var(--s2);
        border-radius: 20px;
        background: #ffcb6b;
        color: #241a02;
        font-size: 14px;
        font-weight: 600;
      }
      .picture .flags {
        top: auto;
        right: auto;
        bottom: var(--s2);
        left: var(--s2);
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1);
      }
      .flags span {
        display: flex;
        align-items: center;
        gap: var(--s1);
        padding: 2px var(--s3) 2px var(--s2);
        border-radius: 20px;
        background: #0a0d14;
        color: #f5f7fb;
        font-size: 14px;
        font-weight: 600;
      }
      tk-meter {
        height: 6px;
        border-radius: 0;
      }
      .body {
        display: grid;
        grid-gap: var(--s2);
        padding: var(--s3);
      }
      .name {
        overflow: hidden;
        font-size: 16px;
        font-weight: 600;
        line-height: 1.3;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .how {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: 0 var(--s3);
        font-size: 14px;
      }
      .health {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
        font-weight: 600;
      }
      .calm {
        color: var(--text-2);
      }
      .numbers {
        color: var(--text-2);
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .actions {
        display: flex;
        gap: var(--s2);
      }
      .actions button {
        padding-left: var(--s3);
        padding-right: var(--s3);
      }
      .actions .call {
        flex: 1;
      }
      .actions .muted {
        border-color: transparent;
        background: var(--bad-soft);
        color: var(--bad);
      }
    `,
  ];

  @property({ attribute: false }) who!: Participant;
  @property({ attribute: false }) stats: ParticipantStats | undefined;
  @property({ attribute: false }) health!: Health;
  @property({ attribute: false }) track: MediaStreamTrack | null = null;
  /** Codec that this browser cannot show, or null. */
  @property({ attribute: false }) unsupported: string | null = null;
  @property({ type: Boolean, reflect: true }) called = false;
  @property({ type: Boolean, reflect: true }) hand = false;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const { who, health, stats } = this;
    const report = stats?.report;
    return html`
      <div class="picture">
        <tk-picture cover testid="video-${who.id}" label=${who.name} .track=${this.track}></tk-picture>
        ${this.track ? nothing : this.#instead()}
        <div class="flags">
          ${who.display?.microphone === false
            ? html`<span data-testid="microphone-off-${who.id}">${icon("microphoneOff")}${t("tile.microphoneOff")}</span>`
            : nothing}
        </div>
        ${who.hand ? html`<span class="raised">${icon("hand")}${t("hand.up")}</span>` : nothing}
      </div>
      <tk-meter title=${t("tile.theirSound")} .read=${() => this.#level()}></tk-meter>
      <div class="body">
        <h3 class="name" title=${who.name}>${who.name}</h3>
        <p class="how">
          <span class="health ${health.tone}" data-testid="health-${who.id}">${icon(health.icon)}${t(health.text)}</span>
          <span class="numbers">
            ${report?.delay_ms != null ? t("tile.numbers", { delay: format.ms(report.delay_ms), loss: format.percent(report.loss) }) : nothing}
          </span>
        </p>
        <div class="actions">
          <button class="call ${this.called ? "primary" : ""}" data-testid="call-${who.id}" aria-pressed=${String(this.called)}
            @click=${() => this.dispatchEvent(new CustomEvent("tile-call"))}>
            ${icon("call")}${t(this.called ? "tile.uncall" : "tile.call")}
          </button>
          <button class=${who.muted ? "muted" : ""} data-testid="mute-${who.id}" aria-pressed=${String(who.muted)}
            aria-label=${t(who.muted ? "tile.unmute" : "tile.mute")} title=${t(who.muted ? "tile.unmute" : "tile.mute")}
            @click=${() => this.dispatchEvent(new CustomEvent("tile-mute"))}>
            ${icon(who.muted ? "microphoneOff" : "microphone")}
          </button>
        </div>
      </div>
    `;
  }

  #instead(): TemplateResult {
    if (this.unsupported !== null) {
      return html`<div class="instead">${icon("warn")}${t("slot.unsupported", { codec: this.unsupported })}</div>`;
    }
    const hasCamera = this.who.tracks.some((track) => track.source === "camera" && track.active);
    return html`<div class="instead">${icon(hasCamera ? "clock" : "cameraOff")}${t(hasCamera ? "slot.loading" : "tile.noCamera")}</div>`;
  }

  /** What the server hears of this classroom, on a meter's scale. */
  #level(): number {
    const level = this.stats?.up?.level;
    return level == null ? 0 : meterPosition(-level);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-tile": Tile;
  }
}
