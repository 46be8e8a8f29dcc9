/** A new booking: form, people, places and times, asked about while it is filled in. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import { field, fieldCss, tick } from "../components/field.ts";
import { LangController, lang } from "../lib/i18n.ts";
import { newKey } from "../lib/rest.ts";
import type { Booked, BookingBody, Checked, Form, Plan, PupilClass } from "./api.ts";
import { Checker } from "./checker.ts";
import { formCss } from "./dialog-css.ts";
import { RIGHTS, bodyOf, missing, toWhen, withForm, type Choice, type Draft, type ReceiverDraft, type When } from "./draft.ts";
import "./findings.ts";
import type { Device, Lookups } from "./lookups.ts";
import type { Model } from "./model.ts";
import "./picker.ts";
import "./receivers.ts";
import { conflictOf, problemSentence } from "./sentences.ts";
import "./when-fields.ts";
import { w } from "./words.ts";


/** Sends `dismiss`, and `booked` with what was made of it. */
@customElement("tk-booking-dialog")
export class BookingDialog extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    formCss,
    css`
      tk-dialog {
        --dialog-width: 760px;
      }
    `,
  ];

  @property({ attribute: false }) model!: Model;
  @property({ attribute: false }) lookups!: Lookups;
  @property({ attribute: false }) draft!: Draft;
  @state() private checked: Checked | null = null;
  @state() private checking = false;
  @state() private refused = "";
  @state() private failure = "";
  @state() private nagging = false;
  @state() private sending = false;
  @state() private classes: PupilClass[] = [];
  @state() private boxes: Device[] = [];
  /** Of this booking, however often it is sent. A changed one is another. */
  #key = newKey();

  readonly #checker = new Checker<BookingBody, Checked>(
    (body, signal) => this.model.rest.post<Checked>("/bookings/check", body, { signal }),
    (checked) => {
      this.checked = checked;
      this.refused = "";
      this.checking = false;
    },
    (error) => {
      this.checked = null;
      this.refused = problemSentence(error);
      this.checking = false;
    },
  );

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ask();
    void this.#school(this.draft.classroom?.school ?? "");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#checker.stop();
  }

  protected override render() {
    const { draft } = this;
    const form = this.#form();
    return html`<tk-dialog heading=${w("tt.book.title")} testid="booking-dialog" @dismiss=${this.#dismiss}>
      <form id="booking" @submit=${this.#submit} novalidate>
        ${field(w("tt.book.form"), html`<select data-testid="book-form" @change=${this.#formChosen}>${this.model.forms.map((one) => html`<option value=${one.code} ?selected=${one.code === draft.form}>${lang() === "zh" ? one.zh : one.en}</option>`)}</select>`)}
        ${field(w("tt.book.name"), this.#input("title", 120, "book-title", w("tt.book.nameHint")), { ...(this.#lacks("title") ? { error: w("tt.missing.title") } : {}) })}
        <div class="two">
          ${field(w("tt.book.subject"), this.#input("subject", 40, "book-subject"))}
          ${field(w("tt.book.grade"), this.#input("grade", 40, "book-grade"))}
        </div>
        ${this.#lead()}
        <tk-when .when=${draft.when} .periods=${(day: string) => this.model.periods(day)} @change=${(event: CustomEvent<When>) => this.#set({ when: event.detail })}></tk-when>
        ${form?.dual ? tick(w("tt.book.dual"), html`<input type="checkbox" data-testid="book-dual" .checked=${live(draft.dual)} @change=${(event: Event) => this.#set({ dual: checkedOf(event) })} />`, w("tt.book.dualHint")) : nothing}
        <tk-receivers
          .receivers=${draft.receivers}
          .form=${form}
          .lookups=${this.lookups}
          .lead=${draft.classroom?.id ?? null}
          ?dual=${draft.dual}
          ?nagging=${this.nagging}
          @change=${(event: CustomEvent<ReceiverDraft[]>) => this.#set({ receivers: event.detail })}
        ></tk-receivers>
        ${this.#more()}
        ${this.failure ? html`<p class="failure" role="alert" data-testid="failure">${this.failure}</p>` : nothing}
      </form>
        <tk-findings slot="actions" class="wide" .checked=${this.checked} .zone=${this.model.zone} ?checking=${this.checking} .refused=${this.refused} @choose=${this.#choose}></tk-findings>
      <button slot="actions" type="button" @click=${this.#dismiss}>${w("tt.cancel")}</button>
      <button slot="actions" class="primary" form="booking" data-testid="book" ?disabled=${this.sending} @click=${this.#submit}>
        ${this.#waits() ? w("tt.book.request") : w("tt.book.book")}
      </button>
    </tk-dialog>`;
  }

  #lead() {
    const { draft } = this;
    const school = draft.classroom?.school ?? "";
    return html`
      <div class="three">
        ${field(
          w("tt.book.classroomLead"),
          html`<tk-picker
            data-testid="book-classroom"
            .label=${w("tt.book.classroomLead")}
            .chosen=${draft.classroom}
            .find=${this.lookups.classrooms("lead")}
            ?wrong=${this.#lacks("classroom")}
            @pick=${(event: CustomEvent<Choice | null>) => this.#classroom(event.detail)}
          ></tk-picker>`,
        )}
        ${field(
          w("tt.book.teacher"),
          html`<tk-picker
            data-testid="book-teacher"
            .label=${w("tt.book.teacher")}
            .chosen=${draft.teacher}
            .find=${this.lookups.teachers(school)}
            ?wrong=${this.#lacks("teacher")}
            @pick=${(event: CustomEvent<Choice | null>) => this.#set({ teacher: event.detail })}
          ></tk-picker>`,
        )}
        ${field(
          w("tt.book.leadClass"),
          html`<select ?disabled=${!this.classes.length} @change=${(event: Event) => this.#set({ leadClass: valueOf(event) })}>
            <option value="">${w("tt.book.noClass")}</option>
            ${this.classes.map(({ id, name }) => html`<option value=${id} ?selected=${id === draft.leadClass}>${name}</option>`)}
          </select>`,
        )}
      </div>
      ${this.#lacks("classroom") || this.#lacks("teacher") ? html`<p class="failure">${w("tt.missing.lead")}</p>` : nothing}
    `;
  }

  #more() {
    const { draft } = this;
    return html`<details>
      <summary>${w("tt.book.more")}</summary>
      ${tick(w("tt.book.records"), html`<input type="checkbox" .checked=${live(draft.records)} @change=${(event: Event) => this.#set({ records: checkedOf(event) })} />`)}
      <div class="two">
        ${field(
          w("tt.book.rights"),
          html`<select ?disabled=${!draft.records} @change=${(event: Event) => this.#set({ rights: valueOf(event) })}>
            ${RIGHTS.map((one) => html`<option value=${one} ?selected=${one === draft.rights}>${w(`tt.rights.${one}` as "tt.rights.school")}</option>`)}
          </select>`,
        )}
        ${field(
          w("tt.book.device"),
          html`<select ?disabled=${!this.boxes.length} @change=${(event: Event) => this.#set({ device: valueOf(event) })}>
            <option value="">${w("tt.book.noDevice")}</option>
            ${this.boxes.map(({ id, name, classroom_name }) => html`<option value=${id} ?selected=${id === draft.device}>${w("tt.picked", { name, school: classroom_name })}</option>`)}
          </select>`,
        )}
        ${field(w("tt.book.textbook"), this.#input("textbook", 120, "book-textbook"))}
        ${field(w("tt.book.unit"), this.#input("unit", 120, "book-unit"))}
      </div>
      ${field(w("tt.book.points"), this.#input("points", 2000, "book-points"), { hint: w("tt.book.pointsHint") })}
      ${field(w("tt.book.note"), html`<textarea maxlength="2000" .value=${draft.note} @input=${(event: Event) => this.#quiet({ note: valueOf(event) })}></textarea>`)}
    </details>`;
  }

  #input(name: "title" | "subject" | "grade" | "textbook" | "unit" | "points", most: number, testid: string, placeholder = "") {
    return html`<input
      type="text"
      maxlength=${most}
      autocomplete="off"
      data-testid=${testid}
      placeholder=${placeholder}
      aria-invalid=${name === "title" && this.#lacks("title") ? "true" : "false"}
      .value=${this.draft[name]}
      @input=${(event: Event) => this.#quiet({ [name]: valueOf(event) })}
    />`;
  }

  #form(): Form | undefined {
    return this.model.forms.find(({ code }) => code === this.draft.form);
  }

  #lacks(what: ReturnType<typeof missing>[number]): boolean {
    return this.nagging && missing(this.draft).includes(what);
  }

  /** The lead school wants to be asked; the others say so in their answer. */
  #waits(): boolean {
    const { school } = this.model;
    return !!school?.approves && school.id === this.draft.classroom?.school && !this.model.may("booking.approve", school.id);
  }

  /** What does not matter for times and people. */
  #quiet(change: Partial<Draft>): void {
    this.draft = { ...this.draft, ...change };
    this.#key = newKey();
  }

  #set(change: Partial<Draft>): void {
    this.#quiet(change);
    this.failure = "";
    this.#ask();
  }

  #ask(): void {
    const body = bodyOf(this.draft);
    if (!body) {
      this.#checker.stop();
      this.checked = null;
      this.refused = "";
      this.checking = false;
      return;
    }
    this.checking = true;
    this.#checker.question(body);
  }

  #formChosen = (event: Event): void => {
    const form = this.model.forms.find(({ code }) => code === valueOf(event));
    if (form) this.#set(withForm(this.draft, form));
  };

  #classroom(classroom: Choice | null): void {
    const { draft } = this;
    const same = classroom?.school === draft.classroom?.school;
    const teacher = draft.teacher && classroom && draft.teacher.school && draft.teacher.school !== classroom.school ? null : draft.teacher;
    this.#set({ classroom, teacher, ...(same ? {} : { leadClass: "", device: "" }) });
    if (!same) void this.#school(classroom?.school ?? "");
  }

  async #school(school: string): Promise<void> {
    this.classes = [];
    this.boxes = [];
    if (!school) return;
    try {
      const [classes, boxes] = await Promise.all([this.lookups.classes(school), this.lookups.boxes(school)]);
      if (this.draft.classroom?.school !== school) return;
      this.classes = classes;
      this.boxes = boxes;
    } catch (error) {
      this.failure = problemSentence(error);
    }
  }

  #choose = (event: CustomEvent<Plan>): void => this.#set({ when: toWhen(event.detail) });

  #dismiss = (): void => {
    this.dispatchEvent(new CustomEvent("dismiss"));
  };

  #submit = (event: Event): void => {
    event.preventDefault();
    if (!this.sending) void this.#send();
  };

  async #send(): Promise<void> {
    this.nagging = true;
    const body = bodyOf(this.draft);
    if (!body || missing(this.draft).length) {
      this.failure = w("tt.missing.some");
      return;
    }
    this.sending = true;
    this.failure = "";
    try {
      const booked = await this.model.rest.create<Booked>("/bookings", body, this.#key);
      this.dispatchEvent(new CustomEvent("booked", { detail: booked }));
    } catch (error) {
      const conflict = conflictOf(error);
      if (conflict) {
        // Somebody was faster: what is in the way now, and what is still free.
        this.#checker.stop();
        this.checking = false;
        this.checked = { lessons: [], skipped: [], ...conflict };
      } else this.failure = problemSentence(error);
      this.#key = newKey();
    } finally {
      this.sending = false;
    }
  }
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement).value;
}

function checkedOf(event: Event): boolean {
  return (event.target as HTMLInputElement).checked;
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-booking-dialog": BookingDialog;
  }
}
