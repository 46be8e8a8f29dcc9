/** `/ledger`: teaching hours by teacher and month or term, down to the lessons and the audit rows behind them. */

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { styleMap } from "lit/directives/style-map.js";
import "../components/app-frame.ts";
import { baseCss } from "../components/base-css.ts";
import { field, fieldCss } from "../components/field.ts";
import { figuresCss } from "../components/figures-css.ts";
import { foldingCss } from "../components/folding-css.ts";
import { loaded, loadedCss } from "../components/loaded.ts";
import "../components/pick.ts";
import type { Choice } from "../components/pick.ts";
import { emptiness, troubleCss } from "../components/trouble.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { Loading } from "../lib/loading.ts";
import { findSchools, findTeachers } from "../lib/lookups.ts";
import { MAX_DAYS, instants, periodOf, reachOf, wrong, type Period } from "../lib/period.ts";
import { ROOT, Rest, withQuery, type Me, type Query } from "../lib/rest.ts";
import { may, teaches } from "../lib/rights.ts";
import { today } from "../lib/when.ts";
import { ledgerCss } from "./ledger-css.ts";
import "./ledger-items.ts";
import { hours, keyOf, share, sumOf, type Line } from "./lines.ts";
import { say } from "./say.ts";

const MOST = 1000;

interface Found {
  items: Line[];
  more: boolean;
}

@customElement("tk-ledger")
export class LedgerApp extends LitElement {
  static override styles = [baseCss, fieldCss, troubleCss, loadedCss, figuresCss, ledgerCss, foldingCss];

