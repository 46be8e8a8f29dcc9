/** Bell tables of a school: which periods ring from which day on, and an editor for one of them. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../components/dialog.ts";
import { field } from "../components/field.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import "../components/pick.ts";
import type { Choice } from "../components/pick.ts";
import { tag } from "../components/tag.ts";
import { emptiness } from "../components/trouble.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { findSchools } from "../lib/lookups.ts";
import { fromMinutes, longDay, today } from "../lib/when.ts";
import { listCss } from "./list-css.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";
import { firstOverlap, nextTyped, periodsOf, typedOf, type BellTable, type Typed } from "./times.ts";

interface Draft {
  /** Of the table that is changed; empty: a new one. */
  id: string;
  name: string;
  starts: string;
  typed: Typed[];
}

@customElement("tk-bells-tab")
export class BellsTab extends Tab {
  static override styles = [
    ...Tab.styles,
    loadedCss,
    listCss,
    css`
      .periods {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        margin: 0;
        padding: var(--s4);
        list-style: none;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
      }
      .periods li {
        padding: var(--s2) var(--s3);
        border-radius: var(--radius-s);
        background: var(--surface-2);
        font-variant-numeric: tabular-nums;
      }
      .periods small {
        display: block;
        color: var(--text-2);
      }
      .row {
        display: grid;
        grid-template-columns: 24px minmax(0, 1fr) 140px 140px 44px;
        grid-gap: var(--s2);
        align-items: center;
        margin-top: var(--s2);
      }
      tk-dialog {
        --dialog-width: 640px;
      }
      .row button {
        padding: 0;
      }
      @media (max-width: 560px) {
        .row {
          grid-template-columns: 20px minmax(0, 1fr) minmax(0, 1fr) 44px;
          margin-top: var(--s4);
        }
        .row input:first-of-type {
          grid-column: 2 / 4;
        }
        .row button {
          grid-row: 1;
          grid-column: 4;
        }
        .row input[type="time"] {
          grid-row: 2;
          padding: var(--s2);
        }
        .row input:nth-of-type(2) {
          grid-column: 2;
        }
        .row input:nth-of-type(3) {
          grid-column: 3;
        }
      }
    `,
  ];

  /** Whose tables; empty: the caller's own school. */
  @property() school = "";
  @state() private chosen: Choice | null = null;
  @state() private draft: Draft | null = null;
  @state() private wrong = "";
  #tables = new Loading<BellTable[] | null>(this, () => this.#ask());
  #shown = "\0";

