/** `/timetable`: the week of a school, a teacher or a classroom; planners book and move on it. */

import { LitElement, html, nothing, type PropertyValues } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import "../components/app-frame.ts";
import { baseCss } from "../components/base-css.ts";
import { LangController, t } from "../lib/i18n.ts";
import { icon, type IconName } from "../lib/icons.ts";
import { problemText } from "../lib/problems.ts";
import { Rest, type Me } from "../lib/rest.ts";
import type { Booked, LessonShown, Plan } from "./api.ts";
import { appCss } from "./app-css.ts";
import "./booking-dialog.ts";
import "./day-list.ts";
import { addDays, monday } from "./days.ts";
import { DragCheck } from "./drag-check.ts";
import { newDraft, toWhen, weekly, type Choice, type Draft } from "./draft.ts";
import { weekday } from "./days.ts";
import type { Chosen } from "./drag.ts";
import "./findings.ts";
import "./free-dialog.ts";
import "./lesson-dialog.ts";
import { Lookups } from "./lookups.ts";
import { Model } from "./model.ts";
import "./move-dialog.ts";
import "./picker.ts";
import "./requests-dialog.ts";
import { dateName } from "./sentences.ts";
import "./week-grid.ts";
import type { Over, WeekGrid } from "./week-grid.ts";
import { lessonOf, parse, VIEWS, type View } from "./whereabouts.ts";
import { w } from "./words.ts";

const RELOAD_MS = 60_000;
const TOAST_MS = 6_000;
const NARROW = "(max-width: 700px)";

type Open =
  | { kind: "book"; draft: Draft }
  | { kind: "lesson"; lesson: LessonShown }
  | { kind: "move"; lesson: LessonShown; target: Plan | null; makeUp: boolean }
  | { kind: "requests" }
  | { kind: "free" };

@customElement("tk-timetable")
export class TimetableApp extends LitElement {
  static override styles = [baseCss, appCss];

