/** The receiving classrooms of a booking, each with the teacher beside the pupils and who sits in it. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { field, fieldCss } from "../components/field.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { Form, PupilClass } from "./api.ts";
import { formCss } from "./dialog-css.ts";
import { EMPTY_RECEIVER, type Choice, type ReceiverDraft } from "./draft.ts";
import type { Lookups } from "./lookups.ts";
import "./picker.ts";
import { w } from "./words.ts";

/** Sends `change` with the new list. */
@customElement("tk-receivers")
export class Receivers extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    formCss,
    css`
      .row {
        position: relative;
        margin-top: var(--s3);
        padding: 0 var(--s4) var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
      }
      .remove {
        position: absolute;
        top: 4px;
        right: 4px;
        width: 36px;
        min-height: 36px;
        padding: 0;
        border-color: transparent;
        background: transparent;
      }
      .add {
        margin-top: var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) receivers: ReceiverDraft[] = [];
  @property({ attribute: false }) form: Form | undefined;
  @property({ attribute: false }) lookups!: Lookups;
  @property({ attribute: false }) lead: string | null = null;
  @property({ type: Boolean }) dual = false;
  @property({ type: Boolean }) nagging = false;
  @state() private classes: ReadonlyMap<string, PupilClass[]> = new Map();

  constructor() {
    super();
    new LangController(this);
  }

  protected override render() {
    const { receivers, form } = this;
    const least = form?.least ?? 0;
    return html`<fieldset>
      <legend>${w("tt.book.receivers")}</legend>
      ${form ? html`<p class="say">${form.least ? w("tt.book.between", { least: form.least, most: form.most }) : w("tt.book.atMost", { most: form.most })}</p>` : nothing}
      ${receivers.map((receiver, at) => this.#row(receiver, at, receivers.length > least))}
      ${receivers.length < (form?.most ?? 50)
        ? html`<button type="button" class="add" data-testid="add-receiver" @click=${() => this.#send([...receivers, { ...EMPTY_RECEIVER }])}>${icon("plus")}${w("tt.book.addReceiver")}</button>`
        : nothing}
    </fieldset>`;
  }

  #row(receiver: ReceiverDraft, at: number, removable: boolean) {
    const taken = [this.lead ?? "", ...this.receivers.flatMap(({ classroom }, other) => (classroom && other !== at ? [classroom.id] : []))];
    const school = receiver.classroom?.school ?? "";
    const classes = this.#classesOf(school);
    const set = (change: Partial<ReceiverDraft>): void => this.#send(this.receivers.map((one, other) => (other === at ? { ...one, ...change } : one)));
    return html`<div class="row" data-testid=${`receiver-${at}`}>
      ${removable || this.receivers.length > (this.form?.least ?? 0)
        ? html`<button type="button" class="remove" aria-label=${w("tt.book.removeReceiver")} @click=${() => this.#send(this.receivers.filter((_, other) => other !== at))}>${icon("cross")}</button>`
        : nothing}
      <div class="three">
        ${field(
          w("tt.book.classroom"),
          html`<tk-picker
            data-testid=${`receiver-room-${at}`}
            .label=${w("tt.book.classroom")}
            .chosen=${receiver.classroom}
            .find=${this.lookups.classrooms("receiving", "", taken)}
            ?wrong=${this.nagging && !receiver.classroom}
            @pick=${(event: CustomEvent<Choice | null>) => set({ classroom: event.detail, ...(event.detail?.school === school ? {} : { assistant: null, pupilClass: "" }) })}
          ></tk-picker>`,
        )}
        ${field(
          w(this.dual ? "tt.book.assistantNeeded" : "tt.book.assistant"),
          html`<tk-picker
            data-testid=${`receiver-assistant-${at}`}
            .label=${w("tt.book.assistant")}
            .chosen=${receiver.assistant}
            .find=${this.lookups.teachers(school)}
            ?wrong=${this.nagging && this.dual && !receiver.assistant}
            @pick=${(event: CustomEvent<Choice | null>) => set({ assistant: event.detail })}
          ></tk-picker>`,
        )}
        ${field(
          w("tt.book.class"),
          html`<select ?disabled=${!classes.length} @change=${(event: Event) => set({ pupilClass: (event.target as HTMLSelectElement).value })}>
            <option value="">${w("tt.book.noClass")}</option>
            ${classes.map(({ id, name }) => html`<option value=${id} ?selected=${id === receiver.pupilClass}>${name}</option>`)}
          </select>`,
        )}
      </div>
    </div>`;
  }

  #classesOf(school: string): PupilClass[] {
    const known = this.classes.get(school);
    if (known || !school) return known ?? [];
    void this.lookups.classes(school).then(
      (classes) => (this.classes = new Map(this.classes).set(school, classes)),
      () => null, // a lesson can be booked without its class; the next row asks again
    );
    return [];
  }

  #send(receivers: ReceiverDraft[]): void {
    this.dispatchEvent(new CustomEvent("change", { detail: receivers }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-receivers": Receivers;
  }
}
