/**
 * What was said, beside the player: follows it, jumps on a click, can be searched, and corrected in place by who may.
 * Sends `seek` (ms).
 */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss } from "../components/field.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { troubleCss } from "../components/trouble.ts";
import { duration } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { problemText } from "../lib/problems.ts";
import { RestProblem, type Rest } from "../lib/rest.ts";
import { lastBegun } from "./cues.ts";
import { found } from "./marks.ts";
import type { Line, Resource, Transcript } from "./model.ts";
import { paneCss } from "./pane-css.ts";
import { say } from "./say.ts";
import { markCss, marked } from "./span-view.ts";
import { windowOf } from "./sync.ts";

/** While it is being saved nothing of it changes, nor is another one begun: what was sent may come back. */
interface Correction {
  line: Line;
  text: string;
  saving: boolean;
  problem: unknown;
  /** Somebody else corrected it meanwhile: what stands there now. */
  theirs: string;
}

const SCROLLS: readonly string[] = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"];

function seenFocus(element: Element): boolean {
  try {
    return element.matches("button:focus-visible");
  } catch {
    return false; // an old Safari does not know
  }
}

@customElement("tk-transcript")
export class TranscriptPane extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    troubleCss,
    loadedCss,
    markCss,
    paneCss,
    css`
      .bones {
        padding: var(--s4);
      }
      .follow {
        position: sticky;
        bottom: var(--s2);
        display: flex;
        margin: 0 auto;
        box-shadow: var(--shadow-up);
      }
      .edit {
        opacity: 0.35;
      }
      li:hover .edit,
      .edit:focus-visible {
        opacity: 1;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) resource!: Resource;
  @state() private current = -1;
  @state() private follows = true;
  @state() private words = "";
  @state() private hit = 0;
  @state() private correction: Correction | null = null;
  @query(".rows") private rows!: HTMLElement | null;
  #lines: readonly Line[] = [];
  #transcript = new Loading<Transcript>(this, () => this.#ask());

  constructor() {
    super();
    new LangController(this);
  }

  /** @param at ms on the line. */
  follow(at: number): void {
    this.current = lastBegun(this.#lines, at, (it) => it.starts_ms);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("current") && this.follows && !this.correction) this.#show(this.current);
  }

  protected override render(): TemplateResult {
    return html`${loaded(this.#transcript, ({ lines }) => (lines.length ? this.#view() : html`<p class="say" data-testid="no-transcript">${this.#none()}</p>`))}`;
  }

  #none(): string {
    return say.maybe(`note.${this.resource.note}`) ?? say("words.none");
  }

  #view(): TemplateResult {
    const hits = this.#hits();
    const go = (by: number): void => this.#go(hits, by);
    return html`
      <div class="tools">
        <input type="search" data-testid="words" aria-label=${say("words.search")} placeholder=${say("words.search")} .value=${this.words}
          @input=${(event: Event) => this.#search((event.target as HTMLInputElement).value)}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key === "Enter" && !event.isComposing) go(event.shiftKey ? -1 : 1);
          }} />
        ${this.words.trim()
          ? html`<span class="count" role="status" data-testid="words-count">${hits.length ? `${Math.min(this.hit + 1, hits.length)} / ${hits.length}` : say("words.no")}</span>
              <button type="button" aria-label=${say("words.before")} ?disabled=${!hits.length} @click=${() => go(-1)}>${icon("left")}</button>
              <button type="button" aria-label=${say("words.next")} ?disabled=${!hits.length} @click=${() => go(1)}>${icon("right")}</button>`
          : nothing}
      </div>
      <div class="rows" @wheel=${this.#wander} @touchmove=${this.#wander} @pointerdown=${this.#dragged} @keydown=${this.#scrolled} @focusin=${this.#reached}>
        <ul data-testid="lines">${this.#lines.map((line, index) => this.#line(line, index))}</ul>
        ${this.follows
          ? nothing
          : html`<button type="button" class="follow primary" data-testid="follow" @click=${this.#back}>${icon("link")}${say("words.follow")}</button>`}
      </div>
    `;
  }

  #line(line: Line, index: number): TemplateResult {
    const at = duration(line.starts_ms - windowOf(this.resource).starts);
    return html`<li data-testid="line" data-number=${line.number} aria-current=${index === this.current ? "true" : nothing}>
      ${this.correction?.line.number === line.number
        ? this.#form(this.correction)
        : html`<button type="button" class="jump" @click=${() => this.#jump(line)}>
              <time>${at}</time><span>${line.speaker ? html`<span class="who">${line.speaker}</span>` : nothing}${marked(line.text, found(line.text, this.words))}</span>
            </button>
            ${this.resource.may.correct
              ? html`<button type="button" class="small edit" data-testid="correct" aria-label=${say("words.correct", { at })} title=${say("words.correct", { at })}
                  ?disabled=${this.correction?.saving} @click=${() => this.#correct(line)}>${icon("edit")}</button>`
              : nothing}`}
    </li>`;
  }

  #form(it: Correction): TemplateResult {
    return html`<form @submit=${this.#save}>
      <textarea rows="3" data-testid="correction" ?readonly=${it.saving} aria-label=${say("words.corrected")} .value=${it.text}
        @input=${(event: Event) => (this.correction = { ...it, text: (event.target as HTMLTextAreaElement).value })}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === "Escape" && !it.saving) this.correction = null;
          else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) void this.#save(event);
        }}></textarea>
      ${it.theirs ? html`<p class="problem" role="alert" data-testid="theirs">${say("words.theirs", { text: it.theirs })}</p>` : nothing}
      ${it.problem ? html`<p class="problem" role="alert">${problemText(it.problem)}</p>` : nothing}
      <div class="acts">
        <button type="button" ?disabled=${it.saving} @click=${() => (this.correction = null)}>${say("do.cancel")}</button>
        <button type="submit" class="primary" data-testid="correction-save" ?disabled=${it.saving || !it.text.trim()}>${say(it.saving ? "do.saving" : "do.save")}</button>
      </div>
    </form>`;
  }

  async #ask(): Promise<Transcript> {
    const transcript = await this.rest.get<Transcript>(`/resources/${this.resource.id}/transcript`);
    const { starts, ends } = windowOf(this.resource);
    this.#lines = transcript.lines.filter((it) => it.ends_ms > starts && it.starts_ms < ends);
    return { ...transcript, lines: this.#lines };
  }

  #hits(): number[] {
    return this.words.trim() ? this.#lines.flatMap((line, index) => (found(line.text, this.words).length ? [index] : [])) : [];
  }

  #search(words: string): void {
    this.words = words;
    this.hit = 0;
    const [first] = this.#hits();
    if (first === undefined) return;
    this.follows = false;
    this.#show(first);
  }

  #go(hits: readonly number[], by: number): void {
    if (!hits.length) return;
    this.hit = (this.hit + by + hits.length) % hits.length;
    this.follows = false;
    this.#show(hits[this.hit]!);
    this.#seek(this.#lines[hits[this.hit]!]!);
  }

  /** In the middle of its own box; the page does not move. */
  #show(index: number): void {
    const { rows } = this;
    const row = rows?.querySelectorAll<HTMLElement>("li")[index];
    if (!rows || !row) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    rows.scrollTo({ top: row.offsetTop - rows.offsetTop - (rows.clientHeight - row.offsetHeight) / 2, behavior: calm ? "auto" : "smooth" });
  }

  #jump(line: Line): void {
    this.follows = true;
    this.#seek(line);
  }

  #seek(line: Line): void {
    this.dispatchEvent(new CustomEvent<number>("seek", { detail: line.starts_ms }));
  }

  #wander = (): void => {
    this.follows = false;
  };

  #scrolled = (event: KeyboardEvent): void => {
    if (SCROLLS.includes(event.key) && !this.correction) this.#wander();
  };

  /** Its scroll bar. */
  #dragged = (event: PointerEvent): void => {
    if (event.target === event.currentTarget) this.#wander();
  };

  /** With the Tab key, not with the mouse. */
  #reached = (event: FocusEvent): void => {
    if (seenFocus(event.target as Element)) this.#wander();
  };

  #back = (): void => {
    this.follows = true;
    this.#show(this.current);
  };

  #correct(line: Line): void {
    this.correction = { line, text: line.text, saving: false, problem: null, theirs: "" };
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLTextAreaElement>("textarea")?.focus());
  }

  #save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const it = this.correction;
    if (!it || it.saving || !it.text.trim()) return;
    if (it.text.trim() === it.line.text) {
      this.correction = null;
      return;
    }
    this.correction = { ...it, saving: true, problem: null };
    try {
      const line = await this.rest.patch<Line>(`/resources/${this.resource.id}/transcript/${it.line.number}`, { text: it.text.trim(), version: it.line.version });
      this.#lines = this.#lines.map((other) => (other.number === line.number ? { ...other, ...line } : other));
      this.correction = null;
      this.dispatchEvent(new CustomEvent("corrected"));
    } catch (problem) {
      await this.#refused(it, problem);
    }
  };

  /** What she wrote stays; saved once more, it stands on top of what the other one wrote. */
  async #refused(it: Correction, problem: unknown): Promise<void> {
    let back: Correction = { ...it, saving: false, problem };
    if (problem instanceof RestProblem && problem.status === 409) {
      await this.#transcript.again();
      const line = this.#lines.find((other) => other.number === it.line.number);
      if (line && line.version !== it.line.version) back = { ...back, line, problem: null, theirs: line.text };
    }
    this.correction = back;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-transcript": TranscriptPane;
  }
}