  @state() private open: Open | null = null;
  @state() private narrow = matchMedia(NARROW).matches;
  @state() private toast = "";
  @query("tk-week-grid") private grid!: WeekGrid | null;
  readonly model = new Model(new Rest(), () => this.#changed());
  readonly #lookups = new Lookups(this.model.rest);
  readonly #check = new DragCheck(this.model, () => this.requestUpdate());
  readonly #media = matchMedia(NARROW);
  #reload = 0;
  #toastTimer = 0;
  #requests = 0;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#media.addEventListener("change", this.#resized);
    addEventListener("popstate", this.#back);
    addEventListener("hashchange", this.#named);
    document.addEventListener("visibilitychange", this.#visible);
    this.#reload = window.setInterval(this.#visible, RELOAD_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#media.removeEventListener("change", this.#resized);
    removeEventListener("popstate", this.#back);
    removeEventListener("hashchange", this.#named);
    document.removeEventListener("visibilitychange", this.#visible);
    clearInterval(this.#reload);
    clearTimeout(this.#toastTimer);
  }

  protected override updated(changed: PropertyValues): void {
    // A dialog that is taken out of the document gives the focus to nobody.
    if (changed.get("open") && !this.open) {
      this.grid?.focus();
      if (lessonOf(location.hash)) history.replaceState(null, "", location.pathname + location.search);
    }
  }

  protected override render() {
    const { model } = this;
    return html`
      <tk-frame here="timetable" .rest=${model.rest} @me=${(event: CustomEvent<Me>) => void this.#start(event.detail)}>
        <div class="page">
          <h1 class="sr">${w("tt.title")}</h1>
          ${model.me ? this.#bar() : nothing} ${this.#paper()}
          <section aria-label=${w("tt.title")} aria-busy=${model.loading ? "true" : "false"}>${this.#main()}</section>
        </div>
      </tk-frame>
      ${this.#dialog()} ${this.#dragging()}
      <div role="status">${this.toast ? html`<p class="toast" data-testid="toast">${this.toast}</p>` : nothing}</div>
    `;
  }

  #bar() {
    const { model } = this;
    const n = this.#requests;
    return html`<div class="bar">
      <div class="views" role="group" aria-label=${w("tt.view")}>
        ${VIEWS.map((view) => html`<button type="button" aria-pressed=${view === model.view ? "true" : "false"} data-testid=${`view-${view}`} @click=${() => this.#view(view)}>${w(`tt.view.${view}` as "tt.view.school")}</button>`)}
      </div>
      <tk-picker data-testid="whose" .label=${w("tt.whose")} .chosen=${model.subject} .find=${this.#find()} @pick=${(event: CustomEvent<Choice | null>) => event.detail && this.#pick(event.detail)}></tk-picker>
      <div class="week">
        ${this.#turn("left", -1, "tt.week.before")}
        <span class="which" data-testid="week">${this.#weekName()}${this.#term()}</span>
        ${this.#turn("right", 1, "tt.week.after")}
        ${model.first === monday(model.today) ? nothing : html`<button type="button" data-testid="this-week" @click=${() => this.#turnTo(monday(model.today))}>${w("tt.week.this")}</button>`}
      </div>
      <div class="acts">
        ${model.mayBook
          ? html`${this.narrow ? nothing : html`<button type="button" class="primary" data-testid="new-booking" @click=${() => this.#book(null)}>${icon("plus")}${w("tt.book.title")}</button>`}
              <button type="button" data-testid="free" @click=${() => (this.open = { kind: "free" })}>${icon("search")}${w("tt.free")}</button>
              <button type="button" data-testid="requests" @click=${() => (this.open = { kind: "requests" })}>${icon("clock")}${w("tt.requests")}${n ? html`<span class="number">${n}</span>` : nothing}</button>`
          : nothing}
        ${this.narrow ? nothing : html`<button type="button" class="turn" aria-label=${w("tt.print")} title=${w("tt.print")} data-testid="print" @click=${() => print()}>${icon("print")}</button>`}
      </div>
    </div>`;
  }

  #turn(sign: IconName, weeks: number, key: "tt.week.before" | "tt.week.after") {
    return html`<button type="button" class="turn" aria-label=${w(key)} data-testid=${weeks < 0 ? "week-before" : "week-after"} @click=${() => this.#turnTo(addDays(this.model.first, 7 * weeks))}>${icon(sign)}</button>`;
  }

  #weekName(): string {
    const { first } = this.model;
    const days = w("tt.span", { from: dateName(first), to: dateName(addDays(first, 6)) });
    return first.slice(0, 4) === this.model.today.slice(0, 4) ? days : w("tt.week.year", { year: first.slice(0, 4), days });
  }

  #term() {
    const { term } = this.model;
    return term ? html`<small title=${term.name}>${w("tt.week.number", { n: term.week })}</small>` : nothing;
  }

  #paper() {
    const { subject, view, term } = this.model;
    if (!subject) return nothing;
    const name = view === "school" || subject.school_name === subject.name ? subject.name : w("tt.picked", { name: subject.name, school: subject.school_name });
    return html`<div class="paper">
      <h2>${w("tt.paper", { name })}</h2>
      <p>${[term?.name, term ? w("tt.week.number", { n: term.week }) : "", this.#weekName()].filter(Boolean).join(" · ")}</p>
    </div>`;
  }

  #main() {
    const { model } = this;
    if (model.problem && !model.shown.days.length) {
      if (model.problem.status === 403) return html`<div class="problem" role="alert" data-testid="no-right"><h2>${w("tt.noRight")}</h2><p>${w("tt.noRight.say")}</p><a class="button" href="/home">${w("tt.noRight.home")}</a></div>`;
      return html`<div class="problem" role="alert" data-testid="problem"><h2>${w("tt.problem")}</h2><p>${problemText(model.problem)}</p><button type="button" class="primary" @click=${() => void this.#again()}>${t("action.retry")}</button></div>`;
    }
    if (!model.shown.days.length) {
      return html`<div class="none">${model.loading ? html`<p>${w("tt.loading")}</p>` : html`<h2>${w("tt.nobody")}</h2><p>${w("tt.nobody.say")}</p>`}</div>`;
    }
    const empty = !model.shown.lessons.length && !model.loading;
    return html`
      ${model.problem ? html`<p class="banner" role="alert">${icon("warn")}${w("tt.stale", { why: problemText(model.problem) })}</p>` : nothing}
      <div class=${model.behind ? "behind" : ""}>${this.narrow ? this.#list() : this.#week()}</div>
      ${empty ? html`<p class="hint">${w(model.calendar.terms.length && !model.term ? "tt.empty.term" : "tt.empty")}</p>` : nothing}
      ${!this.narrow && model.mayBook ? html`<p class="hint">${w(model.mayPlan ? "tt.hint.plan" : "tt.hint.book")}</p>` : nothing}
    `;
  }

  #week() {
    const { model } = this;
    return html`<tk-week-grid
      .shown=${model.shown}
      .view=${model.view}
      .subject=${model.subject?.id ?? ""}
      .school=${model.school?.id ?? ""}
      .movable=${this.#movable}
      ?bookable=${model.mayBook}
      .mark=${this.#check.mark}
      .offers=${this.#check.offers}
      @open-lesson=${(event: CustomEvent<LessonShown>) => (this.open = { kind: "lesson", lesson: event.detail })}
      @move-lesson=${(event: CustomEvent<LessonShown>) => this.#move(event.detail, null)}
      @book=${(event: CustomEvent<Chosen>) => this.#book(event.detail)}
      @over=${(event: CustomEvent<Over>) => this.#check.over(event.detail)}
      @drop-lesson=${this.#drop}
      @stopped=${() => this.#check.stop()}
    ></tk-week-grid>`;
  }

  #list() {
    const { model } = this;
    return html`<tk-day-list
      .shown=${model.shown}
      .zone=${model.zone}
      ?bookable=${model.mayBook}
      @open-lesson=${(event: CustomEvent<LessonShown>) => (this.open = { kind: "lesson", lesson: event.detail })}
      @book=${(event: CustomEvent<string>) => this.#bookDay(event.detail)}
    ></tk-day-list>`;
  }

  #dragging() {
    const { lesson, checked, refused, asking } = this.#check;
    if (!lesson) return nothing;
    return html`<div class="live-check" data-testid="drag-check"><tk-findings brief .checked=${checked} .zone=${this.model.zone} ?checking=${asking} .refused=${refused}></tk-findings></div>`;
  }

  #dialog() {
    const { open, model } = this;
    const close = (): null => (this.open = null);
    const lookups = this.#lookups;
    switch (open?.kind) {
      case "book":
        return html`<tk-booking-dialog .model=${model} .lookups=${lookups} .draft=${open.draft} @dismiss=${close} @booked=${this.#booked}></tk-booking-dialog>`;
      case "lesson":
        return html`<tk-lesson-dialog
          .model=${model}
          .lookups=${lookups}
          .lesson=${open.lesson}
          @dismiss=${close}
          @changed=${() => this.#done(w("tt.done.changed"))}
          @move-lesson=${(event: CustomEvent<LessonShown>) => this.#move(event.detail, null)}
          @make-up=${(event: CustomEvent<LessonShown>) => (this.open = { kind: "move", lesson: event.detail, target: null, makeUp: true })}
        ></tk-lesson-dialog>`;
      case "move":
        return html`<tk-move-dialog .model=${model} .lesson=${open.lesson} .target=${open.target} ?makeUp=${open.makeUp} @dismiss=${close} @moved=${() => this.#done(w(open.makeUp ? "tt.done.makeUp" : "tt.done.moved"))}></tk-move-dialog>`;
      case "requests":
        return html`<tk-requests-dialog .model=${model} @dismiss=${close} @changed=${() => this.#refresh()}></tk-requests-dialog>`;
      case "free":
        return html`<tk-free-dialog .model=${model} .lookups=${lookups} @dismiss=${close} @book=${(event: CustomEvent<Draft>) => (this.open = { kind: "book", draft: event.detail })}></tk-free-dialog>`;
      default:
        return nothing;
    }
  }

  // ---------------------------------------------------------------- whose week, which week

  #find() {
    const { view } = this.model;
    if (view === "school") return this.#lookups.schools();
    return view === "teacher" ? this.#lookups.teachers() : this.#lookups.classrooms("");
  }

  #view(view: View): void {
    if (view !== this.model.view) void this.model.show({ view, id: "", week: this.model.first }).then(() => this.#remember());
  }

  #pick(subject: Choice): void {
    void this.model.choose(this.model.view, subject).then(() => {
      this.#remember();
      return this.#countRequests();
    });
  }

  #turnTo(first: string): void {
    this.model.first = first;
    void this.model.load().then(() => this.#remember());
  }

  #remember(): void {
    const address = location.pathname + this.model.address;
    if (address !== location.pathname + location.search) history.pushState(null, "", address + location.hash);
  }

  #back = (): void => {
    if (lessonOf(location.hash)) return; // `hashchange` follows
    void this.model.show(parse(location.search));
  };

  #resized = (event: MediaQueryListEvent): void => {
    this.narrow = event.matches;
  };

