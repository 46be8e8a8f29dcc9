/** Comments on the time line, beside the player: at their seconds, one's own can be taken back. Sends `seek`, `remarks`. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss } from "../components/field.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import { troubleCss } from "../components/trouble.ts";
import { duration } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { problemText } from "../lib/problems.ts";
import { Once, unanswered } from "../lib/once.ts";
import type { Rest } from "../lib/rest.ts";
import type { Remark, Resource } from "./model.ts";
import { paneCss } from "./pane-css.ts";
import { say } from "./say.ts";
import { windowOf } from "./sync.ts";

const MOST = 1000;
const MAX_TEXT = 1000;

@customElement("tk-remarks")
export class RemarksPane extends LitElement {
  static override styles = [baseCss, fieldCss, troubleCss, loadedCss, paneCss];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) resource!: Resource;
  @state() private at = 0;
  @state() private text = "";
  @state() private sending = false;
  @state() private problem: unknown = null;
  #once = new Once();
  /** Sent without a word whether it arrived: the film goes on, and it is sent again for the second it was written at. */
  #unsure: { at_ms: number; text: string } | null = null;
  #remarks = new Loading<readonly Remark[]>(this, () => this.#ask());

  constructor() {
    super();
    new LangController(this);
  }

  /** @param at ms on the line. */
  follow(at: number): void {
    this.at = Math.floor(at / 1000) * 1000;
  }

  protected override render(): TemplateResult {
    return html`${this.resource.may.comment ? this.#form() : nothing}
      ${this.problem ? html`<p class="problem" role="alert">${problemText(this.problem)}</p>` : nothing}
      ${loaded(this.#remarks, (remarks) =>
        remarks.length ? html`<ul class="rows" data-testid="remarks">${remarks.map((it) => this.#remark(it))}</ul>` : html`<p class="say">${say("remark.none")}</p>`,
      )}`;
  }

  #form(): TemplateResult {
    return html`<form class="tools" @submit=${this.#send}>
      <input data-testid="remark" maxlength=${MAX_TEXT} ?readonly=${this.sending} aria-label=${say("remark.write")} placeholder=${say("remark.write")} .value=${this.text}
        @input=${(event: Event) => (this.text = (event.target as HTMLInputElement).value)} />
      <button type="submit" class="primary" data-testid="remark-send" ?disabled=${this.sending || !this.text.trim()}>${this.sending ? say("remark.sending") : say("remark.send", { at: this.#time(this.#said().at_ms) })}</button>
    </form>`;
  }

  #remark(it: Remark): TemplateResult {
    return html`<li data-testid="remark-row">
      <button type="button" class="jump" @click=${() => this.dispatchEvent(new CustomEvent<number>("seek", { detail: it.at_ms }))}>
        <time>${this.#time(it.at_ms)}</time><span><span class="who">${it.name}</span>${it.text}</span>
      </button>
      ${it.may_remove
        ? html`<button type="button" class="small" data-testid="remark-remove" aria-label=${say("remark.remove")} title=${say("remark.remove")} @click=${() => void this.#remove(it)}>${icon("cross")}</button>`
        : nothing}
    </li>`;
  }

  #time(at: number): string {
    return duration(at - windowOf(this.resource).starts);
  }

  async #ask(): Promise<readonly Remark[]> {
    const { items } = await this.rest.all<Remark>(`/resources/${this.resource.id}/comments`, {}, MOST);
    const remarks = items.sort((one, other) => one.at_ms - other.at_ms);
    this.dispatchEvent(new CustomEvent<readonly Remark[]>("remarks", { detail: remarks }));
    return remarks;
  }

  #send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.sending || !this.text.trim()) return;
    this.sending = true;
    const said = this.#said();
    await this.#do(async () => {
      await this.rest.create(`/resources/${this.resource.id}/comments`, said, this.#once.keyOf(said));
      this.text = "";
    });
    this.#unsure = unanswered(this.problem) ? said : null;
    if (!this.#unsure) this.#once.over();
    this.sending = false;
  };

  #said(): { at_ms: number; text: string } {
    const text = this.text.trim();
    return this.#unsure?.text === text ? this.#unsure : { at_ms: this.at, text };
  }

  #remove(it: Remark): Promise<void> {
    return this.#do(() => this.rest.delete(`/resources/${this.resource.id}/comments/${it.id}`));
  }

  async #do(work: () => Promise<unknown>): Promise<void> {
    this.problem = null;
    try {
      await work();
    } catch (problem) {
      this.problem = problem;
    }
    await this.#remarks.again(); // without an answer it may be done nevertheless
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-remarks": RemarksPane;
  }
}
