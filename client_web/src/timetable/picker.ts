/** Somebody or something found by typing a part of its name: a combobox (ARIA 1.2) whose list the server filters. */

import { LitElement, css, html, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss } from "../components/field.ts";
import { LangController } from "../lib/i18n.ts";
import { problemText } from "../lib/problems.ts";
import type { Choice } from "./draft.ts";
import { Checker } from "./checker.ts";
import { w } from "./words.ts";

export type Find = (text: string, signal: AbortSignal) => Promise<Choice[]>;

/** Sends `pick` with the choice, or null when it was cleared. */
@customElement("tk-picker")
export class Picker extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    baseCss,
    fieldCss,
    css`
      :host {
        position: relative;
        display: block;
      }
      ul {
        position: absolute;
        z-index: 5;
        top: 100%;
        left: 0;
        right: 0;
        max-height: 264px;
        margin-top: 2px;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        background: var(--surface);
        box-shadow: var(--shadow-up);
        overflow-y: auto;
      }
      li {
        padding: var(--s2) var(--s3);
        cursor: pointer;
      }
      li small {
        margin-left: var(--s2);
        color: var(--text-2);
        font-size: 13px;
      }
      li[aria-selected="true"],
      li[role="option"]:hover {
        background: var(--accent-soft);
      }
      li.say {
        color: var(--text-2);
        cursor: default;
      }
    `,
  ];

  @property() label = "";
  @property({ attribute: false }) chosen: Choice | null = null;
  @property({ attribute: false }) find!: Find;
  @property({ type: Boolean }) wrong = false;
  @state() private open = false;
  @state() private options: Choice[] | null = null;
  @state() private failure = "";
  @state() private at = 0;
  @query("input") private input!: HTMLInputElement;

  readonly #checker = new Checker<string, Choice[]>(
    (text, signal) => this.find(text, signal),
    (options) => {
      this.options = options;
      this.at = 0;
    },
    (error) => {
      this.options = [];
      this.failure = problemText(error);
    },
    120,
  );

  constructor() {
    super();
    new LangController(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#checker.stop();
  }

  protected override updated(changed: PropertyValues): void {
    // At the foot of a dialog the list would begin below what is in sight.
    const shown = changed.has("options") || changed.has("open");
    if (this.open && shown) this.renderRoot.querySelector("ul")?.scrollIntoView({ block: "nearest" });
  }

  protected override render() {
    return html`
      <input
        type="text"
        role="combobox"
        autocomplete="off"
        aria-label=${this.label}
        aria-expanded=${this.open ? "true" : "false"}
        aria-controls="options"
        aria-invalid=${this.wrong ? "true" : "false"}
        placeholder=${w("tt.pick")}
        .value=${this.#text()}
        @input=${() => this.#ask()}
        @focus=${() => this.input.select()}
        @click=${() => this.#ask("")}
        @keydown=${this.#key}
        @blur=${() => this.#leave()}
      />
      ${this.open ? html`<ul id="options" role="listbox" aria-label=${this.label}>${this.#list()}</ul>` : nothing}
    `;
  }

  #list() {
    const { options } = this;
    if (this.failure) return html`<li class="say">${this.failure}</li>`;
    if (!options) return html`<li class="say">${w("tt.loading")}</li>`;
    if (!options.length) return html`<li class="say">${w("tt.pick.none")}</li>`;
    return options.map(
      (option, at) => html`<li
        role="option"
        data-testid="option"
        aria-selected=${at === this.at ? "true" : "false"}
        @mousedown=${(event: Event) => {
          event.preventDefault(); // the input keeps the focus until something is chosen
          this.#pick(option);
        }}
      >${option.name}${option.school_name && option.school_name !== option.name ? html`<small>${option.school_name}</small>` : nothing}</li>`,
    );
  }

  #ask(text = this.input.value): void {
    this.open = true;
    this.failure = "";
    this.#checker.question(text.trim());
  }

  #pick(option: Choice | null): void {
    this.open = false;
    this.dispatchEvent(new CustomEvent("pick", { detail: option }));
  }

  #leave(): void {
    this.#checker.stop();
    this.open = false;
    if (!this.input.value.trim() && this.chosen) this.#pick(null);
    else this.input.value = this.#text(); // what was typed and not chosen is nobody
  }

  #text(): string {
    const { chosen } = this;
    if (!chosen) return "";
    const { name, school_name } = chosen;
    return school_name && school_name !== name ? w("tt.picked", { name, school: school_name }) : name;
  }

  #key = (event: KeyboardEvent): void => {
    const options = this.options ?? [];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!this.open) return this.#ask("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.at = Math.max(0, Math.min(options.length - 1, this.at + step));
      void this.updateComplete.then(() => this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }));
    } else if (event.key === "Enter" && this.open) {
      event.preventDefault();
      const option = options[this.at];
      if (option) this.#pick(option);
    } else if (event.key === "Escape" && this.open) {
      event.preventDefault();
      event.stopPropagation();
      this.open = false;
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-picker": Picker;
  }
}
