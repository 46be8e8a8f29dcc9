/** Numbers for whoever looks after the line: delay, loss, rate, resolution of every slot. */

import { LitElement, css, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import * as format from "../lib/format.ts";
import { LangController, t, type Key } from "../lib/i18n.ts";
import type { SlotState } from "../lib/protocol.ts";
import type { Digest } from "../lib/stats.ts";

const SLOT_NAMES: Readonly<Record<string, Key>> = {
  "camera/video": "slot.camera",
  "screen/video": "slot.screen",
  "called/video": "slot.called",
  "teacher/audio": "slot.teacherSound",
  "called/audio": "slot.calledSound",
};

@customElement("tk-overlay")
export class Overlay extends LitElement {
  static override styles = css`
    :host {
      position: fixed;
      top: 2.4vh;
      left: 2.4vh;
      z-index: 2;
      max-width: 95vw;
      overflow: hidden;
      border-radius: 1.2vh;
      background: rgba(5, 7, 11, 0.97);
      color: #f5f7fb;
      font-variant-numeric: tabular-nums;
    }
    table {
      border-collapse: collapse;
      margin: 0.4em;
    }
    th,
    td {
      padding: 0.15em 0.5em;
      text-align: right;
      white-space: nowrap;
      font-weight: 400;
    }
    th:first-child {
      text-align: left;
    }
    thead th {
      color: #b9c3d6;
    }
    @media (max-aspect-ratio: 1/1) {
      :host {
        font-size: 2.9vw;
      }
    }
  `;

  @property({ attribute: false }) slots: readonly SlotState[] = [];
  @property({ attribute: false }) digests: ReadonlyMap<string, Digest> = new Map();

  constructor() {
    super();
    new LangController(this);
  }

  protected override render() {
    const named = this.slots.filter((slot) => SLOT_NAMES[`${slot.slot}/${slot.kind}`]);
    return html`
      <table data-testid="overlay">
        <thead>
          <tr>
            <th>${t("overlay.slot")}</th>
            <th>${t("overlay.delay")}</th>
            <th>${t("overlay.loss")}</th>
            <th>${t("overlay.rate")}</th>
            <th>${t("overlay.size")}</th>
            <th>${t("overlay.fps")}</th>
            <th>${t("overlay.codec")}</th>
          </tr>
        </thead>
        <tbody>
          ${named.length ? named.map((slot) => this.#row(slot)) : html`<tr><th colspan="7">${t("overlay.nothing")}</th></tr>`}
        </tbody>
      </table>
    `;
  }

  #row(slot: SlotState) {
    const numbers = slot.status === "playing" ? this.digests.get(slot.mid) : undefined;
    const name = SLOT_NAMES[`${slot.slot}/${slot.kind}`] as Key;
    const video = slot.kind === "video";
    return html`
      <tr>
        <th>${t(name)}</th>
        <td>${format.ms(numbers?.delayMs)}</td>
        <td>${format.percent(numbers?.loss)}</td>
        <td>${format.rate(numbers?.bitrate)}</td>
        <td>${video ? format.size(numbers?.width, numbers?.height) : ""}</td>
        <td>${video ? format.fps(numbers?.fps) : ""}</td>
        <td>${slot.codec ?? ""}</td>
      </tr>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-overlay": Overlay;
  }
}
