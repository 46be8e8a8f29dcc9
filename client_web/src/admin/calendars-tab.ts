/** Calendars: terms, holidays and swapped days; the public ones are proposed and accepted one by one. */

import { css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../components/dialog.ts";
import { field } from "../components/field.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { tag } from "../components/tag.ts";
import { emptiness } from "../components/trouble.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { mayIn } from "../lib/rights.ts";
import { plusDays, today, longDay } from "../lib/when.ts";
import { listCss } from "./list-css.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";
import { differing, withDays, withoutDay, type Calendar, type SpecialDay, type Term } from "./times.ts";

interface Proposal {
  days: SpecialDay[];
  uncertain: number[];
}

@customElement("tk-calendars-tab")
export class CalendarsTab extends Tab {
  static override styles = [
    ...Tab.styles,
    loadedCss,
    listCss,
    css`
      .proposed {
        max-height: 50vh;
        overflow: auto;
        margin-top: var(--s3);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
      }
      .proposed label {
        display: grid;
        grid-template-columns: 24px minmax(0, 1fr);
        grid-gap: var(--s2);
        align-items: center;
        padding: var(--s2) var(--s3);
      }
      .proposed li + li {
        border-top: 1px solid var(--line);
      }
    `,
  ];

  /** Which is shown; empty: the first. */
  @property() calendar = "";
  @state() private proposal: Proposal | null = null;
  @state() private accepted: ReadonlySet<string> = new Set();
  #all = new Loading<{ id: string; name: string }[]>(this, async () => (await this.rest.all<{ id: string; name: string }>("/calendars")).items);
  #one = new Loading<Calendar | null>(this, () => this.#ask());
  #shown = "";

  protected override updated(): void {
    const id = this.#id();
    if (id === this.#shown) return;
    this.#shown = id;
    this.#one.value = null;
    void this.#one.again();
  }

  protected override render(): TemplateResult {
    return html`
      <div class="bar">
        ${field(
          say("calendar.which"),
          html`<select data-testid="calendar" @change=${(event: Event) => (location.hash = `#/calendars/${(event.target as HTMLSelectElement).value}`)}>
            ${(this.#all.value ?? []).map(({ id, name }) => html`<option value=${id} ?selected=${id === this.#id()}>${name}</option>`)}
          </select>`,
        )}
        ${mayIn(this.me, "times.write", "system", "region")
          ? html`<button type="button" class="grow" data-testid="calendar-new" @click=${() => this.#create()}>${icon("plus")}${say("calendar.new")}</button>`
          : nothing}
      </div>
      ${this.status()}
      ${loaded(this.#all, (all) =>
        all.length ? loaded(this.#one, (calendar) => (calendar ? this.#whole(calendar) : nothing)) : emptiness("calendar", say("calendar.none")),
      )}
      ${this.proposal && this.#one.value ? this.#proposed(this.proposal, this.#one.value) : nothing}
      ${this.asking()}
    `;
  }

  #whole(calendar: Calendar): TemplateResult {
    const writes = calendar.may_write;
    return html`
      <div class="title">
        <h2>${say("term.title")}</h2>
        ${writes ? html`<button type="button" data-testid="term-new" @click=${() => this.#term(calendar, null)}>${icon("plus")}${say("term.new")}</button>` : nothing}
      </div>
      ${calendar.terms.length
        ? html`<ul class="list" data-testid="terms">
            ${calendar.terms.map(
              (term) => html`<li>
                <span class="what"><strong>${term.name}</strong><small>${longDay(term.starts)} – ${longDay(term.ends)}</small></span>
                ${writes
                  ? html`<span class="buttons">
                      <button type="button" @click=${() => this.#term(calendar, term)}>${say("action.edit")}</button>
                      <button type="button" @click=${() => this.#removeTerm(calendar, term)}>${say("action.remove")}</button>
                    </span>`
                  : nothing}
              </li>`,
            )}
          </ul>`
        : emptiness("calendar", say("term.none"))}
      <div class="title">
        <h2>${say("day.special")}</h2>
        ${writes
          ? html`<span class="buttons">
              <button type="button" data-testid="propose" @click=${() => this.#propose(calendar)}>${say("day.propose")}</button>
              <button type="button" data-testid="day-new" @click=${() => this.#add(calendar)}>${icon("plus")}${say("day.new")}</button>
            </span>`
          : nothing}
      </div>
      ${calendar.days.length
        ? html`<ul class="list" data-testid="days">
            ${calendar.days.map(
              (it) => html`<li>
                <span class="what"><strong>${longDay(it.day)}</strong><small>${it.name}</small></span>
                ${this.#kind(it)}
                ${writes
                  ? html`<button type="button" ?disabled=${this.busy} aria-label=${`${say("action.remove")} ${it.day}`}
                      @click=${() => void this.#save(calendar, withoutDay(calendar.days, it.day))}>${say("action.remove")}</button>`
                  : nothing}
              </li>`,
            )}
          </ul>`
        : emptiness("calendar", say("day.noneSpecial"))}
    `;
  }

  #kind(it: SpecialDay): TemplateResult {
    return it.runs === null ? tag("warn", say("day.free")) : tag("plain", say("day.runs", { day: longDay(it.runs) }));
  }

  #proposed({ days, uncertain }: Proposal, calendar: Calendar): TemplateResult {
    const fresh = differing(calendar.days, days);
    return html`<tk-dialog heading=${say("day.proposed")} testid="proposal" @dismiss=${() => (this.proposal = null)}>
      <p class="note">${fresh.length ? say("day.proposedLead") : say("day.proposedNone")}</p>
      ${uncertain.length ? html`<p class="warn" role="alert">${icon("warn")} ${say("day.uncertain", { years: uncertain.join(", ") })}</p>` : nothing}
      ${this.status()}
      ${fresh.length
        ? html`<ul class="proposed">
            ${fresh.map(
              (it) => html`<li><label>
                <input type="checkbox" .checked=${this.accepted.has(it.day)} @change=${() => this.#toggle(it.day)} />
                <span>${longDay(it.day)} · ${it.name} ${this.#kind(it)}</span>
              </label></li>`,
            )}
          </ul>`
        : nothing}
      <button slot="actions" type="button" @click=${() => (this.proposal = null)}>${say("action.notNow")}</button>
      <button slot="actions" type="button" class="primary" data-testid="accept" ?disabled=${this.busy || !this.accepted.size}
        @click=${() => void this.#accept(calendar, fresh)}>${say("day.accept", { n: this.accepted.size })}</button>
    </tk-dialog>`;
  }

  #toggle(day: string): void {
    const accepted = new Set(this.accepted);
    if (!accepted.delete(day)) accepted.add(day);
    this.accepted = accepted;
  }

  async #accept(calendar: Calendar, fresh: readonly SpecialDay[]): Promise<void> {
    await this.#save(calendar, withDays(calendar.days, fresh.filter((it) => this.accepted.has(it.day))));
    if (!this.problem) this.proposal = null;
  }

  #id(): string {
    return this.calendar || (this.#all.value?.[0]?.id ?? "");
  }

  #ask(): Promise<Calendar | null> {
    const id = this.#id();
    return id ? this.rest.get<Calendar>(`/calendars/${id}`) : Promise.resolve(null);
  }

  protected override changed(): void {
    void this.#all.again();
    void this.#one.again();
  }

  #save(calendar: Calendar, days: readonly SpecialDay[]): Promise<void> {
    return this.do(() => this.rest.put(`/calendars/${calendar.id}/days`, { days }), say("day.saved"));
  }

  #create(): void {
    this.ask({
      heading: say("calendar.new"),
      asks: [{ kind: "text", name: "name", label: say("thing.name"), hint: say("calendar.nameHint"), most: 120 }],
      action: say("action.create"),
      save: async ({ name }) => {
        const { id } = await this.rest.create<Calendar>("/calendars", { name });
        location.hash = `#/calendars/${id}`;
      },
    });
  }

  #term(calendar: Calendar, term: Term | null): void {
    this.ask({
      heading: say(term ? "action.edit" : "term.new"),
      asks: [
        { kind: "text", name: "name", label: say("thing.name"), value: term?.name ?? "", hint: say("term.nameHint"), most: 120 },
        { kind: "date", name: "starts", label: say("term.starts"), value: term?.starts ?? "" },
        { kind: "date", name: "ends", label: say("term.ends"), value: term?.ends ?? "" },
      ],
      action: say("action.save"),
      save: ({ name, starts, ends }) =>
        term
          ? this.rest.patch(`/calendars/${calendar.id}/terms/${term.id}`, { name, starts, ends })
          : this.rest.create(`/calendars/${calendar.id}/terms`, { name, starts, ends }),
    });
  }

  #removeTerm(calendar: Calendar, term: Term): void {
    this.ask({
      heading: say("term.removeOf", { name: term.name }),
      lead: say("term.removeLead"),
      asks: [],
      action: say("action.remove"),
      danger: true,
      save: () => this.rest.delete(`/calendars/${calendar.id}/terms/${term.id}`),
    });
  }

  #add(calendar: Calendar): void {
    this.ask({
      heading: say("day.new"),
      asks: [
        { kind: "date", name: "day", label: say("day.day") },
        { kind: "select", name: "kind", label: say("school.kind"), options: [["free", say("day.free")], ["runs", say("day.runsOther")]] },
        { kind: "date", name: "runs", label: say("day.runsDay"), hint: say("day.runsHint"), when: (said) => said["kind"] === "runs" },
        { kind: "text", name: "name", label: say("thing.name"), optional: true, most: 120 },
      ],
      action: say("action.save"),
      save: ({ day, runs, name }) =>
        this.rest.put(`/calendars/${calendar.id}/days`, {
          days: withDays(calendar.days, [{ day: String(day), runs: runs ? String(runs) : null, name: String(name) }]),
        }),
    });
  }

  #propose(calendar: Calendar): void {
    this.ask({
      heading: say("day.propose"),
      lead: say("day.proposeLead"),
      asks: [
        { kind: "date", name: "first", label: say("day.first"), value: today() },
        { kind: "date", name: "last", label: say("day.last"), value: plusDays(today(), 365) },
      ],
      action: say("day.look"),
      save: async ({ first, last }) => {
        const proposal = await this.rest.get<Proposal>(`/calendars/${calendar.id}/proposal`, { first: String(first), last: String(last) });
        this.accepted = new Set(differing(calendar.days, proposal.days).map((it) => it.day));
        this.proposal = proposal;
      },
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-calendars-tab": CalendarsTab;
  }
}
