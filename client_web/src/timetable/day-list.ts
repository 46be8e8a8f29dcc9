/** The week on a phone: one day at a time, its lessons in the order of time. */

import { LitElement, css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { baseCss } from "../components/base-css.ts";
import { LangController } from "../lib/i18n.ts";
import { icon } from "../lib/icons.ts";
import type { LessonShown } from "./api.ts";
import { bandAt, type DayHead } from "./grid.ts";
import type { Shown } from "./model.ts";
import type { Zone } from "./days.ts";
import { dateName, weekdayName } from "./sentences.ts";
import { w } from "./words.ts";

/** Sends `open-lesson`, and `book` with a day. */
@customElement("tk-day-list")
export class DayList extends LitElement {
  static override styles = [
    baseCss,
    css`
      :host {
        display: block;
      }
      .days {
        display: flex;
        gap: var(--s1);
      }
      .days button {
        flex: 1;
        flex-direction: column;
        gap: 0;
        min-width: 0;
        min-height: 56px;
        padding: var(--s1);
        font-size: 15px;
      }
      .days small {
        color: var(--text-2);
        font-size: 13px;
        white-space: nowrap;
      }
      .days [aria-selected="true"] {
        border-color: var(--accent);
        background: var(--accent);
        color: var(--on-accent);
      }
      .days [aria-selected="true"] small {
        color: inherit;
      }
      .days .today {
        border-color: var(--accent);
      }
      .note {
        margin-top: var(--s3);
        padding: var(--s2) var(--s4);
        border-radius: var(--radius-s);
        background: var(--warn-soft);
        color: var(--warn);
      }
      .lessons button {
        display: grid;
        grid-template-columns: 74px minmax(0, 1fr);
        grid-gap: 0 var(--s3);
        width: 100%;
        margin-top: var(--s2);
        padding: var(--s3) var(--s4);
        border-left: 4px solid var(--accent);
        text-align: left;
      }
      .lessons .cancelled {
        border-left-color: var(--line);
        color: var(--text-2);
      }
      .lessons .open {
        border-left-color: var(--ok);
      }
      .lessons .live {
        border-left-color: var(--bad);
      }
      .lessons .cancelled b {
        text-decoration: line-through;
      }
      .time {
        font-weight: 600;
      }
      small {
        display: block;
        color: var(--text-2);
        font-size: 14px;
        font-weight: 400;
        line-height: 1.45;
      }
      .empty {
        margin-top: var(--s6);
        color: var(--text-2);
        text-align: center;
      }
      .book {
        width: 100%;
        min-height: 48px;
        margin-top: var(--s4);
      }
    `,
  ];

  @property({ attribute: false }) shown!: Shown;
  @property({ attribute: false }) zone!: Zone;
  @property({ type: Boolean }) bookable = false;
  @state() private chosen = "";

  constructor() {
    super();
    new LangController(this);
  }

  protected override render() {
    const { heads } = this.shown;
    const head = heads.find(({ day }) => day === this.chosen) ?? heads.find(({ today }) => today) ?? heads[0];
    if (!head) return nothing;
    return html`
      <div class="days" role="tablist" aria-label=${w("tt.grid")} @keydown=${this.#key}>${heads.map((one) => this.#tab(one, one === head))}</div>
      <div role="tabpanel">${this.#day(head)}</div>
    `;
  }

  #tab({ day, today }: DayHead, chosen: boolean) {
    return html`<button type="button" role="tab" class=${today ? "today" : ""} tabindex=${chosen ? 0 : -1} aria-selected=${chosen ? "true" : "false"} data-testid=${`day-${day}`} @click=${() => (this.chosen = day)}>
      ${weekdayName(day)}<small>${dateName(day)}</small>
    </button>`;
  }

  #day({ day, holiday, runs }: DayHead) {
    const lessons = this.shown.lessons.filter((lesson) => lesson.day === day);
    const note = holiday !== null ? holiday || w("tt.holiday") : runs ? w("tt.runs", { weekday: weekdayName(runs) }) : "";
    return html`
      ${note ? html`<p class="note">${note}</p>` : nothing}
      <ul class="lessons">${lessons.map((lesson) => html`<li>${this.#lesson(lesson)}</li>`)}</ul>
      ${lessons.length ? nothing : html`<p class="empty">${w("tt.day.empty")}</p>`}
      ${this.bookable ? html`<button type="button" class="book primary" data-testid="new-booking" @click=${() => this.dispatchEvent(new CustomEvent("book", { detail: day }))}>${icon("plus")}${w("tt.book.title")}</button>` : nothing}
    `;
  }

  #lesson(lesson: LessonShown) {
    const [lead, ...others] = lesson.seats;
    const band = this.shown.bands[bandAt(this.shown.bands, this.zone.at(lesson.starts).minute)];
    const period = lesson.period === null ? "" : band?.period === lesson.period && band.name ? band.name : w("tt.period", { n: lesson.period });
    return html`<button type="button" class=${lesson.state} data-testid="lesson" @click=${() => this.dispatchEvent(new CustomEvent("open-lesson", { detail: lesson }))}>
      <span class="time">${this.zone.clock(lesson.starts)}<small>${this.zone.clock(lesson.ends)}</small><small>${period}</small></span>
      <span>
        <b>${lesson.title}</b>
        <small>${lesson.teacher_name}</small>
        <small>${[lead ? w("tt.seat", { school: lead.school_name, classroom: lead.classroom_name }) : "", others.length ? w("tt.receiving", { n: others.length }) : ""].filter(Boolean).join(" · ")}</small>
        ${lesson.state === "scheduled" ? nothing : html`<small>${w(`tt.state.${lesson.state}` as "tt.state.live")}</small>`}
      </span>
    </button>`;
  }

  #key = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const tabs = [...this.renderRoot.querySelectorAll<HTMLButtonElement>('[role="tab"]')];
    const next = tabs[tabs.indexOf(event.target as HTMLButtonElement) + step];
    next?.focus();
    next?.click();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-day-list": DayList;
  }
}
