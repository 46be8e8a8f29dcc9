/** Some values of each week as bars, and for whoever does not see them the same as a table. */

import { LitElement, css, html, nothing, svg, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { DASH } from "../lib/format.ts";
import { LangController, locale } from "../lib/i18n.ts";
import { say } from "./say.ts";
import { barsOf, topOf } from "./weeks.ts";

const HEIGHT = 120;
/** In the units of the drawing: letters keep their size on a phone. */
const WIDE = { width: 560, labels: 8 };
const NARROW = { width: 270, labels: 5 };

export interface Series {
  name: string;
  values: (number | null)[];
}

@customElement("tk-week-bars")
export class WeekBars extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: block;
        position: relative;
        min-width: 0;
      }
      h3 {
        font-size: 15px;
      }
      svg {
        display: block;
        width: 100%;
        height: auto;
      }
      .grid {
        stroke: var(--line);
        stroke-width: 1;
      }
      .s0 {
        fill: var(--accent);
      }
      .s1 {
        fill: var(--warn);
      }
      text {
        fill: var(--text-2);
        font-size: 12px;
      }
      .names {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        color: var(--text-2);
        font-size: 14px;
      }
      .names svg {
        display: inline-block;
        width: 12px;
        height: 12px;
        margin-right: 6px;
      }
    `,
  ];

  @property() heading = "";
  /** Mondays, as ISO dates. */
  @property({ attribute: false }) weeks: string[] = [];
  @property({ attribute: false }) series: Series[] = [];
  /** What the upper edge stands for; 0: as the values need it. */
  @property({ type: Number }) most = 0;

  constructor() {
    super();
    new LangController(this);
  }

  protected override render(): TemplateResult {
    const { width, labels } = matchMedia("(max-width: 720px)").matches ? NARROW : WIDE;
    const all = this.series.map(({ values }) => values);
    const most = this.most || topOf(all.flat());
    const every = Math.ceil(this.weeks.length / labels);
    const step = width / Math.max(1, this.weeks.length);
    return html`
      <h3>${this.heading}</h3>
      ${this.series.length > 1
        ? html`<p class="names">${this.series.map(({ name }, at) => html`<span><svg viewBox="0 0 12 12" aria-hidden="true"><rect class=${`s${at}`} width="12" height="12" rx="3"></rect></svg>${name}</span>`)}</p>`
        : nothing}
      <svg viewBox="0 0 ${width + 40} ${HEIGHT + 34}" aria-hidden="true" data-testid="bars">
        <g transform="translate(34 10)">
          ${[0, 0.5, 1].map((part) => svg`<line class="grid" x1="0" x2=${width} y1=${HEIGHT * (1 - part)} y2=${HEIGHT * (1 - part)}></line>
            <text x="-6" y=${HEIGHT * (1 - part) + 4} text-anchor="end">${most * part}</text>`)}
          ${barsOf(all, most, width, HEIGHT).map(
            (it) => svg`<rect class=${`s${it.series}`} x=${it.x} y=${it.y} width=${it.width} height=${it.height} rx="2"><title>${this.#day(this.weeks[it.week] ?? "")} · ${this.series[it.series]?.name ?? ""} ${round(it.value)}</title></rect>`,
          )}
          ${this.weeks.map((week, at) => (at % every ? nothing : svg`<text x=${at * step + step / 2} y=${HEIGHT + 18} text-anchor="middle">${this.#day(week)}</text>`))}
        </g>
      </svg>
      <div class="sr"><table>
        <caption>${this.heading}</caption>
        <tbody>
          ${this.weeks.map((week, at) => html`<tr><th scope="row">${say("school.week", { day: this.#day(week) })}</th>${this.series.map(({ name, values }) => html`<td>${name} ${values[at] == null ? DASH : round(values[at])}</td>`)}</tr>`)}
        </tbody>
      </table></div>
    `;
  }

  #day(day: string): string {
    return new Intl.DateTimeFormat(locale(), { month: "numeric", day: "numeric", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
  }
}

function round(value: number): string {
  return (Math.round(value * 10) / 10).toString();
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-week-bars": WeekBars;
  }
}
