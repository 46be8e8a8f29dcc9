/** For a planner: what waits for her school's yes, and today's lessons of the school with the colours of their preflight. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { fieldCss } from "../components/field.ts";
import "../components/form-dialog.ts";
import type { Form } from "../components/form-dialog.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import "../components/pick.ts";
import type { Choice } from "../components/pick.ts";
import { tag, tagCss } from "../components/tag.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { LangController, t } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { findSchools } from "../lib/lookups.ts";
import { problemText } from "../lib/problems.ts";
import type { Me, Page, Rest } from "../lib/rest.ts";
import { may } from "../lib/rights.ts";
import { dateTime, timeOfDay, today } from "../lib/when.ts";
import { homeCss } from "./home-css.ts";
import { plannedSchools, readyName, readyTone, readyWord, type Lesson, type Ready } from "./lessons.ts";
import { say } from "./say.ts";

const EVERY_MS = 60_000;
/** Readiness is asked per lesson; of the next ones, and not of a whole day's. */
const WATCHED = 8;
/** Receiving schools that a lesson names; of more of them, how many. */
const NAMED = 3;

interface Waiting {
  booking: string;
  version: number;
  title: string;
  teacher_name: string;
  school_name: string;
  requested_by_name: string;
  requested: number;
  plan: { first: string };
  note: string;
}

interface Day {
  lessons: Lesson[];
  ready: Map<string, Ready[]>;
}

@customElement("tk-school-day")
export class SchoolDay extends LitElement {
  static override styles = [
    baseCss,
    tagCss,
    fieldCss,
    troubleCss,
    loadedCss,
    homeCss,
    css`
      section + section {
        margin-top: var(--s4);
      }
      .which {
        display: flex;
        align-items: center;
        gap: var(--s3);
        margin-bottom: var(--s4);
      }
      .which tk-pick {
        flex: 1;
        max-width: 360px;
      }
      .which span {
        font-weight: 600;
      }
    `,
  ];

