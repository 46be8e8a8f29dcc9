/** `/school#id=…&since=…&until=…`: how the lessons of a school went, by what both ends said and by measurement. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../components/app-frame.ts";
import { baseCss } from "../components/base-css.ts";
import "../components/data-table.ts";
import type { Column } from "../components/data-table.ts";
import { field, fieldCss } from "../components/field.ts";
import { figuresCss } from "../components/figures-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import "../components/pick.ts";
import type { Choice } from "../components/pick.ts";
import { foundTags, measured, qualitySay, ratedCss, ratedTable, stars, type Result } from "../components/rated.ts";
import type { Question } from "../components/rating-form.ts";
import { tagCss } from "../components/tag.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { DASH } from "../lib/format.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { findSchools } from "../lib/lookups.ts";
import { MAX_DAYS, instants, periodOf, reachOf, wrong, type Period } from "../lib/period.ts";
import { Rest, type Me, type Page } from "../lib/rest.ts";
import { longDay, timeOfDay, today } from "../lib/when.ts";
import { say } from "./say.ts";
import "./week-bars.ts";
import { filled, measuresOf, type Held, type Week } from "./weeks.ts";

interface Whole {
  result: Result;
  questions: Question[];
  weeks: Week[];
}

@customElement("tk-school")
export class SchoolApp extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    tagCss,
    troubleCss,
    loadedCss,
    figuresCss,
    ratedCss,
    css`
      .cards {
        display: grid;
        grid-template-columns: repeat(4, minmax(0, 1fr));
        grid-gap: var(--s4);
        margin-bottom: var(--s4);
      }
      .cards dt {
        color: var(--text-2);
        font-size: 14px;
      }
      .cards dd {
        font-size: 28px;
        font-weight: 700;
        line-height: 1.3;
        font-variant-numeric: tabular-nums;
      }
      .two {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        grid-gap: var(--s5) var(--s8);
      }
      @media (max-width: 860px) {
        .cards,
        .two {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        }
        .two {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @state() private me: Me | null = null;
  @state() private school: Choice | null = null;
  @state() private period: Period = periodOf(new URLSearchParams(location.hash.slice(1)), today());
  #rest = new Rest();
  #start = new Loading<boolean>(this, () => this.#first());
  #whole = new Loading<Whole | null>(this, () => this.#ask());
  #lessons: ((after: string) => Promise<Page<Held>>) | null = null;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#moved);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#moved);
  }

  protected override render(): TemplateResult {
    return html`<tk-frame here="school" .rest=${this.#rest} @me=${this.#begin}>
      <div class="page">
        <h1>${this.school?.name ?? say("school.qualityTitle")}</h1>
        <p class="quietly">${say("school.say")}</p>
        ${this.me ? html`${this.#bar()} ${loaded(this.#start, (ready) => (ready ? this.#body() : nothing))}` : nothing}
      </div>
    </tk-frame>`;
  }

  #bar(): TemplateResult {
    const { school, period } = this;
    const day = (which: "since" | "until"): TemplateResult =>
      html`<input type="date" required data-testid=${which} .value=${period[which]}
        @change=${(event: Event) => this.#set({ period: { ...period, [which]: (event.target as HTMLInputElement).value } })} />`;
    return html`<div class="bar">
      ${field(
        say("school.pick"),
        html`<tk-pick testid="school" label=${say("school.pick")} .chosen=${school} .find=${findSchools(this.#rest)}
          @pick=${(event: CustomEvent<Choice | null>) => event.detail && this.#set({ school: event.detail })}></tk-pick>`,
      )}
      ${field(say("school.since"), day("since"))} ${field(say("school.until"), day("until"))}
      ${school
        ? html`<div class="files"><a class="button" href=${`/library#school=${school.id}`} data-testid="to-library">${icon("library")}${say("school.library")}</a><a class="button" href=${`/ledger#school=${school.id}&since=${period.since}&until=${period.until}`}>${icon("clock")}${say("school.hours")}</a></div>`
        : nothing}
    </div>`;
  }

  #body(): unknown {
    const fault = wrong(this.period);
    if (fault) return html`<p class="bad" role="alert">${fault === "order" ? say("school.order") : say("school.long", { n: MAX_DAYS })}</p>`;
    if (!this.school) return html`<section>${emptiness("house", say("school.choose"))}</section>`;
    return loaded(this.#whole, (whole) => (whole ? this.#shown(whole) : nothing));
  }

  #shown({ result, questions, weeks }: Whole): TemplateResult {
    return html`
      ${result.lessons ? html`${this.#sums(result, questions, weeks)} ${this.#weeks(weeks)}` : html`<section>${emptiness("star", say("school.none"))}</section>`}
      <section>
        <h2>${icon("calendar")}${say("school.list")}</h2>
        <tk-table testid="held" label=${say("school.list")} .columns=${this.#columns()} .load=${this.#lessons} .key=${(it: Held) => it.lesson}
          .nothing=${{ mark: "calendar", text: say("school.noLessons") }}></tk-table>
        <p class="legend">${qualitySay("quality.legend")}</p>
      </section>
    `;
  }

  #sums(result: Result, questions: Question[], weeks: Week[]): TemplateResult {
    const cards = [
      ["school.lessons", String(result.lessons)],
      ["school.forms", String(result.forms)],
      ["school.starsLead", mean(result, questions, "lead")],
      ["school.starsReceiving", mean(result, questions, "receiving")],
    ] as const;
    return html`<section data-testid="sums" data-weeks=${weeks.length}>
      <h2>${icon("star")}${say("school.sum")}</h2>
      <dl class="cards">${cards.map(([name, value]) => html`<div data-testid=${name.slice(7)}><dt>${say(name)}</dt><dd>${value}</dd></div>`)}</dl>
      <div class="two">
        <div>${ratedTable(questions, result)}</div>
        <div><p class="legend">${qualitySay("rated.measured")}</p>${measured(result)}</div>
      </div>
    </section>`;
  }

  #weeks(weeks: Week[]): TemplateResult {
    const all = filled(weeks);
    const of = (read: (week: Week) => number | null): (number | null)[] => all.map(({ week }) => (week ? read(week) : null));
    const days = all.map(({ first }) => first);
    const rated = [
      { name: qualitySay("rated.lead"), values: of(({ quality }) => quality.lead) },
      { name: qualitySay("rated.receiving"), values: of(({ quality }) => quality.receiving) },
    ];
    const measures = [
      { name: say("school.loss"), values: of(({ quality }) => quality.loss).map((it) => (it === null ? null : it * 100)) },
      { name: say("school.delay"), values: of(({ quality }) => quality.delay_ms) },
    ];
    return html`<section data-testid="weeks">
      <h2>${icon("line")}${say("school.weeks")}</h2>
      <div class="two">
        <tk-week-bars heading=${say("school.stars")} .weeks=${days} .series=${rated} most="5"></tk-week-bars>
        ${measures
          .filter(({ values }) => values.some((it) => it !== null))
          .map((it) => html`<tk-week-bars heading=${it.name} .weeks=${days} .series=${[it]}></tk-week-bars>`)}
      </div>
    </section>`;
  }

  #columns(): Column<Held>[] {
    const rated = (value: number | null): string => (value === null ? DASH : stars(value));
    return [
      { name: say("school.lesson"), cell: (it) => html`<a href=${`/lesson#id=${it.lesson}`}>${it.title}</a>` },
      { name: say("school.day"), whole: true, cell: (it) => `${longDay(it.day)} ${timeOfDay(it.starts)}` },
      { name: say("school.teacher"), cell: (it) => it.teacher_name },
      { name: say("school.rated"), whole: true, cell: (it) => `${rated(it.quality.lead)} / ${rated(it.quality.receiving)}` },
      { name: say("school.measured"), cell: (it) => foundTags(measuresOf(it.quality), it.quality.seen_s) },
    ];
  }

  #begin = (event: CustomEvent<Me>): void => {
    this.me = event.detail;
    void this.#start.again();
  };

  #moved = (): void => {
    this.period = periodOf(new URLSearchParams(location.hash.slice(1)), today());
    this.school = null;
    this.#start.value = null;
    void this.#start.again();
  };

  /** The school of the address, or her own. */
  async #first(): Promise<boolean> {
    if (!this.me) return false;
    const id = new URLSearchParams(location.hash.slice(1)).get("id") ?? reachOf(this.me, "rating.read")?.school;
    if (id) {
      const school = await this.#rest.get<{ id: string; name: string }>(`/schools/${encodeURIComponent(id)}`);
      this.school = { id: school.id, name: school.name };
    }
    void this.#again();
    return true;
  }

  #set(change: { school?: Choice; period?: Period }): void {
    if (change.school) this.school = change.school;
    if (change.period) this.period = change.period;
    const { since, until } = this.period;
    const address = new URLSearchParams({ ...(this.school ? { id: this.school.id } : {}), since, until });
    history.replaceState(null, "", `${location.pathname}#${address.toString()}`);
    void this.#again();
  }

  #again(): Promise<void> {
    const { school, period } = this;
    this.#whole.value = null;
    this.requestUpdate();
    if (!school || wrong(period)) return Promise.resolve();
    const path = `/schools/${school.id}/quality/lessons`;
    this.#lessons = (after) => this.#rest.page<Held>(path, { ...instants(period), after });
    return this.#whole.again();
  }

  async #ask(): Promise<Whole | null> {
    const { school, period } = this;
    if (!school || wrong(period)) return null;
    const path = `/schools/${school.id}/quality`;
    const [result, weeks] = await Promise.all([
      this.#rest.get<Result & { questions: Question[] }>(path, instants(period)),
      this.#rest.get<Week[]>(`${path}/weeks`, instants(period)),
    ]);
    return { result, weeks, questions: result.questions };
  }
}

/** Over all questions that are answered with stars, each answer once. */
function mean({ answers }: Result, questions: readonly Question[], side: string): string {
  const given = questions.filter(({ kind }) => kind === "stars").map(({ id }) => answers[side]?.[id]);
  const [points, many] = given.reduce(([sum, n], it) => [sum + (it?.mean ?? 0) * (it?.answers ?? 0), n + (it?.answers ?? 0)], [0, 0]);
  return many ? stars(points / many) : DASH;
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-school": SchoolApp;
  }
}
