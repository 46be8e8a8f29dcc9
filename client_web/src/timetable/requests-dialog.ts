/** Requests that wait for a school's yes, and those that one has made and can take back. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import { field, fieldCss } from "../components/field.ts";
import { LangController, lang } from "../lib/i18n.ts";
import type { Checked, Waiting } from "./api.ts";
import { formCss } from "./dialog-css.ts";
import "./findings.ts";
import type { Model } from "./model.ts";
import { conflictOf, dayName, planName, problemSentence } from "./sentences.ts";
import { w } from "./words.ts";

type Act = "approve" | "refuse" | "withdraw";
const MOST = 200;

/** Sends `dismiss`, and `changed` after each answer. */
@customElement("tk-requests-dialog")
export class RequestsDialog extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    formCss,
    css`
      tk-dialog {
        --dialog-width: 680px;
      }
      h3 {
        margin-top: var(--s4);
        font-size: 16px;
      }
      li {
        margin-top: var(--s3);
        padding: var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        overflow-wrap: anywhere;
      }
      li p {
        margin-top: 2px;
        color: var(--text-2);
      }
    `,
  ];

  @property({ attribute: false }) model!: Model;
  @state() private waiting: Waiting[] | null = null;
  @state() private own: Waiting[] = [];
  @state() private failure = "";
  @state() private refusing = "";
  @state() private reason = "";
  @state() private conflict: { booking: string; checked: Checked } | null = null;
  @state() private sending = false;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override render() {
    const { waiting, own } = this;
    return html`<tk-dialog heading=${w("tt.requests")} testid="requests-dialog" @dismiss=${this.#dismiss}>
      ${this.failure ? html`<p class="failure" role="alert" data-testid="failure">${this.failure}</p>` : nothing}
      ${!waiting && !this.failure ? html`<p class="say">${w("tt.loading")}</p>` : nothing}
      ${waiting && !waiting.length && !own.length ? html`<p class="say">${w("tt.requests.none")}</p>` : nothing}
      ${waiting?.length ? html`<h3>${w("tt.requests.waiting", { school: this.model.school?.name ?? "" })}</h3><ul>${waiting.map((one) => this.#item(one, true))}</ul>` : nothing}
      ${own.length ? html`<h3>${w("tt.requests.own")}</h3><ul>${own.map((one) => this.#item(one, false))}</ul>` : nothing}
      <button slot="actions" type="button" @click=${this.#dismiss}>${w("tt.close")}</button>
    </tk-dialog>`;
  }

  #item(one: Waiting, decides: boolean) {
    const form = this.model.forms.find(({ code }) => code === one.form);
    const refusing = this.refusing === one.booking;
    return html`<li data-testid="request">
      <b>${one.title}</b>
      <p>${[form ? (lang() === "zh" ? form.zh : form.en) : one.form, one.school_name, one.teacher_name].join(" · ")}</p>
      <p>${planName(one.plan)}</p>
      <p>${w("tt.requests.by", { name: one.requested_by_name, day: dayName(this.model.zone.at(one.requested).day) })}</p>
      ${one.note ? html`<p>${one.note}</p>` : nothing}
      ${refusing ? field(w("tt.reason"), html`<input type="text" maxlength="400" data-testid="reason" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)} />`, { hint: w("tt.reason.hint") }) : nothing}
      ${this.conflict?.booking === one.booking ? html`<tk-findings .checked=${this.conflict.checked} .zone=${this.model.zone}></tk-findings>` : nothing}
      <div class="chips">
        ${decides
          ? html`${refusing ? nothing : html`<button type="button" class="primary" data-testid="approve" ?disabled=${this.sending} @click=${() => void this.#do(one, "approve")}>${w("tt.requests.approve")}</button>`}
              <button type="button" data-testid="refuse" ?disabled=${this.sending} @click=${() => (refusing ? void this.#do(one, "refuse") : this.#ask(one))}>${w("tt.requests.refuse")}</button>`
          : html`<button type="button" data-testid="withdraw" ?disabled=${this.sending} @click=${() => void this.#do(one, "withdraw")}>${w("tt.requests.withdraw")}</button>`}
      </div>
    </li>`;
  }

  #ask(one: Waiting): void {
    this.refusing = one.booking;
    this.reason = "";
  }

  async #load(): Promise<void> {
    const { rest, school } = this.model;
    try {
      const decides = school && this.model.may("booking.approve", school.id);
      const [waiting, own] = await Promise.all([
        decides ? rest.all<Waiting>("/bookings", { school: school.id, waits: true }, MOST) : { items: [] as Waiting[] },
        rest.all<Waiting>("/bookings", { mine: true, state: "requested" }, MOST),
      ]);
      const me = this.model.me?.person.id;
      this.waiting = waiting.items;
      this.own = own.items.filter((one) => one.requested_by === me && !waiting.items.some(({ booking }) => booking === one.booking));
    } catch (error) {
      this.failure = problemSentence(error);
    }
  }

  async #do({ booking, version }: Waiting, act: Act): Promise<void> {
    this.sending = true;
    this.failure = "";
    this.conflict = null;
    try {
      await this.model.rest.post(`/bookings/${booking}/${act}`, act === "refuse" ? { version, reason: this.reason } : { version });
      this.refusing = "";
      this.dispatchEvent(new CustomEvent("changed"));
      await this.#load();
    } catch (error) {
      const conflict = conflictOf(error);
      if (conflict) this.conflict = { booking, checked: { lessons: [], skipped: [], ...conflict, alternatives: [] } };
      else this.failure = problemSentence(error);
    } finally {
      this.sending = false;
    }
  }

  #dismiss = (): void => {
    this.dispatchEvent(new CustomEvent("dismiss"));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-requests-dialog": RequestsDialog;
  }
}
