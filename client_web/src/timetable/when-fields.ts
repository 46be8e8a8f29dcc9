/** When: a day and a period or a time of day, once or every week, with its end and its exceptions. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { field, fieldCss, tick } from "../components/field.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import { addDays, clockOf, isDay, minuteOf, weekday } from "./days.ts";
import { formCss } from "./dialog-css.ts";
import { weekly, type When } from "./draft.ts";
import type { Band } from "./grid.ts";
import type { End, Repeat } from "./rule.ts";
import { dateName, weekdayName } from "./sentences.ts";
import { w } from "./words.ts";

const MONDAY = "2026-01-05";

/** Sends `change` with the new `When`. */
@customElement("tk-when")
export class WhenFields extends LitElement {
  static override styles = [
    baseCss,
    fieldCss,
    formCss,
    css`
      .without {
        display: flex;
        align-items: flex-end;
        gap: var(--s2);
      }
      .without label {
        flex: 1;
      }
      .left-out button {
        min-height: 36px;
      }
    `,
  ];

  @property({ attribute: false }) when!: When;
  /** The periods of a day. */
  @property({ attribute: false }) periods: (day: string) => Band[] = () => [];
  /** A lesson that is moved takes place once. */
  @property({ type: Boolean }) single = false;
  @state() private leftOut = "";

  constructor() {
    super();
    new LangController(this);
  }

