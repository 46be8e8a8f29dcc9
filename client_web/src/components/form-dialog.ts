/**
 * A form above the page, described by what it asks. It stays until the server has taken it, and says what the server refused.
 * Sends `done` with what `save` gave, and `dismiss`.
 */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { LangController } from "../lib/i18n.ts";
import { problemText } from "../lib/problems.ts";
import { baseCss } from "./base-css.ts";
import { frameSay as say } from "./frame-say.ts";
import "./dialog.ts";
import { field, fieldCss, tick } from "./field.ts";
import "./pick.ts";
import type { Choice } from "./pick.ts";

interface Common {
  name: string;
  label: string;
  hint?: string;
  optional?: boolean;
  /** Asked only when this holds for what has been said so far. */
  when?: (said: Said) => boolean;
}

export type Ask = Common &
  (
    | { kind: "text" | "password" | "new-password" | "date" | "time" | "number" | "url" | "area"; value?: string; most?: number; least?: number }
    | { kind: "select"; value?: string; options: readonly (readonly [value: string, label: string])[] }
    | { kind: "tick"; value?: boolean }
    | { kind: "pick"; value?: Choice | null; find: (text: string, said: Said) => Promise<Choice[]> }
  );

/** What was said: texts without the spaces around them, `true` and `false`, ids of what was picked. */
export type Said = Readonly<Record<string, string | boolean>>;

export interface Form {
  heading: string;
  lead?: string;
  asks: readonly Ask[];
  action: string;
  danger?: boolean;
  save: (said: Said) => Promise<unknown>;
}

/** What an answer that was not given leaves the form with. */
export function firstValues(asks: readonly Ask[]): Record<string, string | boolean> {
  return Object.fromEntries(
    asks.map((ask) => {
      if (ask.kind === "tick") return [ask.name, ask.value ?? false];
      if (ask.kind === "pick") return [ask.name, ask.value?.id ?? ""];
      if (ask.kind === "select") return [ask.name, ask.value ?? ask.options[0]?.[0] ?? ""];
      return [ask.name, ask.value ?? ""];
    }),
  );
}

export function asked(asks: readonly Ask[], said: Said): Ask[] {
  return asks.filter((ask) => ask.when?.(said) ?? true);
}

/** Names of what must be answered and is not. */
export function missing(asks: readonly Ask[], said: Said): string[] {
  return asked(asks, said)
    .filter((ask) => ask.kind !== "tick" && !ask.optional && said[ask.name] === "")
    .map((ask) => ask.name);
}

@customElement("tk-form")
export class FormDialog extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    css`
      .lead {
        margin-top: var(--s2);
        color: var(--text-2);
      }
      .problem {
        margin-top: var(--s4);
        padding: var(--s3) var(--s4);
        border-radius: var(--radius-s);
        background: var(--bad-soft);
        color: var(--bad);
      }
    `,
  ];

  @property({ attribute: false }) form!: Form;
  @state() private said: Record<string, string | boolean> = {};
  @state() private lacks: string[] = [];
  @state() private problem: unknown = null;
  @state() private saving = false;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.said = firstValues(this.form.asks);
  }

  protected override render() {
    const { form } = this;
    return html`
      <tk-dialog heading=${form.heading} testid="form" @dismiss=${() => this.#leave()}>
        <form id="form" novalidate @submit=${this.#submit}>
          ${form.lead ? html`<p class="lead">${form.lead}</p>` : nothing}
          ${asked(form.asks, this.said).map((ask, index) => this.#ask(ask, index === 0))}
          ${this.problem ? html`<p class="problem" role="alert" data-testid="form-problem">${problemText(this.problem)}</p>` : nothing}
          <button type="submit" hidden></button>
        </form>
        <button slot="actions" type="button" @click=${() => this.#leave()}>${say("form.cancel")}</button>
        <button slot="actions" type="button" class=${form.danger ? "danger" : "primary"} data-testid="form-save"
          ?disabled=${this.saving} @click=${this.#submit}>
          ${this.saving ? say("form.saving") : form.action}
        </button>
      </tk-dialog>
    `;
  }

  #ask(ask: Ask, first: boolean): TemplateResult {
    const id = `ask-${ask.name}`;
    const value = this.said[ask.name] ?? "";
    const lacks = this.lacks.includes(ask.name);
    const beside = { ...(ask.hint ? { hint: ask.hint } : {}), ...(lacks ? { error: say("form.needed") } : {}) };
    const label = ask.optional ? `${ask.label} ${say("form.optional")}` : ask.label;
    const hear = (event: Event): void => this.#hear(ask.name, (event.target as HTMLInputElement).value);
    switch (ask.kind) {
      case "tick":
        return tick(
          ask.label,
          html`<input type="checkbox" data-testid=${id} .checked=${Boolean(value)}
            @change=${(event: Event) => this.#hear(ask.name, (event.target as HTMLInputElement).checked)} />`,
          ask.hint,
        );
      case "select":
        return field(
          label,
          html`<select data-testid=${id} ?autofocus=${first} @change=${hear}>
            ${ask.options.map(([option, name]) => html`<option value=${option} ?selected=${option === value}>${name}</option>`)}
          </select>`,
          beside,
        );
      case "pick":
        return field(
          label,
          html`<tk-pick testid=${id} label=${ask.label} ?autofocus=${first} .find=${(text: string) => ask.find(text, this.said)}
            .chosen=${ask.value && ask.value.id === value ? ask.value : null}
            @pick=${(event: CustomEvent<Choice | null>) => {
              ask.value = event.detail;
              this.#hear(ask.name, event.detail?.id ?? "");
            }}></tk-pick>`,
          beside,
        );
      case "area":
        return field(label, html`<textarea rows="4" data-testid=${id} ?autofocus=${first} .value=${value} @input=${hear}></textarea>`, beside);
      default: {
        const secret = ask.kind === "password" || ask.kind === "new-password";
        const complete = ask.kind === "password" ? "current-password" : ask.kind === "new-password" ? "new-password" : "off";
        return field(
          label,
          html`<input type=${secret ? "password" : ask.kind} data-testid=${id} ?autofocus=${first} autocomplete=${complete}
            min=${ask.least ?? nothing} max=${ask.kind === "number" ? (ask.most ?? nothing) : nothing}
            maxlength=${ask.kind === "text" ? (ask.most ?? nothing) : nothing}
            aria-invalid=${String(lacks)} .value=${value} @input=${hear} />`,
          beside,
        );
      }
    }
  }

  #hear(name: string, value: string | boolean): void {
    this.said = { ...this.said, [name]: value };
    this.lacks = this.lacks.filter((it) => it !== name);
  }

  #leave(): void {
    if (!this.saving) this.dispatchEvent(new CustomEvent("dismiss"));
  }

  #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.saving) return;
    const { asks } = this.form;
    const said = Object.fromEntries(
      asked(asks, this.said).map(({ name, kind }) => {
        const value = this.said[name] ?? "";
        return [name, typeof value === "string" && !kind.includes("password") ? value.trim() : value];
      }),
    );
    this.lacks = missing(asks, said);
    if (this.lacks.length) return;
    this.saving = true;
    this.problem = null;
    try {
      const result = await this.form.save(said);
      this.dispatchEvent(new CustomEvent("done", { detail: result }));
    } catch (problem) {
      this.problem = problem;
    } finally {
      this.saving = false;
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-form": FormDialog;
  }
}
