/**
 * The one box: what is typed is told as it is typed (`typed`), what is meant when it is chosen or sent (`meant`); suggestions
 * by the arrows. While an input method composes, nothing is asked.
 */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss } from "../components/field.ts";
import { LangController } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import type { Rest } from "../lib/rest.ts";
import type { Suggestion } from "./model.ts";
import { say } from "./say.ts";

const PAUSE_MS = 180;
const MARKS: Readonly<Record<string, IconName>> = { title: "file", teacher: "people", subject: "library", point: "star" };

@customElement("tk-search-box")
export class SearchBox extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    css`
      :host {
        position: relative;
        display: block;
      }
      .box {
        position: relative;
      }
      .box > .icon {
        position: absolute;
        top: 17px;
        left: 18px;
        width: 22px;
        height: 22px;
        color: var(--text-2);
        pointer-events: none;
      }
      input {
        min-height: 56px;
        padding: 0 56px 0 52px;
        border-radius: 28px;
        font-size: 18px;
        box-shadow: var(--shadow);
      }
      input:placeholder-shown {
        padding-right: var(--s4);
        text-overflow: ellipsis;
      }
      @media (max-width: 720px) {
        input {
          font-size: 16px;
        }
      }
      input::-webkit-search-cancel-button {
        display: none;
      }
      .clear {
        position: absolute;
        top: 6px;
        right: 8px;
        width: 44px;
        min-height: 44px;
        padding: 0;
        border-color: transparent;
        border-radius: 50%;
        background: transparent;
      }
      ul {
        position: absolute;
        z-index: 10;
        top: 62px;
        right: 0;
        left: 0;
        padding: var(--s2);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow-up);
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--s3);
        min-height: 44px;
        padding: var(--s1) var(--s3);
        border-radius: var(--radius-s);
        cursor: pointer;
      }
      li.at,
      li:hover {
        background: var(--accent-soft);
      }
      li .icon,
      li small {
        color: var(--text-2);
      }
      li span {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  /** What is searched. */
  @property() value = "";
  @state() private found: readonly Suggestion[] = [];
  @state() private open = false;
  @state() private at = -1;
  @query("input") private input!: HTMLInputElement;
  #timer = 0;
  #abort: AbortController | null = null;

  constructor() {
    super();
    new LangController(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  override focus(): void {
    this.input.focus();
  }

  protected override updated(changed: PropertyValues<this>): void {
    // Not while she types: what came back late would take her letters away.
    if (changed.has("value") && this.input.value.trim() !== this.value) this.input.value = this.value;
  }

  protected override render(): TemplateResult {
    const shown = this.open && this.found.length > 0;
    return html`<div class="box" role="search">
        ${icon("search")}
        <input type="search" role="combobox" autocomplete="off" spellcheck="false" enterkeyhint="search" maxlength="200" data-testid="search"
          aria-label=${say("search.label")} placeholder=${say("search.placeholder")} aria-autocomplete="list" aria-controls="suggestions"
          aria-expanded=${String(shown)} aria-activedescendant=${shown && this.at >= 0 ? `suggestion-${this.at}` : nothing}
          @input=${this.#typed} @compositionend=${this.#typed} @keydown=${this.#key} @blur=${() => (this.open = false)} />
        ${this.value ? html`<button type="button" class="clear" data-testid="clear" aria-label=${say("search.clear")} @click=${this.#clear}>${icon("cross")}</button>` : nothing}
      </div>
      ${shown
        ? html`<ul id="suggestions" role="listbox" aria-label=${say("search.suggestions")} data-testid="suggestions">
            ${this.found.map(
              (it, index) => html`<li id="suggestion-${index}" role="option" data-testid="suggestion" aria-selected=${String(index === this.at)} class=${index === this.at ? "at" : ""}
                @mousedown=${(event: Event) => {
                  event.preventDefault(); // the cursor stays in the field
                  this.#mean(it.text);
                }}>${icon(MARKS[it.kind] ?? "search")}<span>${it.text}</span><small>${say.maybe(`suggest.${it.kind}`) ?? ""}</small></li>`,
            )}
          </ul>`
        : nothing}`;
  }

  #typed = (event: Event): void => {
    if ((event as InputEvent).isComposing) return;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      const text = this.input.value.trim();
      this.#tell("typed", text);
      void this.#suggest(text);
    }, PAUSE_MS);
  };

  async #suggest(text: string): Promise<void> {
    this.#abort?.abort();
    this.at = -1;
    if (!text) {
      this.found = [];
      return;
    }
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const { items } = await this.rest.get<{ items: readonly Suggestion[] }>("/library/suggest", { q: text }, { signal: abort.signal });
      if (this.#abort !== abort) return;
      this.found = items.filter((it) => it.text !== text);
      this.open = document.activeElement !== null && this.matches(":focus-within");
    } catch {
      // Without suggestions the search is what it was.
      if (this.#abort === abort) this.found = [];
    }
  }

  #key = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const many = this.found.length;
    if (event.key === "Escape" && this.open) {
      event.preventDefault();
      event.stopPropagation();
      this.open = false;
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && many) {
      event.preventDefault();
      this.open = true;
      // One beyond either end is what she typed herself.
      this.at = ((this.at + 1 + (event.key === "ArrowDown" ? 1 : many)) % (many + 1)) - 1;
    } else if (event.key === "Enter") {
      event.preventDefault();
      const chosen = this.open ? this.found[this.at] : undefined;
      this.#mean(chosen?.text ?? this.input.value.trim());
    }
  };

  #clear = (): void => {
    this.#mean("");
    this.input.focus();
  };

  #mean(text: string): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
    this.open = false;
    this.found = [];
    this.at = -1;
    this.input.value = text;
    this.#tell("meant", text);
  }

  #tell(name: "typed" | "meant", text: string): void {
    this.dispatchEvent(new CustomEvent<string>(name, { detail: text }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-search-box": SearchBox;
  }
}
