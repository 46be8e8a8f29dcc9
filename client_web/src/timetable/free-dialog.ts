/** When are these people and classrooms free together? A time that is clicked becomes a booking. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import { field, fieldCss, tick } from "../components/field.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { FreeSlot } from "./api.ts";
import { addDays, isDay } from "./days.ts";
import { formCss } from "./dialog-css.ts";
import { EMPTY_RECEIVER, newDraft, toWhen, type Choice, type Draft } from "./draft.ts";
import type { Lookups } from "./lookups.ts";
import type { Model } from "./model.ts";
import "./picker.ts";
import { dayName, problemSentence } from "./sentences.ts";
import { w } from "./words.ts";

/** Sends `dismiss`, and `book` with a draft. */
@customElement("tk-free-dialog")
export class FreeDialog extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    formCss,
    css`
      tk-dialog {
        --dialog-width: 680px;
      }
      h3 {
        margin-top: var(--s4);
        font-size: 16px;
      }
      .search {
        margin-top: var(--s4);
      }
      .list {
        max-height: 300px;
        overflow-y: auto;
      }
    `,
  ];

  @property({ attribute: false }) model!: Model;
  @property({ attribute: false }) lookups!: Lookups;
  @state() private teacher: Choice | null = null;
  @state() private rooms: Choice[] = [];
  @state() private minutes = 40;
  @state() private first = "";
  @state() private last = "";
  @state() private byPeriod = true;
  @state() private found: FreeSlot[] | null = null;
  @state() private failure = "";
  @state() private searching = false;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { model } = this;
    this.first = model.first > model.today ? model.first : model.today;
    this.last = addDays(this.first, 13);
    if (model.view === "teacher") this.teacher = model.subject;
    if (model.view === "classroom" && model.subject) this.rooms = [model.subject];
  }

  protected override render() {
    return html`<tk-dialog heading=${w("tt.free")} testid="free-dialog" @dismiss=${() => this.dispatchEvent(new CustomEvent("dismiss"))}>
      ${field(w("tt.book.teacher"), html`<tk-picker data-testid="free-teacher" .label=${w("tt.book.teacher")} .chosen=${this.teacher} .find=${this.lookups.teachers()} @pick=${(event: CustomEvent<Choice | null>) => (this.teacher = event.detail)}></tk-picker>`)}
      ${field(w("tt.free.rooms"), html`<tk-picker data-testid="free-room" .label=${w("tt.free.rooms")} .chosen=${null} .find=${this.lookups.classrooms("", "", this.rooms.map(({ id }) => id))} @pick=${this.#add}></tk-picker>`, { hint: w("tt.free.roomsHint") })}
      ${this.rooms.length
        ? html`<div class="chips">${this.rooms.map((room) => html`<button type="button" aria-label=${w("tt.free.remove", { name: room.name })} @click=${() => (this.rooms = this.rooms.filter(({ id }) => id !== room.id))}>${w("tt.picked", { name: room.name, school: room.school_name })} ${icon("cross")}</button>`)}</div>`
        : nothing}
      <div class="three">
        ${field(w("tt.when.minutes"), html`<input type="number" min="5" max="240" step="5" .value=${String(this.minutes)} @change=${(event: Event) => (this.minutes = Math.max(5, Math.min(240, Number(valueOf(event)) || 40)))} />`)}
        ${field(w("tt.free.first"), html`<input type="date" .value=${this.first} @change=${(event: Event) => isDay(valueOf(event)) && (this.first = valueOf(event))} />`)}
        ${field(w("tt.free.last"), html`<input type="date" .value=${this.last} min=${this.first} @change=${(event: Event) => isDay(valueOf(event)) && (this.last = valueOf(event))} />`)}
      </div>
      ${tick(w("tt.free.byPeriod"), html`<input type="checkbox" .checked=${this.byPeriod} @change=${(event: Event) => (this.byPeriod = (event.target as HTMLInputElement).checked)} />`)}
      <button type="button" class="primary search" data-testid="search-free" ?disabled=${this.searching || !this.#resources().length} @click=${() => void this.#search()}>${icon("search")}${w("tt.free.search")}</button>
      ${this.failure ? html`<p class="failure" role="alert">${this.failure}</p>` : nothing} ${this.#list()}
      <button slot="actions" type="button" @click=${() => this.dispatchEvent(new CustomEvent("dismiss"))}>${w("tt.close")}</button>
    </tk-dialog>`;
  }

  #list() {
    const { found } = this;
    if (this.searching) return html`<p class="say">${w("tt.loading")}</p>`;
    if (!found) return nothing;
    if (!found.length) return html`<p class="say" role="status">${w("tt.free.none")}</p>`;
    const days = [...new Set(found.map(({ day }) => day))];
    return html`<div class="list" role="status">
      ${days.map(
        (day) => html`<h3>${dayName(day)}</h3>
          <div class="chips">
            ${found
              .filter((slot) => slot.day === day)
              .map((slot) => html`<button type="button" data-testid="free-slot" @click=${() => this.#book(slot)}>${this.#label(slot)}</button>`)}
          </div>`,
      )}
    </div>`;
  }

  #label({ period, starts, ends }: FreeSlot): string {
    const { zone } = this.model;
    const time = w("tt.span", { from: zone.clock(starts), to: zone.clock(ends) });
    return period === null ? time : w("tt.free.slot", { period: w("tt.period", { n: period }), time });
  }

  #resources(): string[] {
    return [...(this.teacher ? [`person:${this.teacher.id}`] : []), ...this.rooms.map(({ id }) => `classroom:${id}`)];
  }

  #add = (event: CustomEvent<Choice | null>): void => {
    if (event.detail) this.rooms = [...this.rooms, event.detail];
  };

  async #search(): Promise<void> {
    const school = this.rooms[0]?.school || this.teacher?.school || this.model.school?.id;
    if (!school) return;
    this.searching = true;
    this.failure = "";
    try {
      const body = { school, resources: this.#resources(), minutes: this.minutes, first: this.first, last: this.last, by_period: this.byPeriod };
      this.found = await this.model.rest.post<FreeSlot[]>("/free", body);
    } catch (error) {
      this.found = null;
      this.failure = problemSentence(error);
    } finally {
      this.searching = false;
    }
  }

  #book({ day, period, starts }: FreeSlot): void {
    const { model, rooms } = this;
    const when = toWhen({ first: day, minutes: this.minutes, period, starts: period === null ? model.zone.at(starts).minute : null });
    const draft: Draft = newDraft(when, model.forms[0]);
    const [lead, ...others] = rooms;
    const receivers = others.length ? others.map((classroom) => ({ ...EMPTY_RECEIVER, classroom })) : draft.receivers;
    this.dispatchEvent(new CustomEvent("book", { detail: { ...draft, teacher: this.teacher, classroom: lead ?? null, receivers } }));
  }
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement).value;
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-free-dialog": FreeDialog;
  }
}
