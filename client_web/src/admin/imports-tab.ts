/** A file is dropped, a bar moves, a report says what became of each row; and the same things out again. */

import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { field, tick } from "../components/field.ts";
import "../components/pick.ts";
import type { Choice } from "../components/pick.ts";
import { icon } from "../lib/icons.ts";
import { findSchools } from "../lib/lookups.ts";
import { problemText } from "../lib/problems.ts";
import { ROOT, RestProblem, withQuery } from "../lib/rest.ts";
import { today } from "../lib/when.ts";
import { follow, notThis, refusalText, send, shareOf, type Counts, type Import, type ImportKind } from "./imports.ts";
import { importsCss } from "./imports-css.ts";
import { findCalendars } from "./places.ts";
import { say } from "./say.ts";
import { Tab } from "./tab.ts";

const KINDS: readonly ImportKind[] = ["roster", "timetable", "days"];
const COUNTED: readonly (keyof Counts)[] = ["created", "changed", "unchanged", "skipped", "refused"];

@customElement("tk-imports-tab")
export class ImportsTab extends Tab {
  static override styles = [...Tab.styles, importsCss];

  @state() private kind: ImportKind = "roster";
  @state() private school: Choice | null = null;
  @state() private calendar: Choice | null = null;
  @state() private skips = false;
  @state() private file = "";
  @state() private over = false;
  @state() private running: Import | null = null;
  @state() private week = today();

  protected override willUpdate(): void {
    this.kind = this.#kinds.find((it) => it === this.kind) ?? this.#kinds[0] ?? this.kind;
  }

  protected override render(): TemplateResult {
    return html`
      ${this.status()}
      ${this.may("import.run") ? this.#import() : nothing}
      ${this.running ? this.#progress(this.running) : nothing}
      ${this.may("export.run") ? this.#exports() : nothing}
    `;
  }