  protected override updated(): void {
    const id = this.#id();
    if (id === this.#shown) return;
    this.#shown = id;
    this.#tables.value = null;
    void this.#tables.again();
  }

  protected override render(): TemplateResult {
    return html`
      <div class="bar">
        ${field(
          say("people.school"),
          html`<tk-pick testid="bells-school" label=${say("people.school")} .chosen=${this.chosen} .find=${findSchools(this.rest)}
            @pick=${(event: CustomEvent<Choice | null>) => event.detail && (location.hash = `#/bells/${event.detail.id}`)}></tk-pick>`,
        )}
        ${this.#id() && this.may("times.write")
          ? html`<button type="button" class="primary grow" data-testid="bells-new" @click=${() => this.#edit(null)}>${icon("plus")}${say("bells.new")}</button>`
          : nothing}
      </div>
      ${this.draft ? nothing : this.status()}
      ${this.#id()
        ? loaded(this.#tables, (tables) => (tables?.length ? this.#list(tables) : emptiness("bell", say("bells.none"))))
        : emptiness("house", say("bells.choose"))}
      ${this.draft ? this.#editor(this.draft) : nothing}
    `;
  }

  #list(tables: readonly BellTable[]): TemplateResult {
    const day = today();
    const now = [...tables].reverse().find((it) => it.starts <= day);
    return html`${tables.map(
      (table) => html`
        <div class="title">
          <h2>${table.name} ${table === now ? tag("ok", say("bells.now")) : nothing}
            <small class="note">${say("bells.from", { day: longDay(table.starts) })}</small></h2>
          ${this.may("times.write") ? html`<button type="button" data-testid="bells-edit" @click=${() => this.#edit(table)}>${say("action.edit")}</button>` : nothing}
        </div>
        <ol class="periods">
          ${table.periods.map(
            (it) => html`<li>${it.name || say("bells.period", { n: it.number })}<small>${fromMinutes(it.starts)}–${fromMinutes(it.ends)}</small></li>`,
          )}
        </ol>
      `,
    )}`;
  }

  #editor(draft: Draft): TemplateResult {
    return html`<tk-dialog heading=${say(draft.id ? "action.edit" : "bells.new")} testid="bells-dialog" @dismiss=${() => (this.draft = null)}>
      ${field(say("thing.name"), html`<input data-testid="bells-name" autofocus .value=${draft.name} @input=${(event: Event) => this.#set({ name: (event.target as HTMLInputElement).value })} />`, {
        hint: say("bells.nameHint"),
      })}
      ${field(say("bells.starts"), html`<input type="date" data-testid="bells-starts" .value=${draft.starts} @input=${(event: Event) => this.#set({ starts: (event.target as HTMLInputElement).value })} />`)}
      <p class="note">${say("bells.periods")}</p>
      ${draft.typed.map((it, index) => this.#row(it, index))}
      <div class="buttons">
        <button type="button" @click=${() => this.#set({ typed: [...draft.typed, nextTyped(draft.typed)] })}>${icon("plus")}${say("bells.more")}</button>
      </div>
      ${this.wrong ? html`<p class="refused" role="alert">${this.wrong}</p>` : nothing}
      ${this.status()}
      <button slot="actions" type="button" @click=${() => (this.draft = null)}>${say("action.notNow")}</button>
      <button slot="actions" type="button" class="primary" data-testid="bells-save" ?disabled=${this.busy} @click=${() => void this.#save(draft)}>${say("action.save")}</button>
    </tk-dialog>`;
  }

  #row(it: Typed, index: number): TemplateResult {
    const set = (part: Partial<Typed>): void => this.#set({ typed: this.draft!.typed.map((other, at) => (at === index ? { ...other, ...part } : other)) });
    const n = index + 1;
    const value = (event: Event): string => (event.target as HTMLInputElement).value;
    return html`<div class="row">
      <span>${n}</span>
      <input aria-label=${say("bells.nameOf", { n })} placeholder=${say("bells.period", { n })} .value=${it.name} @input=${(event: Event) => set({ name: value(event) })} />
      <input type="time" aria-label=${say("bells.startsOf", { n })} .value=${it.starts} @input=${(event: Event) => set({ starts: value(event) })} />
      <input type="time" aria-label=${say("bells.endsOf", { n })} .value=${it.ends} @input=${(event: Event) => set({ ends: value(event) })} />
      <button type="button" aria-label=${say("bells.removeOf", { n })} @click=${() => this.#set({ typed: this.draft!.typed.filter((_, at) => at !== index) })}>${icon("cross")}</button>
    </div>`;
  }

  #id(): string {
    return this.school || this.me.person.school || "";
  }

  async #ask(): Promise<BellTable[] | null> {
    const id = this.#id();
    if (!id) return null;
    const [school, tables] = await Promise.all([this.rest.get<Choice>(`/schools/${id}`), this.rest.get<BellTable[]>(`/schools/${id}/bells`)]);
    this.chosen = { id, name: school.name };
    return tables;
  }

  protected override changed(): void {
    void this.#tables.again();
  }

  #edit(table: BellTable | null): void {
    const last = this.#tables.value?.[this.#tables.value.length - 1];
    const typed = typedOf((table ?? last)?.periods ?? []);
    this.wrong = this.said = "";
    this.problem = null;
    this.draft = { id: table?.id ?? "", name: table?.name ?? "", starts: table?.starts ?? today(), typed: typed.length ? typed : [nextTyped([])] };
  }

  #set(part: Partial<Draft>): void {
    this.draft = { ...this.draft!, ...part };
    this.wrong = "";
  }

  async #save(draft: Draft): Promise<void> {
    const periods = periodsOf(draft.typed);
    const row = periods && firstOverlap(periods);
    if (!draft.name.trim() || !draft.starts) this.wrong = say("bells.needed");
    else if (!periods) this.wrong = say("bells.noTime");
    else if (row) this.wrong = say("bells.overlap", { n: row });
    if (this.wrong || !periods) return;
    // A period without a name of its own is called by its number, as the timetable prints it.
    const named = periods.map((it) => ({ ...it, name: it.name || say("bells.period", { n: it.number }) }));
    const table = { name: draft.name.trim(), starts: draft.starts, periods: named };
    const others = (this.#tables.value ?? []).filter((it) => it.id !== draft.id).map(({ name, starts, periods }) => ({ name, starts, periods }));
    await this.do(() => this.rest.put(`/schools/${this.#id()}/bells`, { tables: [...others, table] }), say("bells.saved"));
    if (!this.problem) this.draft = null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-bells-tab": BellsTab;
  }
}
