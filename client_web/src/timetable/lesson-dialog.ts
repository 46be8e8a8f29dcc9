/** One lesson: what it is, and what its reader may do with it or with the rest of its series. */

import { LitElement, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import "../components/dialog.ts";
import "../components/form-dialog.ts";
import type { Form } from "../components/form-dialog.ts";
import { field, fieldCss } from "../components/field.ts";
import { LangController, lang } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import type { Checked, LessonShown, SeatShown } from "./api.ts";
import { formCss } from "./dialog-css.ts";
import { detailsForm, titleForm, type BookingDetails } from "./details-form.ts";
import type { Choice } from "./draft.ts";
import "./findings.ts";
import { lessonCss } from "./lesson-css.ts";
import type { Lookups } from "./lookups.ts";
import type { Model } from "./model.ts";
import "./picker.ts";
import { scopeFields, type Scope } from "./scope.ts";
import { conflictOf, gradeName, problemSentence, whenOf } from "./sentences.ts";
import { w } from "./words.ts";

interface Whole extends LessonShown {
  textbook: string;
  unit: string;
  points: string[];
  note: string;
  /** Actions of docs/rights.md. */
  may: string[];
}

type Doing = "cancel" | "substitute" | "assistant" | "extend";

const LONGER = [5, 10, 15];

/** Sends `dismiss`, `changed` when something was done, and `move-lesson` or `make-up` with the lesson. */
@customElement("tk-lesson-dialog")
export class LessonDialog extends LitElement {
  static override styles = [baseCss, fieldCss, formCss, lessonCss];

  @property({ attribute: false }) model!: Model;
  @property({ attribute: false }) lookups!: Lookups;
  @property({ attribute: false }) lesson!: LessonShown;
  @state() private whole: Whole | null = null;
  @state() private doing: Doing | null = null;
  @state() private scope: Scope = "one";
  @state() private reason = "";
  @state() private person: Choice | null = null;
  @state() private seat = "";
  @state() private conflict: Checked | null = null;
  @state() private failure = "";
  @state() private sending = false;
  @state() private form: Form | null = null;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override render() {
    const lesson = this.whole ?? this.lesson;
    return html`<tk-dialog heading=${lesson.title} testid="lesson-dialog" @dismiss=${() => this.#tell("dismiss")}>
      <p class="when">${whenOf(lesson.starts, lesson.ends, this.model.zone)}${lesson.period === null ? nothing : w("tt.lesson.period", { n: lesson.period })}</p>
      <p class="tags">
        <span class="tag ${lesson.state}">${w(`tt.state.${lesson.state}` as "tt.state.live")}</span>
        <span class="tag">${this.#form(lesson)}</span>
        ${lesson.dual ? html`<span class="tag">${w("tt.book.dual")}</span>` : nothing}
        ${lesson.series ? html`<span class="tag">${w("tt.lesson.series")}</span>` : nothing}
        ${lesson.moved ? html`<span class="tag">${w("tt.flag.moved")}</span>` : nothing}
        ${lesson.makes_up ? html`<span class="tag">${w("tt.flag.makeUp")}</span>` : nothing}
      </p>
      ${this.#facts(lesson)}
      ${this.doing ? this.#panel(this.doing) : this.#actions(lesson)}
      ${this.conflict ? html`<tk-findings .checked=${this.conflict} .zone=${this.model.zone}></tk-findings>` : nothing}
      ${this.failure ? html`<p class="failure" role="alert" data-testid="failure">${this.failure}</p>` : nothing}
      <p class="record"><a href=${`/lesson#id=${lesson.lesson}`} data-testid="to-lesson">${icon("file")}${w("tt.lesson.record")}</a></p>
      ${this.form ? html`<tk-form .form=${this.form} @dismiss=${() => (this.form = null)} @done=${() => this.#tell("changed")}></tk-form>` : nothing}
      ${this.doing
        ? html`<button slot="actions" type="button" @click=${() => this.#begin(null)}>${w("tt.back")}</button>
            ${this.doing === "extend"
              ? nothing
              : html`<button slot="actions" type="button" class=${this.doing === "cancel" ? "danger" : "primary"} data-testid="do-it" ?disabled=${this.sending || !this.#complete()} @click=${() => void this.#do()}>
                  ${w(`tt.do.${this.doing}` as "tt.do.cancel")}
                </button>`}`
        : html`<button slot="actions" type="button" @click=${() => this.#tell("dismiss")}>${w("tt.close")}</button>`}
    </tk-dialog>`;
  }

  #form({ form }: LessonShown): string {
    const known = this.model.forms.find(({ code }) => code === form);
    return known ? (lang() === "zh" ? known.zh : known.en) : form;
  }

  #facts(lesson: LessonShown) {
    const [lead, ...others] = lesson.seats;
    const { whole } = this;
    const rows: [string, unknown][] = [
      [w("tt.book.teacher"), lesson.teacher_name],
      [w("tt.book.classroomLead"), lead ? this.#seatName(lead) : ""],
      [w("tt.book.subject"), [gradeName(lesson.grade), lesson.subject].filter(Boolean).join(" ")],
      [w("tt.book.textbook"), [whole?.textbook, whole?.unit].filter(Boolean).join(" · ")],
      [w("tt.book.points"), whole?.points.join(w("tt.comma"))],
      [w("tt.book.note"), whole?.note],
      [w("tt.reason"), lesson.reason],
    ];
    return html`
      <dl>${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      ${others.length
        ? html`<h3>${w("tt.book.receivers")}</h3>
            <ul class="seats">${others.map((seat) => html`<li>${this.#seatName(seat)}${seat.assistant_name ? html`<small>${w("tt.lesson.assistant", { name: seat.assistant_name })}</small>` : nothing}</li>`)}</ul>`
        : nothing}
    `;
  }

  #seatName({ school_name, classroom_name, pupil_class_name }: SeatShown): string {
    const place = w("tt.seat", { school: school_name, classroom: classroom_name });
    return pupil_class_name ? w("tt.seat.class", { place, name: pupil_class_name }) : place;
  }

  #actions(lesson: LessonShown) {
    const may = this.whole?.may ?? [];
    const coming = lesson.starts > this.model.seconds;
    const change = may.includes("booking.change");
    const off = lesson.state === "cancelled";
    const over = ["ended", "processing", "published"].includes(lesson.state);
    const offered: [boolean, string, IconName, () => void][] = [
      [change && lesson.state === "scheduled" && coming, "move", "calendar", () => this.#tell("move-lesson", lesson)],
      [change && !off && !over && coming, "cancel", "cross", () => this.#begin("cancel")],
      [change && !off && !over, "substitute", "people", () => this.#begin("substitute")],
      [change && !off && !over && lesson.seats.length > 1, "assistant", "people", () => this.#begin("assistant")],
      [change && !off, "edit", "file", () => void this.#edit()],
      [change && lesson.series && !off && !over, "retitle", "file", () => (this.form = titleForm(this.model.rest, lesson))],
      [change && (off || over), "makeUp", "plus", () => this.#tell("make-up", lesson)],
      [may.includes("lesson.run") && ["open", "live"].includes(lesson.state), "extend", "clock", () => this.#begin("extend")],
    ];
    const shown = offered.filter(([offer]) => offer);
    if (!shown.length) return nothing;
    return html`<div class="chips actions">
      ${shown.map(([, name, sign, act]) => html`<button type="button" data-testid=${`do-${name}`} @click=${act}>${icon(sign)}${w(`tt.do.${name}` as "tt.do.move")}</button>`)}
    </div>`;
  }

  #panel(doing: Doing) {
    const { lesson } = this;
    const scope = lesson.series && (doing === "cancel" || doing === "substitute") ? scopeFields(this.scope, (chosen) => (this.scope = chosen)) : nothing;
    const reason = doing === "extend" ? nothing : field(w("tt.reason"), html`<input type="text" maxlength="400" data-testid="reason" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLInputElement).value)} />`, { hint: w("tt.reason.hint") });
    return html`<section aria-label=${w(`tt.do.${doing}` as "tt.do.cancel")}>
      ${doing === "cancel" ? html`<p class="say">${w("tt.cancel.say")}</p>` : nothing} ${scope}
      ${doing === "substitute" ? this.#personField(w("tt.substitute.teacher"), lesson.school) : nothing}
      ${doing === "assistant" ? this.#assistantFields() : nothing}
      ${doing === "extend" ? this.#extendFields() : nothing} ${reason}
    </section>`;
  }

  #personField(label: string, school: string) {
    return field(
      label,
      html`<tk-picker data-testid="person" .label=${label} .chosen=${this.person} .find=${this.lookups.teachers(school)} @pick=${(event: CustomEvent<Choice | null>) => (this.person = event.detail)}></tk-picker>`,
    );
  }

  #assistantFields() {
    const seats = this.lesson.seats.slice(1);
    const seat = seats.find(({ classroom }) => classroom === this.seat);
    return html`
      ${field(
        w("tt.book.classroom"),
        html`<select @change=${(event: Event) => { this.seat = (event.target as HTMLSelectElement).value; this.person = null; }}>
          ${seats.map((one) => html`<option value=${one.classroom} ?selected=${one.classroom === this.seat}>${this.#seatName(one)}</option>`)}
        </select>`,
      )}
      ${seat ? this.#personField(w("tt.substitute.assistant"), seat.school) : nothing}
    `;
  }

  #extendFields() {
    return html`<p class="say">${w("tt.extend.say")}</p>
      <div class="chips">
        ${LONGER.map((minutes) => html`<button type="button" ?disabled=${this.sending} data-testid=${`extend-${minutes}`} @click=${() => void this.#do(minutes)}>${w("tt.extend.by", { n: minutes })}</button>`)}
      </div>`;
  }

  #begin(doing: Doing | null): void {
    this.doing = doing;
    this.scope = "one";
    this.reason = "";
    this.person = null;
    this.failure = "";
    this.conflict = null;
    this.seat = this.lesson.seats[1]?.classroom ?? "";
  }

  #complete(): boolean {
    return this.doing !== "substitute" || this.person !== null;
  }

  async #load(): Promise<void> {
    try {
      this.whole = await this.model.rest.get<Whole>(`/lessons/${this.lesson.lesson}`);
    } catch (error) {
      this.failure = problemSentence(error);
    }
  }

  /** As the booking is now: the lesson may have a title of its own. */
  async #edit(): Promise<void> {
    this.failure = "";
    try {
      const booking = await this.model.rest.get<BookingDetails>(`/bookings/${this.lesson.booking}`);
      this.form = detailsForm(this.model.rest, booking);
    } catch (error) {
      this.failure = problemSentence(error);
    }
  }

  async #do(minutes = 0): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    this.failure = "";
    this.conflict = null;
    try {
      const [path, body] = this.#change(minutes);
      await this.model.rest.post(path, body);
      this.#tell("changed");
    } catch (error) {
      const conflict = conflictOf(error);
      // Another time is no help when another person is sought.
      if (conflict) this.conflict = { lessons: [], skipped: [], ...conflict, alternatives: [] };
      else this.failure = problemSentence(error);
    } finally {
      this.sending = false;
    }
  }

  /** What is posted where. */
  #change(minutes: number): [string, object] {
    const { doing, scope, reason } = this;
    const lesson = this.whole ?? this.lesson;
    const [one, series] = [`/lessons/${lesson.lesson}`, `/bookings/${lesson.booking}`];
    const { version, booking_version } = lesson;
    const since = scope === "following" ? lesson.day : this.model.today;
    if (doing === "extend") return [`${one}/extend`, { minutes, version }];
    if (doing === "assistant") return [`${one}/substitute-assistant`, { classroom: this.seat, assistant: this.person?.id ?? null, reason, version }];
    if (doing === "substitute") {
      const teacher = this.person?.id;
      return scope === "one" ? [`${one}/substitute`, { teacher, reason, version }] : [`${series}/substitute`, { since, teacher, reason, version: booking_version }];
    }
    return scope === "one" ? [`${one}/cancel`, { reason, version }] : [`${series}/cancel`, { since, reason, version: booking_version }];
  }

  #tell(name: string, detail?: LessonShown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-lesson-dialog": LessonDialog;
  }
}
