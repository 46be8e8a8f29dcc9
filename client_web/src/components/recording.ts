/** The mark that everybody sees while a lesson is recorded. Nothing while it is not. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { Recording } from "../lib/protocol.ts";
import { words } from "../lib/words.ts";
import { recordingEn } from "../strings/recording.en.ts";
import { recordingZh } from "../strings/recording.zh.ts";
import { baseCss } from "./base-css.ts";

export const w = words(recordingZh, recordingEn);

/** What a recording means to one participant. @param me her id. */
export type Shown = Recording["state"] | "outHere";

export function shownTo(recording: Recording | null, me: string): Shown {
  if (!recording) return "off";
  return recording.state !== "off" && recording.excluded.includes(me) ? "outHere" : recording.state;
}

@customElement("tk-recording")
export class RecordingMark extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: inline-flex;
      }
      span {
        display: inline-flex;
        align-items: center;
        gap: 0.5em;
        font-weight: 600;
        white-space: nowrap;
      }
      i {
        width: 0.75em;
        height: 0.75em;
        border-radius: 50%;
        background: #e0392e;
      }
      .paused i,
      .outHere i,
      .off i {
        background: none;
        box-shadow: inset 0 0 0 2px currentColor;
      }
    `,
  ];

  @property({ attribute: false }) recording: Recording | null = null;
  @property({ attribute: false }) me = "";
  /** Also says that nothing is recorded. */
  @property({ type: Boolean }) always = false;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult | typeof nothing {
    const shown = shownTo(this.recording, this.me);
    if (shown === "off" && !this.always) return nothing;
    return html`<span class=${shown} role="status" data-testid="recording" data-state=${shown}>
      ${shown === "troubled" ? icon("warn") : html`<i></i>`}${w(`recording.${shown}`)}
    </span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-recording": RecordingMark;
  }
}