  @property({ attribute: false }) rest!: Rest;
  @property({ attribute: false }) me!: Me;
  @state() private school: Choice | null = null;
  @state() private form: Form | null = null;
  @state() private problem: unknown = null;
  @state() private busy = "";
  #start = new Loading<Choice | null>(this, () => this.#firstSchool());
  #waiting = new Loading<Page<Waiting>>(this, () => this.#askWaiting(), EVERY_MS);
  #day = new Loading<Day>(this, () => this.#askDay(), EVERY_MS);

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    return html`
      <div class="which">
        <span>${say("day.school")}</span>
        <tk-pick testid="school" label=${say("day.school")} .chosen=${this.school} .find=${findSchools(this.rest)}
          @pick=${(event: CustomEvent<Choice | null>) => event.detail && this.#choose(event.detail)}></tk-pick>
      </div>
      ${loaded(this.#start, () =>
        this.school ? html`${this.#approvals()} ${this.#lessons()}` : html`<section>${emptiness("house", say("day.choose"))}</section>`,
      )}
      ${this.form
        ? html`<tk-form .form=${this.form} @dismiss=${() => (this.form = null)} @done=${() => {
            this.form = null;
            void this.#waiting.again();
          }}></tk-form>`
        : nothing}
    `;
  }

  #approvals(): TemplateResult {
    return html`<section data-testid="approvals">
      <h2>${icon("hand")}${say("waits.title")}</h2>
      ${this.problem ? html`<p class="bad" role="alert">${problemText(this.problem)}</p>` : nothing}
      ${loaded(this.#waiting, ({ items }) =>
        items.length
          ? html`<ul class="rows">${items.map((it) => this.#request(it))}</ul>`
          : html`<p class="done">${icon("check")} ${say("waits.none")}</p>`,
      )}
    </section>`;
  }

  #request(it: Waiting): TemplateResult {
    return html`<li>
      <span class="what">
        <strong>${it.title}</strong>
        <small>${say("waits.what", { teacher: it.teacher_name, school: it.school_name, first: it.plan.first })}</small>
        <small>${say("waits.who", { name: it.requested_by_name, when: dateTime(it.requested) })}${it.note ? ` · ${it.note}` : ""}</small>
      </span>
      <span class="buttons">
        <button type="button" class="primary" ?disabled=${this.busy !== ""} @click=${() => void this.#approve(it)}>${say("waits.yes")}</button>
        <button type="button" ?disabled=${this.busy !== ""} @click=${() => this.#refuse(it)}>${say("waits.no")}</button>
      </span>
    </li>`;
  }

  #lessons(): TemplateResult {
    return html`<section data-testid="school-lessons">
      <h2>${icon("calendar")}${say("day.title")}
        ${this.school && may(this.me, "rating.read") ? html`<a class="beside" href=${`/school#id=${this.school.id}`} data-testid="to-quality">${say("day.quality")}</a>` : nothing}</h2>
      ${loaded(this.#day, ({ lessons, ready }) =>
        lessons.length
          ? html`<ul class="rows">
              ${lessons.map(
                (it) => html`<li class=${["scheduled", "open", "live"].includes(it.state) ? "" : "gone"}>
                  <span class="time">${timeOfDay(it.starts)}–${timeOfDay(it.ends)}</span>
                  <span class="what"><strong><a href=${`/lesson#id=${it.lesson}`}>${it.title}</a></strong><small>${it.teacher_name} · ${this.#where(it)}</small></span>
                  <span class="tags">${this.#tags(it, ready.get(it.lesson))}</span>
                </li>`,
              )}
            </ul>`
          : emptiness("calendar", say("day.none")),
      )}
    </section>`;
  }

  #tags(lesson: Lesson, ready: Ready[] | undefined): unknown {
    if (lesson.state === "cancelled") return tag("bad", say("lesson.cancelled"));
    if (lesson.state === "live" || lesson.state === "open") {
      return html`${tag("ok", say(`lesson.${lesson.state}`))}${this.#colours(lesson, ready)}`;
    }
    return lesson.state === "scheduled" ? this.#colours(lesson, ready) : tag("plain", say("lesson.ended"));
  }

  #colours(lesson: Lesson, ready: Ready[] | undefined): unknown {
    return ready?.map((it) => {
      const tone = readyTone(it);
      return tag(tone === "none" ? "plain" : tone, `${readyName(it, lesson.seats)} ${say(`prepared.${readyWord(it)}`)}`);
    });
  }

  #where(lesson: Lesson): string {
    const lead = lesson.seats.find((it) => it.part === "lead");
    const others = lesson.seats.filter((it) => it.part !== "lead");
    const schools = others.slice(0, NAMED).map((it) => it.school_name).join(t("list.comma"));
    const names = others.length > NAMED ? say("day.others", { names: schools, n: others.length }) : schools;
    return [lead && `${lead.school_name} ${lead.classroom_name}`, names].filter(Boolean).join(" → ");
  }

  async #firstSchool(): Promise<Choice | null> {
    const id = plannedSchools(this.me)[0] ?? this.me.person.school;
    if (!id || this.school) return this.school;
    const school = await this.rest.get<{ id: string; name: string }>(`/schools/${id}`);
    this.#choose({ id: school.id, name: school.name });
    return this.school;
  }

  #choose(school: Choice): void {
    this.school = school;
    this.#waiting.value = null;
    this.#day.value = null;
    void this.#waiting.again();
    void this.#day.again();
  }

  #askWaiting(): Promise<Page<Waiting>> {
    if (!this.school) return Promise.resolve({ items: [], next: null });
    return this.rest.page<Waiting>("/bookings", { school: this.school.id, waits: true });
  }

  async #askDay(): Promise<Day> {
    if (!this.school) return { lessons: [], ready: new Map() };
    const { lessons } = await this.rest.get<{ lessons: Lesson[] }>("/week", { view: "school", id: this.school.id, first: today(), days: 1 });
    const now = Date.now() / 1000;
    const coming = lessons.filter((it) => it.ends > now && it.state !== "cancelled").slice(0, WATCHED);
    const ready = new Map<string, Ready[]>();
    await Promise.all(
      coming.map(async (it) => {
        // A lesson whose readiness cannot be had is shown without colours.
        const answer = await this.rest.get<Ready[]>(`/lessons/${it.lesson}/readiness`).catch(() => null);
        if (answer) ready.set(it.lesson, answer);
      }),
    );
    return { lessons, ready };
  }

  async #approve(it: Waiting): Promise<void> {
    this.busy = it.booking;
    this.problem = null;
    try {
      await this.rest.post(`/bookings/${it.booking}/approve`, { version: it.version });
    } catch (problem) {
      this.problem = problem;
    }
    this.busy = "";
    void this.#waiting.again();
  }

  #refuse(it: Waiting): void {
    this.form = {
      heading: say("waits.noTitle", { title: it.title }),
      asks: [{ kind: "area", name: "reason", label: say("waits.reason"), hint: say("waits.reasonHint"), optional: true }],
      action: say("waits.no"),
      danger: true,
      save: ({ reason }) => this.rest.post(`/bookings/${it.booking}/refuse`, { reason, version: it.version }),
    };
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-school-day": SchoolDay;
  }
}
