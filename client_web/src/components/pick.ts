/** Choosing one of many that the server knows: type, take one of what it finds. Sends `pick` with what was chosen, or null. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { LangController } from "../lib/i18n.ts";
import { problemText } from "../lib/problems.ts";
import { baseCss } from "./base-css.ts";
import { frameSay as say } from "./frame-say.ts";
import { fieldCss } from "./field.ts";

const PAUSE_MS = 200;

export interface Choice {
  id: string;
  name: string;
  /** To tell two of the same name apart. */
  beside?: string;
}

@customElement("tk-pick")
export class Pick extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    css`
      :host {
        display: block;
        position: relative;
      }
      ul {
        margin-top: 2px;
        max-height: 240px;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      li {
        display: flex;
        justify-content: space-between;
        gap: var(--s3);
        padding: var(--s2) var(--s3);
        min-height: 40px;
        align-items: center;
        cursor: pointer;
      }
      li.at,
      li:hover {
        background: var(--accent-soft);
      }
      li small,
      p {
        color: var(--text-2);
        font-size: 14px;
      }
      p {
        padding: var(--s2) var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) find: (text: string) => Promise<Choice[]> = () => Promise.resolve([]);
  @property({ attribute: false }) chosen: Choice | null = null;
  @property() label = "";
  @property() testid = "";
  @state() private found: Choice[] | null = null;
  @state() private open = false;
  @state() private at = 0;
  @state() private problem: unknown = null;
  @query("input") private input!: HTMLInputElement;
  #timer = 0;
  #turn = 0;

  constructor() {
    super();
    new LangController(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override focus(): void {
    this.input.focus();
  }

  protected override render() {
    return html`
      <input role="combobox" autocomplete="off" aria-autocomplete="list" aria-controls="list" aria-expanded=${String(this.open)}
        aria-label=${this.label} data-testid=${this.testid} placeholder=${say("pick.type")} .value=${this.chosen?.name ?? ""}
        aria-activedescendant=${this.open && this.found?.length ? `choice-${this.at}` : ""}
        @focus=${() => this.#ask("")} @input=${this.#typed} @keydown=${this.#key} @blur=${this.#leave} />
      ${this.open ? this.#list() : nothing}
    `;
  }

  #list() {
    if (this.problem) return html`<p class="bad" role="alert">${problemText(this.problem)}</p>`;
    if (this.found === null) return html`<p>${say("pick.asking")}</p>`;
    if (!this.found.length) return html`<p>${say("pick.none")}</p>`;
    return html`<ul id="list" role="listbox" aria-label=${this.label}>
      ${this.found.map(
        (it, index) => html`<li id="choice-${index}" role="option" data-testid="choice" aria-selected=${String(index === this.at)}
          class=${index === this.at ? "at" : ""} @mousedown=${(event: Event) => this.#take(it, event)}>
          <span>${it.name}</span>${it.beside ? html`<small>${it.beside}</small>` : nothing}
        </li>`,
      )}
    </ul>`;
  }

  #typed = (): void => {
    clearTimeout(this.#timer);
    if (this.chosen) this.#tell(null);
    this.#timer = window.setTimeout(() => this.#ask(this.input.value.trim()), PAUSE_MS);
  };

  #ask(text: string): void {
    const turn = (this.#turn += 1);
    this.open = true;
    this.problem = null;
    this.find(text).then(
      (found) => {
        if (turn !== this.#turn) return;
        this.found = found;
        this.at = 0;
      },
      (error: unknown) => {
        if (turn === this.#turn) this.problem = error;
      },
    );
  }

  #key = (event: KeyboardEvent): void => {
    const many = this.found?.length ?? 0;
    if (event.key === "Escape" && this.open) {
      event.stopPropagation();
      event.preventDefault();
      this.open = false;
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!this.open) this.#ask(this.chosen ? "" : this.input.value.trim());
      else if (many) this.at = (this.at + (event.key === "ArrowDown" ? 1 : many - 1)) % many;
    } else if (event.key === "Enter" && this.open && this.found?.[this.at]) {
      event.preventDefault();
      this.#take(this.found[this.at]!, event);
    }
  };

  #take(choice: Choice, event: Event): void {
    event.preventDefault(); // the cursor stays in the field
    // What is still on its way must not open the list again, over the button that is pressed next.
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.open = false;
    this.input.value = choice.name;
    this.#tell(choice);
  }

  #leave = (): void => {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.open = false;
    // What was typed and not chosen is nothing; it must not look like a choice.
    this.input.value = this.chosen?.name ?? "";
  };

  #tell(choice: Choice | null): void {
    this.chosen = choice;
    this.dispatchEvent(new CustomEvent<Choice | null>("pick", { detail: choice }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-pick": Pick;
  }
}