  /** Rosters are imported for the whole system only. */
  get #kinds(): readonly ImportKind[] {
    return KINDS.filter((kind) => kind !== "roster" || this.mayIn("import.run", "system"));
  }

  #import(): TemplateResult {
    const busy = this.busy || this.running?.state === "running";
    return html`
      <h2>${say("import.title")}</h2>
      <div class="bar">
        ${field(
          say("import.what"),
          html`<select data-testid="import-kind" ?disabled=${busy} @change=${(event: Event) => (this.kind = (event.target as HTMLSelectElement).value as ImportKind)}>
            ${this.#kinds.map((kind) => html`<option value=${kind}>${say(`import.${kind}`)}</option>`)}
          </select>`,
        )}
        ${this.kind === "timetable" ? this.#pick("school", say("people.school")) : nothing}
        ${this.kind === "days" ? this.#pick("calendar", say("calendar.which")) : nothing}
      </div>
      <p class="note">${say(`import.${this.kind}Lead`)}</p>
      <label class="drop ${this.over ? "over" : ""}" @dragover=${this.#drag} @dragleave=${() => (this.over = false)} @drop=${this.#drop}>
        ${icon("file")}
        <strong>${say("import.drop")}</strong>
        <span>${this.file || say("import.choose")}</span>
        <input type="file" class="sr" data-testid="import-file" ?disabled=${busy} accept=${this.kind === "roster" ? ".zip" : ".csv"} @change=${this.#chosen} />
      </label>
      ${tick(
        say("import.skip"),
        html`<input type="checkbox" .checked=${this.skips} @change=${(event: Event) => (this.skips = (event.target as HTMLInputElement).checked)} />`,
        say("import.skipHint"),
      )}
    `;
  }

  #pick(what: "school" | "calendar", label: string): TemplateResult {
    return field(
      label,
      html`<tk-pick testid="import-${what}" label=${label} .chosen=${this[what]} .find=${what === "school" ? findSchools(this.rest) : findCalendars(this.rest)}
        @pick=${(event: CustomEvent<Choice | null>) => (this[what] = event.detail)}></tk-pick>`,
    );
  }

  #progress(it: Import): TemplateResult {
    const share = shareOf(it);
    if (it.state === "running") {
      const stage = say.maybe(`stage.${it.stage}`) ?? it.stage;
      return html`<div class="progress" role="status" data-testid="import-running">
        <p>${stage} ${it.total ? say("import.steps", { n: it.done, of: it.total }) : nothing}</p>
        ${share === null ? html`<progress aria-label=${stage}></progress>` : html`<progress aria-label=${stage} max="1" value=${share}></progress>`}
      </div>`;
    }
    const said = it.problem ? problemText(new RestProblem(500, it.problem.code, it.problem.detail)) : it.state === "refused" ? say("import.refused") : say("import.done");
    return html`
      <p class=${it.state === "done" ? "said" : "refused"} role="status" data-testid="import-over" data-state=${it.state}>${said}</p>
      ${it.report ? this.#report(it) : nothing}
    `;
  }

  #report({ id, report }: Import): TemplateResult {
    const { counts, refusals, more } = report!;
    return html`
      <div class="wide">
        <table>
          <thead><tr><th scope="col">${say("import.file")}</th>${COUNTED.map((it) => html`<th scope="col">${say(`count.${it}`)}</th>`)}</tr></thead>
          <tbody>
            ${Object.entries(counts).map(
              ([file, of]) => html`<tr><th scope="row">${file}</th>${COUNTED.map((it) => html`<td class=${it === "refused" && of[it] ? "bad" : ""}>${of[it]}</td>`)}</tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${refusals.length
        ? html`<h2>${say("import.rows", { n: refusals.length + more })}
              <a class="beside" href=${`${ROOT}/imports/${id}/report.csv`} download data-testid="report-csv">${say("import.csv")}</a></h2>
            <ul class="refusals" data-testid="refusals">
              ${refusals.map(
                (it) => html`<li>
                  <span class="place">${it.row ? say("import.row", { file: it.file, row: it.row }) : it.file}</span>
                  <span>${refusalText(it)}</span>
                </li>`,
              )}
            </ul>
            ${more ? html`<p class="note">${say("import.more", { n: more })}</p>` : nothing}`
        : nothing}
    `;
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

  #drag = (event: DragEvent): void => {
    event.preventDefault();
    this.over = true;
  };

  #drop = (event: DragEvent): void => {
    event.preventDefault();
    this.over = false;
    const file = event.dataTransfer?.files[0];
    if (file) void this.#begin(file);
  };

  #chosen = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    // The same file again is a change too, once it has been corrected.
    if (file) void this.#begin(file).then(() => (input.value = ""));
  };

  async #begin(file: File): Promise<void> {
    if (this.busy || this.running?.state === "running") return;
    const wrong = notThis(this.kind, file.name);
    const lacks = this.kind === "timetable" && !this.school ? "needsSchool" : this.kind === "days" && !this.calendar ? "needsCalendar" : null;
    this.said = "";
    if (wrong ?? lacks) {
      this.problem = new RestProblem(422, "page_said", say(`import.${(wrong ?? lacks)!}`));
      return;
    }
    this.file = file.name;
    this.running = null;
    await this.do(async () => {
      const query: Record<string, string | boolean> = { ...(this.skips ? { skip_refused: true } : {}) };
      if (this.kind === "timetable") query["school"] = this.school!.id;
      if (this.kind === "days") query["calendar"] = this.calendar!.id;
      this.running = { id: "", state: "running", stage: "upload", done: 0, total: null, report: null, problem: null };
      try {
        const id = await send(this.rest, this.kind, file, query);
        await follow(this.rest, id, (found) => (this.running = found), () => this.isConnected);
      } catch (problem) {
        this.running = null;
        throw problem;
      }
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-imports-tab": ImportsTab;
  }
}