  protected override render() {
    const { when } = this;
    const periods = this.periods(when.first);
    return html`
      <div class="three">
        ${field(w(when.repeat ? "tt.when.from" : "tt.when.day"), html`<input type="date" data-testid="when-day" .value=${when.first} @change=${this.#day} />`)}
        ${field(w("tt.when.time"), this.#time(periods))}
        ${when.by === "clock"
          ? field(w("tt.when.starts"), html`<input type="time" data-testid="when-starts" .value=${clockOf(when.starts)} @change=${this.#starts} />`)
          : nothing}
        ${field(w("tt.when.minutes"), html`<input type="number" min="5" max="240" step="5" data-testid="when-minutes" .value=${String(when.minutes)} @change=${this.#minutes} />`)}
      </div>
      ${this.single ? nothing : this.#series()}
    `;
  }

  #time(periods: Band[]) {
    const { when } = this;
    const chosen = when.by === "clock" ? "clock" : String(when.period ?? "");
    const known = periods.some(({ period }) => period === when.period);
    return html`<select data-testid="when-period" @change=${this.#period}>
      ${when.by === "period" && !known ? html`<option value=${chosen} selected>${when.period === null ? w("tt.when.choose") : w("tt.period", { n: when.period })}</option>` : nothing}
      ${periods.map(
        ({ period, name, starts, ends }) => html`<option value=${String(period)} ?selected=${String(period) === chosen}>
          ${w("tt.when.period", { name: name || w("tt.period", { n: period ?? 0 }), from: clockOf(starts), to: clockOf(ends) })}
        </option>`,
      )}
      <option value="clock" ?selected=${chosen === "clock"}>${w("tt.when.clock")}</option>
    </select>`;
  }

  #series() {
    const { when } = this;
    const on = when.repeat !== null || when.rule !== "";
    return html`
      ${tick(w("tt.when.series"), html`<input type="checkbox" data-testid="when-series" .checked=${on} @change=${this.#toggle} />`)}
      ${when.rule && !when.repeat ? html`<p class="say">${w("tt.plan.rule", { day: dateName(when.first), rule: when.rule })}</p>` : nothing}
      ${when.repeat ? this.#repeat(when.repeat) : nothing}
    `;
  }

  #repeat(repeat: Repeat) {
    const days = [0, 1, 2, 3, 4, 5, 6];
    const { end } = repeat;
    const set = (change: Partial<Repeat>): void => this.#set({ repeat: { ...repeat, ...change } });
    const toggle = (day: number): void =>
      set({ weekdays: repeat.weekdays.includes(day) ? repeat.weekdays.filter((one) => one !== day) : [...repeat.weekdays, day].sort() });
    return html`
      <div class="chips" role="group" aria-label=${w("tt.when.weekdays")}>
        ${days.map(
          (day) => html`<button type="button" aria-pressed=${repeat.weekdays.includes(day) ? "true" : "false"} data-testid=${`weekday-${day}`} @click=${() => toggle(day)}>
            ${weekdayName(addDays(MONDAY, day))}
          </button>`,
        )}
      </div>
      <div class="three">
        ${field(
          w("tt.when.weeks"),
          html`<select data-testid="when-weeks" @change=${(event: Event) => set(weeksOf(value(event), end))}>
            ${(["all", "odd", "even"] as const).map((one) => html`<option value=${one} ?selected=${one === repeat.weeks}>${w(`tt.weeks.${one}` as "tt.weeks.all")}</option>`)}
          </select>`,
        )}
        ${field(
          w("tt.when.end"),
          html`<select data-testid="when-end" @change=${(event: Event) => set({ end: this.#end(value(event)) })}>
            ${(["term", "until", "count"] as const)
              // A rule counts before odd and even weeks are told apart (RFC 5545 knows neither).
              .filter((one) => one !== "count" || repeat.weeks === "all")
              .map((one) => html`<option value=${one} ?selected=${one === end.kind}>${w(`tt.when.end.${one}` as "tt.when.end.term")}</option>`)}
          </select>`,
        )}
        ${end.kind === "until"
          ? field(w("tt.when.until"), html`<input type="date" data-testid="when-until" .value=${end.day} min=${this.when.first} @change=${(event: Event) => isDay(value(event)) && set({ end: { kind: "until", day: value(event) } })} />`)
          : nothing}
        ${end.kind === "count"
          ? field(w("tt.when.count"), html`<input type="number" min="1" max="400" data-testid="when-count" .value=${String(end.count)} @change=${(event: Event) => set({ end: { kind: "count", count: Math.max(1, Math.min(400, Number(value(event)) || 1)) } })} />`)
          : nothing}
      </div>
      ${this.#without()}
    `;
  }

  #without() {
    const { without } = this.when;
    return html`
      <div class="without">
        ${field(w("tt.when.without"), html`<input type="date" data-testid="when-without" .value=${this.leftOut} @change=${(event: Event) => (this.leftOut = value(event))} />`)}
        <button type="button" ?disabled=${!isDay(this.leftOut)} data-testid="when-leave-out" @click=${() => {
          this.#set({ without: [...new Set([...without, this.leftOut])].sort() });
          this.leftOut = "";
        }}>${w("tt.when.leaveOut")}</button>
      </div>
      ${without.length
        ? html`<div class="chips left-out">
            ${without.map((day) => html`<button type="button" aria-label=${w("tt.when.takeBack", { date: dateName(day) })} @click=${() => this.#set({ without: without.filter((one) => one !== day) })}>${dateName(day)} ${icon("cross")}</button>`)}
          </div>`
        : nothing}
    `;
  }

  #set(change: Partial<When>): void {
    this.dispatchEvent(new CustomEvent("change", { detail: { ...this.when, ...change } }));
  }

  #day = (event: Event): void => {
    event.stopPropagation();
    const first = value(event);
    if (!isDay(first)) return;
    const { repeat, first: before } = this.when;
    // One weekday follows the day; several were chosen on purpose.
    const follows = repeat?.weekdays.length === 1 && repeat.weekdays[0] === weekday(before);
    this.#set({ first, repeat: repeat && follows ? { ...repeat, weekdays: [weekday(first)] } : repeat });
  };

  #period = (event: Event): void => {
    event.stopPropagation();
    const { when } = this;
    const periods = this.periods(when.first);
    const before = periods.find(({ period }) => period === when.period);
    if (value(event) === "clock") return this.#set({ by: "clock", starts: before?.starts ?? when.starts });
    const after = periods.find(({ period }) => String(period) === value(event));
    if (!after) return;
    // As long as the period, unless another length was chosen on purpose.
    const usual = !before || when.minutes === before.ends - before.starts;
    this.#set({ by: "period", period: after.period, starts: after.starts, minutes: usual && when.by === "period" ? after.ends - after.starts : when.minutes });
  };

  #starts = (event: Event): void => {
    event.stopPropagation();
    const starts = minuteOf(value(event));
    if (starts !== null) this.#set({ starts });
  };

  #minutes = (event: Event): void => {
    event.stopPropagation();
    const minutes = Math.round(Number(value(event)));
    if (Number.isFinite(minutes)) this.#set({ minutes: Math.max(5, Math.min(240, minutes)) });
  };

  #toggle = (event: Event): void => {
    event.stopPropagation();
    const on = (event.target as HTMLInputElement).checked;
    this.#set({ repeat: on ? weekly(this.when.first) : null, rule: "", without: [] });
  };

  #end(kind: string): End {
    if (kind === "until") return { kind, day: addDays(this.when.first, 28) };
    return kind === "count" ? { kind, count: 10 } : { kind: "term" };
  }
}

function weeksOf(weeks: string, end: End): Partial<Repeat> {
  const known = weeks === "odd" || weeks === "even" ? weeks : "all";
  return { weeks: known, end: known !== "all" && end.kind === "count" ? { kind: "term" } : end };
}

function value(event: Event): string {
  event.stopPropagation();
  return (event.target as HTMLInputElement).value;
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-when": WhenFields;
  }
}
