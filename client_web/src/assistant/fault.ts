/** Something does not work: what, and in her words. */

import { css, html, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { icon, type IconName } from "../lib/icons.ts";
import type { FaultKind } from "./session.ts";
import { Sheet } from "./sheet.ts";
import { w } from "./words.ts";

const KINDS: readonly { kind: FaultKind; icon: IconName }[] = [
  { kind: "sound", icon: "silent" },
  { kind: "picture", icon: "cameraOff" },
  { kind: "line", icon: "line" },
  { kind: "screen", icon: "screenOff" },
  { kind: "other", icon: "help" },
];
const MAX_TEXT = 500;

@customElement("tk-fault")
export class Fault extends Sheet {
  static override styles = [
    ...Sheet.styles,
    css`
      fieldset {
        display: grid;
        grid-template-columns: repeat(3, 1fr);
        grid-gap: var(--s2);
        margin: var(--s3) 0 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0 0 var(--s2);
        font-weight: 600;
      }
      fieldset label {
        position: relative;
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: var(--s1);
        min-height: 72px;
        border: 2px solid var(--line);
        border-radius: var(--radius);
        cursor: pointer;
      }
      fieldset label.chosen {
        border-color: var(--accent);
        background: var(--accent-soft);
        font-weight: 600;
      }
      fieldset label:focus-within {
        box-shadow: var(--focus);
      }
      fieldset input {
        position: absolute;
        opacity: 0;
      }
      .text {
        display: block;
        margin-top: var(--s4);
        font-weight: 600;
      }
      textarea {
        display: block;
        width: 100%;
        min-height: 84px;
        margin-top: var(--s2);
        padding: var(--s3);
        border: 2px solid var(--line);
        border-radius: var(--radius);
        background: var(--bg);
        color: inherit;
        font: inherit;
        resize: vertical;
      }
    `,
  ];

  @state() private kind: FaultKind | null = null;
  @state() private text = "";

  protected get heading(): string {
    return w("assistant.fault");
  }

  protected opening(): void {
    this.kind = null;
    this.text = "";
  }

  protected body(): TemplateResult {
    return html`
      <p class="hint">${w("assistant.fault.say")}</p>
      <fieldset>
        <legend>${w("assistant.fault.kind")}</legend>
        ${KINDS.map(
          (it) => html`
            <label class=${it.kind === this.kind ? "chosen" : ""} data-testid="fault-${it.kind}">
              <input type="radio" name="kind" .checked=${it.kind === this.kind} @change=${() => (this.kind = it.kind)} />
              ${icon(it.icon)}${w(`assistant.fault.${it.kind}`)}
            </label>
          `,
        )}
      </fieldset>
      <label class="text">
        ${w("assistant.fault.text")}
        <textarea data-testid="fault-text" maxlength=${MAX_TEXT} .value=${this.text}
          @input=${(event: Event) => (this.text = (event.target as HTMLTextAreaElement).value)}></textarea>
      </label>
      <button class="primary send" data-testid="fault-send" ?disabled=${this.sending || this.kind === null} @click=${this.#send}>
        ${w(this.sending ? "assistant.fault.sending" : "assistant.fault.send")}
      </button>
    `;
  }

  #send(): void {
    const { kind, text } = this;
    if (kind === null) return;
    void this.deliver(
      () => this.session.fault(kind, text.trim()),
      () => w("assistant.fault.sent"),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-fault": Fault;
  }
}
