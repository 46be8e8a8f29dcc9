/**
 * A file is dropped, a bar moves, a report says what became of each row. Sends `busy` with whether it is under way, and
 * `done` with the report when rows were written.
 */

import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { follow, notThis, refusalText, send, shareOf, type Counts, type Import, type ImportKind, type Report } from "../lib/imports.ts";
import { problemText } from "../lib/problems.ts";
import { ROOT, RestProblem, type Rest } from "../lib/rest.ts";
import { words } from "../lib/words.ts";
import { importsEn } from "../strings/imports.en.ts";
import { importsZh } from "../strings/imports.zh.ts";
import { baseCss } from "./base-css.ts";
import { fieldCss, tick } from "./field.ts";
import { importsCss } from "./imports-css.ts";

const say = words(importsZh, importsEn);
const COUNTED: readonly (keyof Counts)[] = ["created", "changed", "unchanged", "skipped", "refused"];

@customElement("tk-import")
export class ImportBox extends LitElement {
  static override styles = [baseCss, fieldCss, importsCss];

  @property({ attribute: false }) rest!: Rest;
  @property() kind: ImportKind = "roster";
  /** What the server is told beside the file. */
  @property({ attribute: false }) query: Readonly<Record<string, string>> = {};
  /** What must be chosen first, in words; empty: nothing. */
  @property() lacks = "";
  @state() private skips = false;
  @state() private file = "";
  @state() private over = false;
  @state() private wrong = "";
  @state() private problem: unknown = null;
  @state() private running: Import | null = null;

  constructor() {
    super();
    new LangController(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("kind") || !this.hasUpdated) return;
    this.file = this.wrong = "";
    this.problem = this.running = null;
  }

  get #busy(): boolean {
    return this.running?.state === "running";
  }

  protected override render(): TemplateResult {
    return html`
      <label class="drop ${this.over ? "over" : ""}" @dragover=${this.#drag} @dragleave=${() => (this.over = false)} @drop=${this.#drop}>
        ${icon("file")}
        <strong>${say("import.drop")}</strong>
        <span>${this.file || say("import.choose")}</span>
        <input type="file" class="sr" data-testid="import-file" aria-label=${say("import.choose")} ?disabled=${this.#busy} accept=${this.kind === "roster" ? ".zip" : ".csv"} @change=${this.#chosen} />
      </label>
      ${tick(
        say("import.skip"),
        html`<input type="checkbox" data-testid="import-skip" .checked=${this.skips} ?disabled=${this.#busy} @change=${(event: Event) => (this.skips = (event.target as HTMLInputElement).checked)} />`,
        say("import.skipHint"),
      )}
      <div aria-live="polite">
        ${this.wrong || this.problem ? html`<p class="refused" role="alert" data-testid="refused">${this.wrong || problemText(this.problem)}</p>` : nothing}
        ${this.running ? this.#progress(this.running) : nothing}
      </div>
    `;
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
      ${it.report ? this.#report(it.id, it.report) : nothing}
    `;
  }

  #report(id: string, { counts, refusals, more }: Report): TemplateResult {
    const files = Object.entries(counts);
    const alone = files.length === 1;
    return html`
      ${alone ? this.#few(files[0]![1]) : this.#table(files)}
      ${refusals.length
        ? html`<h3>${say("import.rows", { n: refusals.length + more })}
              <a class="beside" href=${`${ROOT}/imports/${id}/report.csv`} download data-testid="report-csv">${say("import.csv")}</a></h3>
            <ul class="refusals" data-testid="refusals" tabindex="0">
              ${refusals.map(
                (it) => html`<li>
                  <span class="place">${it.row ? say(alone ? "import.rowAlone" : "import.row", { file: it.file, row: it.row }) : it.file}</span>
                  <span>${refusalText(it)}</span>
                </li>`,
              )}
            </ul>
            ${more ? html`<p class="note">${say("import.more", { n: more })}</p>` : nothing}`
        : nothing}
    `;
  }

  /** Of one file, in a line. */
  #few(of: Counts): TemplateResult {
    const said = COUNTED.filter((it) => of[it] || it === "created");
    return html`<p class="few">${said.map((it) => html`<span>${say(`count.${it}`)} <strong class=${it === "refused" ? "bad" : ""}>${of[it]}</strong></span>`)}</p>`;
  }

  #table(files: readonly [name: string, counts: Counts][]): TemplateResult {
    return html`<div class="wide" tabindex="0" role="region" aria-label=${say("import.file")}>
      <table>
        <thead><tr><th scope="col">${say("import.file")}</th>${COUNTED.map((it) => html`<th scope="col">${say(`count.${it}`)}</th>`)}</tr></thead>
        <tbody>
          ${files.map(([file, of]) => html`<tr><th scope="row">${file}</th>${COUNTED.map((it) => html`<td class=${it === "refused" && of[it] ? "bad" : ""}>${of[it]}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>`;
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
    if (this.#busy) return;
    const other = notThis(this.kind, file.name);
    this.problem = this.running = null;
    this.wrong = other ? say(`import.${other}`) : this.lacks;
    if (this.wrong) return;
    this.file = file.name;
    this.running = { id: "", state: "running", stage: "upload", done: 0, total: null, report: null, problem: null };
    this.#tell("busy", true);
    try {
      const id = await send(this.rest, this.kind, file, { ...this.query, ...(this.skips ? { skip_refused: true } : {}) });
      await follow(this.rest, id, (found) => (this.running = found), () => this.isConnected);
      if (this.running.report?.written) this.#tell("done", this.running.report);
    } catch (problem) {
      this.running = null;
      this.problem = problem;
    }
    this.#tell("busy", false);
    await this.#showEnd();
  }

  /** What it came to is not left below the edge of a dialog. */
  async #showEnd(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector("[data-testid=import-over], [data-testid=refused]")?.scrollIntoView({ block: "start" });
  }

  #tell(name: "busy" | "done", detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-import": ImportBox;
  }
}