  /** What others have changed meanwhile; not under somebody's hands. */
  #visible = (): void => {
    if (document.visibilityState !== "visible" || !this.model.me || this.grid?.dragging) return;
    this.#refresh();
  };

  #refresh(): void {
    void Promise.all([this.model.load(), this.#countRequests()]);
  }

  async #start(me: Me): Promise<void> {
    const named = lessonOf(location.hash);
    if (named) await this.#openNamed(named, me);
    else await this.model.start(me, location.search);
    history.replaceState(null, "", location.pathname + this.model.address + location.hash);
    await this.#countRequests();
  }

  /** Links from a calendar, a notice or the page of a lesson name it: its week is shown, and it is open. */
  async #openNamed(id: string, me: Me): Promise<void> {
    const where = parse(location.search);
    try {
      const lesson = await this.model.rest.get<LessonShown>(`/lessons/${id}`);
      this.model.me = me;
      await this.model.show({ view: where.view ?? "school", id: where.id || lesson.school, week: where.week || monday(lesson.day) });
      this.open = { kind: "lesson", lesson };
    } catch (error) {
      await this.model.start(me, location.search);
      this.#say(w("tt.lesson.gone", { why: problemText(error) }));
    }
  }

  #named = (): void => {
    const [named, { me }] = [lessonOf(location.hash), this.model];
    if (named && me) void this.#openNamed(named, me);
  };

  #again(): Promise<void> {
    return this.model.show(parse(location.search));
  }

  async #countRequests(): Promise<void> {
    const { school, rest } = this.model;
    if (!school || !this.model.may("booking.approve", school.id)) return;
    try {
      this.#requests = (await rest.page("/bookings", { school: school.id, waits: true, limit: 99 })).items.length;
    } catch {
      return; // the list itself says why, when it is opened
    }
    this.requestUpdate();
  }

  #changed(): void {
    this.requestUpdate();
  }

  // ---------------------------------------------------------------- booking and moving

  #movable = (lesson: LessonShown): boolean =>
    lesson.state === "scheduled" && lesson.starts > this.model.seconds && this.model.may("booking.change", lesson.school);

  /** @param chosen null: at the next whole period of today, or where the week begins. */
  #book(chosen: Chosen | null): void {
    const { model } = this;
    const days = chosen?.days ?? [model.first > model.today ? model.first : model.today];
    const first = days[0] as string;
    const band = chosen ?? model.periods(first)[0] ?? { period: null, starts: 480, minutes: 40 };
    const minutes = chosen?.minutes ?? ("ends" in band ? band.ends - band.starts : 40);
    const when = toWhen({ first, minutes, period: band.period, starts: band.period === null ? band.starts : null });
    const repeat = days.length > 1 ? weekly(first, days.map(weekday)) : null;
    this.#draft({ ...when, repeat });
  }

  #bookDay(day: string): void {
    const band = this.model.periods(day)[0];
    this.#draft(toWhen({ first: day, minutes: band ? band.ends - band.starts : 40, period: band?.period ?? null, starts: band ? null : 480 }));
  }

  /** Whose week it is takes part. */
  #draft(when: Draft["when"]): void {
    const { view, subject, forms } = this.model;
    const draft = newDraft(when, forms[0]);
    if (view === "teacher") draft.teacher = subject;
    if (view === "classroom") draft.classroom = subject;
    this.open = { kind: "book", draft };
  }

  #move(lesson: LessonShown, target: Plan | null): void {
    this.open = { kind: "move", lesson, target, makeUp: false };
  }

  #drop = (event: CustomEvent<Over>): void => {
    const { lesson, cell } = event.detail;
    const target = cell && this.#check.planFor(lesson, cell);
    this.#check.stop();
    if (target) this.#move(lesson, target);
  };

  #booked = (event: CustomEvent<Booked>): void => {
    const { state, lessons, waits } = event.detail;
    this.#done(state === "requested" ? w("tt.done.requested", { n: waits.length }) : w("tt.done.booked", { n: lessons.length }));
  };

  #done(sentence: string): void {
    this.open = null;
    this.#say(sentence);
    this.#refresh();
  }

  #say(sentence: string): void {
    this.toast = sentence;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = window.setTimeout(() => (this.toast = ""), TOAST_MS);
  }
}
