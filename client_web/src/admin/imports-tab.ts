/** A file is dropped, a bar moves, a report says what became of each row; and the same things out again. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { field } from "../components/field.ts";
import "../components/import-box.ts";
import { buttonsCss } from "../components/buttons-css.ts";
import "../components/pick.ts";
import type { Choice } from "../components/pick.ts";
import { icon } from "../lib/icons.ts";
import { findSchools } from "../lib/lookups.ts";
import type { ImportKind } from "../lib/imports.ts";
import { ROOT, withQuery } from "../lib/rest.ts";
import { today } from "../lib/when.ts";
import { findCalendars } from "./places.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";

type Kind = Exclude<ImportKind, "library">;
const KINDS: readonly Kind[] = ["roster", "timetable", "days"];

@customElement("tk-imports-tab")
export class ImportsTab extends Tab {
  static override styles = [...Tab.styles, buttonsCss];

  @state() private kind: Kind = "roster";
  @state() private school: Choice | null = null;
  @state() private calendar: Choice | null = null;
  @state() private working = false;
  @state() private week = today();

  protected override willUpdate(): void {
    this.kind = this.#kinds.find((it) => it === this.kind) ?? this.#kinds[0] ?? this.kind;
  }

  protected override render(): TemplateResult {
    return html`${this.may("import.run") ? this.#import() : nothing} ${this.may("export.run") ? this.#exports() : nothing}`;
  }

  /** Rosters are imported for the whole system only. */
  get #kinds(): readonly Kind[] {
    return KINDS.filter((kind) => kind !== "roster" || this.mayIn("import.run", "system"));
  }

  #import(): TemplateResult {
    const { kind, school, calendar } = this;
    const lacks = kind === "timetable" && !school ? say("import.needsSchool") : kind === "days" && !calendar ? say("import.needsCalendar") : "";
    const query: Record<string, string> = kind === "timetable" && school ? { school: school.id } : kind === "days" && calendar ? { calendar: calendar.id } : {};
    return html`
      <h2>${say("import.title")}</h2>
      <div class="bar">
        ${field(
          say("import.what"),
          html`<select data-testid="import-kind" ?disabled=${this.working} @change=${(event: Event) => (this.kind = (event.target as HTMLSelectElement).value as Kind)}>
            ${this.#kinds.map((it) => html`<option value=${it} ?selected=${it === kind}>${say(`import.${it}`)}</option>`)}
          </select>`,
        )}
        ${kind === "timetable" ? this.#pick("school", say("people.school")) : nothing}
        ${kind === "days" ? this.#pick("calendar", say("calendar.which")) : nothing}
      </div>
      <p class="note">${say(`import.${kind}Lead`)}</p>
      <tk-import .rest=${this.rest} kind=${kind} .query=${query} lacks=${lacks} @busy=${(event: CustomEvent<boolean>) => (this.working = event.detail)}></tk-import>
    `;
  }

  #pick(what: "school" | "calendar", label: string): TemplateResult {
    return field(
      label,
      html`<tk-pick testid="import-${what}" label=${label} .chosen=${this[what]} .find=${what === "school" ? findSchools(this.rest) : findCalendars(this.rest)}
        @pick=${(event: CustomEvent<Choice | null>) => (this[what] = event.detail)}></tk-pick>`,
    );
  }

  #exports(): TemplateResult {
    const timetable = this.school ? withQuery(`${ROOT}/exports/timetable`, { school: this.school.id, day: this.week }) : "";
    return html`
      <h2>${say("export.title")}</h2>
      ${this.mayIn("export.run", "system")
        ? html`<div class="bar">
            <a class="button" href=${`${ROOT}/exports/roster`} download="roster.zip" data-testid="export-roster">${icon("file")}${say("export.roster")}</a>
          </div>`
        : nothing}
      <div class="bar">
        ${this.#pick("school", say("people.school"))}
        ${field(say("export.week"), html`<input type="date" .value=${this.week} @change=${(event: Event) => (this.week = (event.target as HTMLInputElement).value)} />`)}
        ${timetable
          ? html`<a class="button" href=${timetable} download="timetable.csv" data-testid="export-timetable">${icon("file")}${say("export.timetable")}</a>`
          : html`<button type="button" disabled>${icon("file")}${say("export.timetable")}</button>`}
      </div>
    `;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-imports-tab": ImportsTab;
  }
}
