/** The clip that is being cut, below the player. Sends `cut` (both ends), `try` (play it), `dismiss`, and `done` with the new resource. */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { field, fieldCss } from "../components/field.ts";
import { duration } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { problemText } from "../lib/problems.ts";
import { Once } from "../lib/once.ts";
import type { Rest } from "../lib/rest.ts";
import { moved, parseTime, type Cut } from "./handles.ts";
import type { Resource } from "./model.ts";
import { say } from "./say.ts";
import { windowOf } from "./sync.ts";

const MAX_TITLE = 120;
const ENDS = ["from", "to"] as const;

@customElement("tk-cut")
export class CutForm extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    css`
      :host {
        display: block;
      }
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: flex-end;
        gap: var(--s3);
        padding: var(--s4);
        border: 2px solid var(--ok);
        border-radius: var(--radius);
        background: var(--surface);
      }
      .field {
        margin: 0;
      }
      .wide {
        flex: 1 1 240px;
      }
      .end {
        display: flex;
        align-items: flex-end;
        gap: var(--s1);
      }
      .end .field {
        width: 104px;
      }
      button {
        min-height: 44px;
      }
      p,
      .acts {
        flex: 1 1 100%;
      }
      .acts {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: flex-end;
        gap: var(--s2);
      }
      .long {
        flex: 1;
        color: var(--text-2);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) resource!: Resource;
  @property({ attribute: false }) cut!: Cut;
  /** Where the player is, ms. */
  @property({ attribute: false }) here: () => number = () => 0;
  @state() private heading = "";
  /** What she has written for an end, until it is that end. */
  @state() private typed: Partial<Record<keyof Cut, string>> = {};
  /** Ends of which what she wrote is no time. */
  @state() private wrong: readonly (keyof Cut)[] = [];
  @state() private lacks = false;
  @state() private saving = false;
  @state() private problem: unknown = null;
  #once = new Once();

  constructor() {
    super();
    new LangController(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("cut") as Cut | undefined;
    for (const end of ENDS) if (before && before[end] !== this.cut[end]) this.#forget(end);
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("input")?.focus({ preventScroll: true });
    this.scrollIntoView({ block: "nearest" });
  }

  protected override render(): TemplateResult {
    return html`<form data-testid="cut-form" aria-label=${say("cut.title")} @submit=${this.#save}>
      <div class="wide">
        ${field(
          say("cut.name"),
          html`<input data-testid="cut-title" maxlength=${MAX_TITLE} aria-invalid=${String(this.lacks)} .value=${this.heading}
            @input=${(event: Event) => {
              this.heading = (event.target as HTMLInputElement).value;
              this.lacks = false;
            }} />`,
          this.lacks ? { error: say("cut.needed") } : {},
        )}
      </div>
      ${this.#end("from")} ${this.#end("to")}
      <div class="acts">
        <span class="long" data-testid="cut-long">${say("cut.long", { at: duration(this.cut.to - this.cut.from) })}</span>
        <button type="button" @click=${() => this.dispatchEvent(new CustomEvent("try"))}>${icon("play")}${say("cut.try")}</button>
        <button type="button" @click=${() => this.dispatchEvent(new CustomEvent("dismiss"))}>${say("do.cancel")}</button>
        <button type="submit" class="primary" data-testid="cut-save" ?disabled=${this.saving}>${icon("cut")}${say(this.saving ? "do.saving" : "cut.save")}</button>
      </div>
      ${this.problem ? html`<p class="bad" role="alert">${problemText(this.problem)}</p>` : nothing}
    </form>`;
  }

  #end(end: keyof Cut): TemplateResult {
    const { starts } = windowOf(this.resource);
    const wrong = this.wrong.includes(end);
    return html`<div class="end">
      ${field(
        say(end === "from" ? "cut.from" : "cut.to"),
        html`<input data-testid="cut-${end}-time" inputmode="numeric" aria-invalid=${String(wrong)} .value=${this.typed[end] ?? duration(this.cut[end] - starts)}
          @input=${(event: Event) => (this.typed = { ...this.typed, [end]: (event.target as HTMLInputElement).value })} @change=${() => this.#written(end)} />`,
        wrong ? { error: say("cut.wrong") } : {},
      )}
      <button type="button" data-testid="cut-${end}-here" title=${say("cut.here")} @click=${() => this.#put(end, this.here())}>${say("cut.here")}</button>
    </div>`;
  }

  #written(end: keyof Cut): void {
    const text = this.typed[end];
    if (text === undefined) return;
    const at = parseTime(text);
    if (at !== null) this.#put(end, windowOf(this.resource).starts + at);
    else if (!this.wrong.includes(end)) this.wrong = [...this.wrong, end];
  }

  #put(end: keyof Cut, at_ms: number): void {
    this.#forget(end);
    this.dispatchEvent(new CustomEvent<Cut>("cut", { detail: moved(this.cut, end, at_ms, windowOf(this.resource)) }));
  }

  /** By whatever way an end came to be where it is, the field shows it. */
  #forget(end: keyof Cut): void {
    this.typed = { ...this.typed, [end]: undefined };
    this.wrong = this.wrong.filter((it) => it !== end);
  }

  #save = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.lacks = !this.heading.trim();
    if (this.lacks || this.saving || this.wrong.length) return;
    this.saving = true;
    this.problem = null;
    try {
      const body = { title: this.heading.trim(), starts_ms: this.cut.from, ends_ms: this.cut.to };
      const clip = await this.rest.create<{ id: string }>(`/resources/${this.resource.id}/clips`, body, this.#once.keyOf(body));
      this.dispatchEvent(new CustomEvent<{ id: string }>("done", { detail: clip }));
    } catch (problem) {
      this.problem = problem;
    } finally {
      this.saving = false;
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-cut": CutForm;
  }
}