  @state() private me: Me | null = null;
  @state() private mine = false;
  @state() private school: Choice | null = null;
  @state() private teacher: Choice | null = null;
  @state() private period: Period = periodOf(new URLSearchParams(location.hash.slice(1)), today());
  @state() private by: "month" | "term" = "month";
  @state() private open: ReadonlySet<string> = new Set();
  #rest = new Rest();
  #lines = new Loading<Found | null>(this, () => this.#ask());

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    return html`<tk-frame here="ledger" .rest=${this.#rest} @me=${(event: CustomEvent<Me>) => void this.#begin(event.detail)}>
      <div class="page">
        <h1>${say("ledger.title")}</h1>
        <p class="quietly">${say("ledger.say")}</p>
        ${this.me ? html`${this.#bar(this.me)} ${this.#body()}` : nothing}
      </div>
    </tk-frame>`;
  }

  #bar(me: Me): TemplateResult {
    const others = reachOf(me, "ledger.read");
    return html`<div class="bar">
      ${others && teaches(me)
        ? field(
            say("ledger.whose"),
            html`<select data-testid="whose" @change=${(event: Event) => this.#set(() => (this.mine = (event.target as HTMLSelectElement).value === "mine"))}>
              <option value="school" ?selected=${!this.mine}>${say("ledger.school")}</option>
              <option value="mine" ?selected=${this.mine}>${say("ledger.mine")}</option>
            </select>`,
          )
        : nothing}
      ${others && !this.mine ? this.#picks(me) : nothing}
      ${field(say("ledger.since"), this.#day("since"))} ${field(say("ledger.until"), this.#day("until"))}
      ${field(
        say("ledger.by"),
        html`<select data-testid="by" @change=${(event: Event) => this.#set(() => (this.by = (event.target as HTMLSelectElement).value as "month"))}>
          <option value="month" ?selected=${this.by === "month"}>${say("ledger.month")}</option>
          <option value="term" ?selected=${this.by === "term"}>${say("ledger.term")}</option>
        </select>`,
      )}
      ${this.#files(me)}
    </div>`;
  }

  #picks(me: Me): TemplateResult {
    return html`
      ${field(
        say(reachOf(me, "ledger.read")?.everywhere ? "ledger.anySchool" : "ledger.school"),
        html`<tk-pick testid="school" label=${say("ledger.school")} .chosen=${this.school} .find=${findSchools(this.#rest)}
          @pick=${(event: CustomEvent<Choice | null>) => this.#set(() => (this.school = event.detail))}></tk-pick>`,
      )}
      ${may(me, "booking.request")
        ? field(
            say("ledger.everybody"),
            html`<tk-pick testid="teacher" label=${say("ledger.teacher")} .chosen=${this.teacher} .find=${findTeachers(this.#rest, this.school?.id)}
              @pick=${(event: CustomEvent<Choice | null>) => this.#set(() => (this.teacher = event.detail))}></tk-pick>`,
          )
        : nothing}
    `;
  }

  #day(which: "since" | "until"): TemplateResult {
    return html`<input type="date" required data-testid=${which} .value=${this.period[which]}
      @change=${(event: Event) => this.#set(() => (this.period = { ...this.period, [which]: (event.target as HTMLInputElement).value }))} />`;
  }

  #files(me: Me): TemplateResult | typeof nothing {
    const query = this.#query();
    if (!query || this.mine || !may(me, "ledger.export")) return nothing;
    const { by, ...scope } = query;
    return html`<div class="files">
      <a class="button" href=${withQuery(`${ROOT}/ledger.csv`, { ...scope, by: by as string })} download="hours.csv" data-testid="csv">${icon("file")}${say("ledger.hoursFile")}</a>
      <a class="button" href=${withQuery(`${ROOT}/ledger/items.csv`, scope)} download="lessons.csv" data-testid="items-csv">${icon("file")}${say("ledger.lessonsFile")}</a>
    </div>`;
  }

  #body(): unknown {
    const fault = wrong(this.period);
    if (fault) return html`<p class="bad" role="alert" data-testid="wrong">${fault === "order" ? say("ledger.order") : say("ledger.long", { n: MAX_DAYS })}</p>`;
    if (!this.#query()) return html`<div class="box">${emptiness("house", say("ledger.choose"))}</div>`;
    return loaded(this.#lines, (found) => (found ? this.#found(found) : nothing));
  }

  #found({ items, more }: Found): TemplateResult {
    if (!items.length) return html`<div class="box">${emptiness("clock", say("ledger.none"))}</div>`;
    const sum = sumOf(items);
    return html`
      <p class="sum" data-testid="sum">${say("ledger.sum", { planned: hours(sum.planned_s), taught: hours(sum.taught_s), n: sum.taught_lessons })}</p>
      ${more ? html`<p class="warn">${say("ledger.more", { n: MOST })}</p>` : nothing}
      <div class="box">
        <table data-testid="lines" aria-label=${say("ledger.title")}>
          <thead>
            <tr>
              <th scope="col">${say("ledger.teacher")}</th><th scope="col">${say("ledger.period")}</th><th scope="col">${say("ledger.part")}</th>
              <th scope="col" class="right">${say("ledger.lessons")}</th><th scope="col" class="right">${say("ledger.planned")}</th>
              <th scope="col" class="right">${say("ledger.taught")}</th><th scope="col" class="right">${say("ledger.rows")}</th>
            </tr>
          </thead>
          <tbody>${items.map((line) => this.#line(line))}</tbody>
        </table>
      </div>
    `;
  }

  #line(line: Line): TemplateResult {
    const key = keyOf(line);
    const open = this.open.has(key);
    const period = line.period || say("ledger.noTerm");
    const [first, last, many] = line.audit;
    return html`<tr data-testid="line" data-teacher=${line.teacher}>
        <td data-name=${say("ledger.teacher")}>
          <button type="button" class="unfold" aria-expanded=${String(open)} title=${say("ledger.open", { name: line.name, period })} data-testid="unfold" @click=${() => this.#unfold(key)}>
            ${icon("right")}${line.name}
          </button>
        </td>
        <td data-name=${say("ledger.period")}>${period}</td>
        <td data-name=${say("ledger.part")}>${say(`ledger.${line.part}`)}</td>
        <td data-name=${say("ledger.lessons")} class="right">${say("ledger.lessonsOf", { taught: line.taught_lessons, planned: line.lessons })}</td>
        <td data-name=${say("ledger.planned")} class="right">${say("ledger.hours", { n: hours(line.planned_s) })}</td>
        <td data-name=${say("ledger.taught")} class="right"><div><strong>${say("ledger.hours", { n: hours(line.taught_s) })}</strong>
          <span class="bar-of" aria-hidden="true"><i style=${styleMap({ width: `${share(line) * 100}%` })}></i></span></div></td>
        <td data-name=${say("ledger.rows")} class="right"><span title=${first === null ? "" : `#${first} – #${last}`}>${say("ledger.rowsOf", { n: many })}</span></td>
      </tr>
      ${open
        ? html`<tr class="behind"><td colspan="7">
            <h3>${[line.name, period, say(`ledger.${line.part}`)].join(" · ")}</h3>
            <tk-ledger-items .rest=${this.#rest} .query=${this.#behind(line)}></tk-ledger-items>
          </td></tr>`
        : nothing}`;
  }

  /** The same object for the same line: another one would have it asked anew. */
  #queries = new Map<string, Query>();

  #behind(line: Line): Query {
    const key = keyOf(line);
    const known = this.#queries.get(key);
    if (known) return known;
    const query = { ...this.#query(), teacher: line.teacher, part: line.part, period: line.period };
    this.#queries.set(key, query);
    return query;
  }

  #unfold(key: string): void {
    const open = new Set(this.open);
    if (!open.delete(key)) open.add(key);
    this.open = open;
  }

  /** Null while it is not known whose. */
  #query(): Query | null {
    const { me, school, teacher, by, mine } = this;
    if (!me || wrong(this.period)) return null;
    const time = { ...instants(this.period), by };
    if (mine) return { ...time, teacher: me.person.id };
    if (!school && !teacher && !reachOf(me, "ledger.read")?.everywhere) return null;
    return { ...time, school: school?.id ?? null, teacher: teacher?.id ?? null };
  }

  async #begin(me: Me): Promise<void> {
    const asked = new URLSearchParams(location.hash.slice(1));
    const reach = reachOf(me, "ledger.read");
    this.mine = !reach || asked.get("whose") === "mine";
    this.by = asked.get("by") === "term" ? "term" : "month";
    const school = asked.get("school") ?? (reach?.everywhere ? "" : (reach?.school ?? ""));
    if (school && !this.mine) {
      try {
        const { id, name } = await this.#rest.get<{ id: string; name: string }>(`/schools/${school}`);
        this.school = { id, name };
      } catch {
        this.school = null; // one is chosen by hand
      }
    }
    this.me = me;
    await this.#lines.again();
  }

  #set(change: () => void): void {
    change();
    this.open = new Set();
    this.#queries.clear();
    this.#lines.value = null;
    const { since, until } = this.period;
    const address = new URLSearchParams({ ...(this.mine ? { whose: "mine" } : {}), ...(this.school && !this.mine ? { school: this.school.id } : {}), since, until, by: this.by });
    history.replaceState(null, "", `${location.pathname}#${address.toString()}`);
    void this.#lines.again();
  }

  async #ask(): Promise<Found | null> {
    const query = this.#query();
    return query ? this.#rest.all<Line>("/ledger", query, MOST) : null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-ledger": LedgerApp;
  }
}
