/**
 * The week: days across, periods down. One presses a lesson and drags it elsewhere, or presses an empty place and drags
 * over days and periods to book them; arrow keys go from cell to cell. What a drag means is the page's business.
 */

import { LitElement, html, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { styleMap } from "lit/directives/style-map.js";
import { baseCss } from "../components/base-css.ts";
import { LangController } from "../lib/i18n.ts";
import type { LessonShown } from "./api.ts";
import { clockOf } from "./days.ts";
import { chosen, covers, drag, IDLE, type Cell, type Chosen, type Drag, type DragEvent, type Outcome } from "./drag.ts";
import { cellKey, type Band, type DayHead, type Placed } from "./grid.ts";
import type { Shown, Model } from "./model.ts";
import { dateName, gradeName, weekdayName } from "./sentences.ts";
import { weekGridCss } from "./week-grid-css.ts";
import { w } from "./words.ts";

const NOON = 12 * 60;
/** A finger that rests so long takes the lesson up; a shorter touch scrolls, ms. */
const HOLD_MS = 350;
const EDGE_PX = 48;

/** `lesson` is over `cell`; null: over none. */
export interface Over {
  lesson: LessonShown;
  cell: { day: string; band: Band } | null;
}

/** How the cell under a dragged lesson is marked. */
export type Mark = "asking" | "free" | "conflict";

@customElement("tk-week-grid")
export class WeekGrid extends LitElement {
  static override styles = [baseCss, weekGridCss];

  @property({ attribute: false }) shown!: Shown;
  @property({ attribute: false }) view: Model["view"] = "school";
  @property({ attribute: false }) subject = "";
  /** Whose periods the rows are: its classrooms need no school before their name. */
  @property({ attribute: false }) school = "";
  @property({ attribute: false }) movable: (lesson: LessonShown) => boolean = () => false;
  @property({ type: Boolean }) bookable = false;
  @property({ attribute: false }) mark: Mark = "asking";
  /** Cells that would be free instead, by `cellKey`. */
  @property({ attribute: false }) offers: ReadonlySet<string> = new Set();
  @property({ type: Boolean, reflect: true }) dragging = false;
  @state() private now: Drag = IDLE;
  @state() private pointer = { x: 0, y: 0 };
  @state() private at: Cell = { day: "", band: 0 };
  @query(".scroll") private scroller!: HTMLElement;
  #hold: ReturnType<typeof setTimeout> | null = null;
  #pointerId: number | null = null;

  constructor() {
    super();
    new LangController(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.#escape);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.#escape);
    this.#forget();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("shown") && !this.shown.days.includes(this.at.day)) {
      const today = this.shown.heads.find(({ today }) => today)?.day;
      this.at = { day: today ?? this.shown.days[0] ?? "", band: 0 };
    }
  }

  protected override render() {
    const { heads, bands } = this.shown;
    return html`<div class="scroll">
        <table
          role="grid"
          aria-label=${w("tt.grid")}
          @pointerdown=${this.#down}
          @pointermove=${this.#move}
          @pointerup=${this.#up}
          @pointercancel=${this.#lost}
          @touchmove=${this.#touch}
          @contextmenu=${this.#menu}
          @keydown=${this.#key}
        >
          <thead>
            <tr role="row"><th class="corner" scope="col"><span class="sr">${w("tt.when.time")}</span></th>${heads.map((head) => this.#head(head))}</tr>
          </thead>
          <tbody>
            ${bands.map((band, at) => this.#row(band, at, bands[at - 1]))}
          </tbody>
        </table>
      </div>
      ${this.#ghost()}`;
  }

  #head({ day, today, holiday, runs }: DayHead) {
    const note = holiday !== null ? holiday || w("tt.holiday") : runs ? w("tt.runs", { weekday: weekdayName(runs) }) : "";
    return html`<th scope="col" class=${today ? "today" : ""} aria-current=${today ? "date" : "false"}>
      ${weekdayName(day)} <span class="date">${dateName(day)}</span>${note ? html`<span class="note" title=${runs ? dateName(runs) : note}>${note}</span>` : nothing}
    </th>`;
  }

  #row(band: Band, at: number, before: Band | undefined) {
    const afternoon = before && before.starts < NOON && band.starts >= NOON;
    return html`<tr role="row" class=${afternoon ? "afternoon" : ""}>
      <th scope="row">
        ${band.period === null ? band.name : band.name || w("tt.period", { n: band.period })}
        ${band.period === null ? nothing : html`<span class="time">${clockOf(band.starts)}–${clockOf(band.ends)}</span>`}
      </th>
      ${this.shown.heads.map((head) => this.#cell(head, at))}
    </tr>`;
  }

  #cell(head: DayHead, band: number) {
    const key = cellKey(head.day, band);
    const here = this.at.day === head.day && this.at.band === band;
    const names = ["cell", head.today ? "today" : "", head.holiday === null ? "" : "holiday", this.bookable ? "may" : "", this.#marks(head.day, band, key)];
    return html`<td
      role="gridcell"
      class=${names.join(" ")}
      tabindex=${here ? 0 : -1}
      data-key=${key}
      data-day=${head.day}
      data-band=${band}
      data-offer=${w("tt.offer")}
    >
      ${(this.shown.cells.get(key) ?? []).map((placed) => this.#card(placed))}
    </td>`;
  }

  #marks(day: string, band: number, key: string): string {
    const { now } = this;
    if (now.phase !== "dragging") return "";
    if (now.lesson === null) return now.over && covers(now.from, now.over, { day, band }) ? "chosen" : "";
    if (now.over?.day === day && now.over.band === band) return `over ${this.mark}`;
    return this.offers.has(key) ? "offer" : "";
  }

  #card({ lesson, from, to, goesOn, byClock }: Placed) {
    const lead = lesson.seats[0];
    const others = lesson.seats.slice(1);
    const done = ["ended", "processing", "published"].includes(lesson.state);
    const dragged = this.now.phase === "dragging" && this.now.lesson === lesson.lesson;
    const movable = this.movable(lesson);
    const names = ["card", lesson.state, done ? "done" : "", goesOn ? "goesOn" : "", movable ? "movable" : "", dragged ? "dragged" : ""];
    const title = lesson.title || lesson.subject;
    const clock = byClock ? html`<span class="clock">${clockOf(from)}–${clockOf(to)}</span>` : nothing;
    return html`<button type="button" class=${names.join(" ")} tabindex="-1" data-lesson=${lesson.lesson} data-testid="lesson">
      <b>${title}</b>
      ${goesOn
        ? html`<span>${w("tt.goesOn", { time: clockOf(to) })}</span>`
        : html`${clock}<span>${this.#who(lesson)}</span>${this.#where(lead, others.length)}${this.#flag(lesson)}`}
    </button>`;
  }

  #who(lesson: LessonShown): string {
    return lesson.teacher === this.subject && this.view === "teacher" ? gradeName(lesson.grade) : lesson.teacher_name;
  }

  #where(lead: LessonShown["seats"][0] | undefined, others: number) {
    if (!lead) return nothing;
    const here = this.view === "classroom" && lead.classroom === this.subject;
    const room = here ? "" : lead.school === this.school ? lead.classroom_name : lead.school_name;
    const more = others ? w("tt.receiving", { n: others }) : "";
    return html`<span>${[room, more].filter(Boolean).join(" · ")}</span>`;
  }

  #flag({ state, moved, makes_up }: LessonShown) {
    if (state === "live" || state === "open") return html`<span class="flag ${state}">${w(`tt.state.${state}` as "tt.state.live")}</span>`;
    if (state === "cancelled") return html`<span class="flag">${w("tt.state.cancelled")}</span>`;
    if (makes_up) return html`<span class="flag">${w("tt.flag.makeUp")}</span>`;
    return moved ? html`<span class="flag">${w("tt.flag.moved")}</span>` : nothing;
  }

  #ghost() {
    const { now } = this;
    if (now.phase !== "dragging" || now.lesson === null) return nothing;
    const lesson = this.#lesson(now.lesson);
    return html`<div class="ghost" style=${styleMap({ left: `${this.pointer.x + 14}px`, top: `${this.pointer.y + 12}px` })}>${lesson?.title}</div>`;
  }

  #lesson(id: string): LessonShown | undefined {
    return this.shown.lessons.find(({ lesson }) => lesson === id);
  }

  /** Where one was before a dialog came. */
  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('td[tabindex="0"]')?.focus({ preventScroll: true });
  }

  // ---------------------------------------------------------------- pointer

  #down = (event: PointerEvent): void => {
    if (event.button !== 0 || this.now.phase !== "idle") return;
    const path = event.composedPath() as Element[];
    const card = path.find((one) => one instanceof HTMLElement && one.dataset["lesson"]) as HTMLElement | undefined;
    const cell = cellOf(path);
    if (!cell) return;
    const lesson = card?.dataset["lesson"] ? this.#lesson(card.dataset["lesson"]) : undefined;
    if (card ? !lesson || !this.movable(lesson) : !this.bookable) return;
    this.at = cell;
    const press = (): void => this.#feed({ kind: "press", lesson: lesson?.lesson ?? null, cell, x: event.clientX, y: event.clientY });
    this.#pointerId = event.pointerId;
    if (event.pointerType === "mouse") return press();
    this.#hold = setTimeout(() => {
      this.#hold = null;
      press();
    }, HOLD_MS);
  };

  #move = (event: PointerEvent): void => {
    if (event.pointerId !== this.#pointerId || this.now.phase === "idle") return;
    this.pointer = { x: event.clientX, y: event.clientY };
    const under = this.shadowRoot?.elementsFromPoint(event.clientX, event.clientY) ?? [];
    this.#feed({ kind: "move", cell: cellOf(under), x: event.clientX, y: event.clientY });
    const dragging = (this.now as Drag).phase === "dragging";
    // Not before: a captured pointer would make a click one of the table's.
    if (dragging && !this.hasPointerCapture(event.pointerId)) (event.currentTarget as Element).setPointerCapture(event.pointerId);
    if (dragging) this.#scroll(event);
  };

  /** Near an edge the week comes along. */
  #scroll({ clientX, clientY }: PointerEvent): void {
    const box = this.scroller.getBoundingClientRect();
    if (clientX > box.right - EDGE_PX) this.scroller.scrollLeft += 12;
    else if (clientX < box.left + EDGE_PX) this.scroller.scrollLeft -= 12;
    if (clientY > box.bottom - EDGE_PX) this.scroller.scrollTop += 12;
    else if (clientY < box.top + EDGE_PX) this.scroller.scrollTop -= 12;
  }

  #up = (event: PointerEvent): void => {
    if (event.pointerId !== this.#pointerId) return;
    const was = this.now;
    if (this.#hold) {
      // A short touch on an empty place books it; on a lesson it is a click, which opens it.
      const cell = cellOf(event.composedPath() as Element[]);
      this.#forget();
      if (cell && event.target instanceof HTMLTableCellElement) this.#select(cell, cell);
      return;
    }
    this.#forget();
    this.#feed({ kind: "release" });
    // The click that follows a drag opens nothing.
    if (was.phase === "dragging") addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  };

  #lost = (): void => {
    this.#forget();
    this.#feed({ kind: "cancel" });
  };

  #touch = (event: TouchEvent): void => {
    // Scrolling before the lesson is taken up means that it is not meant; afterwards the page must stay.
    if (this.now.phase === "idle") this.#forget();
    else event.preventDefault();
  };

  /** A long touch takes a lesson up; the browser's menu for it would let it go again. */
  #menu = (event: Event): void => {
    if (this.now.phase !== "idle" || this.#hold) event.preventDefault();
  };

  #forget(): void {
    if (this.#hold) clearTimeout(this.#hold);
    this.#hold = null;
    this.#pointerId = null;
  }

  #escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && this.now.phase !== "idle") this.#lost();
  };

  #feed(event: DragEvent): void {
    const [next, outcome] = drag(this.now, event);
    this.now = next;
    this.dragging = next.phase === "dragging";
    this.#do(outcome);
  }

  #do(outcome: Outcome): void {
    if (outcome.kind === "over" && outcome.lesson) this.#tell("over", outcome.lesson, outcome.cell);
    else if (outcome.kind === "drop") this.#tell("drop-lesson", outcome.lesson, outcome.cell);
    else if (outcome.kind === "stopped") this.dispatchEvent(new CustomEvent("stopped"));
    else if (outcome.kind === "select") this.#select(outcome.from, outcome.to);
  }

  #tell(name: string, id: string, cell: Cell | null): void {
    const lesson = this.#lesson(id);
    const band = cell && this.shown.bands[cell.band];
    if (!lesson) return;
    const detail: Over = { lesson, cell: cell && band ? { day: cell.day, band } : null };
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #select(from: Cell, to: Cell): void {
    if (!this.bookable) return;
    const detail: Chosen | null = chosen(this.shown.days, this.shown.bands, from, to);
    if (detail) this.dispatchEvent(new CustomEvent("book", { detail }));
  }

  // ---------------------------------------------------------------- clicks and keys

  override firstUpdated(): void {
    this.renderRoot.addEventListener("click", (event) => {
      const card = (event.target as Element).closest<HTMLElement>("[data-lesson]");
      if (card?.dataset["lesson"]) this.#open(card.dataset["lesson"]);
    });
  }

  #open(id: string): void {
    const lesson = this.#lesson(id);
    if (lesson) this.dispatchEvent(new CustomEvent("open-lesson", { detail: lesson }));
  }

  #key = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    const card = target.closest<HTMLElement>(".card");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && card) return card.closest("td")?.focus();
    if (card && (event.key === "m" || event.key === "M")) {
      const lesson = this.#lesson(card.dataset["lesson"] ?? "");
      if (lesson && this.movable(lesson)) this.dispatchEvent(new CustomEvent("move-lesson", { detail: lesson }));
      return;
    }
    if (card && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const next = event.key === "ArrowDown" ? card.nextElementSibling : card.previousElementSibling;
      event.preventDefault();
      if (next instanceof HTMLElement) return next.focus();
    }
    if (!card && event.key === "Enter") {
      event.preventDefault(); // or the lesson that gets the focus would be clicked by the same key
      return this.#enter(target);
    }
    if (event.key === "b" || event.key === "B") return this.#select(this.at, this.at);
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#go(step[0] as number, step[1] as number);
  };

  #enter(cell: HTMLElement): void {
    const first = cell.querySelector<HTMLElement>(".card");
    if (first) first.focus();
    else this.#select(this.at, this.at);
  }

  #go(across: number, down: number): void {
    const { days, bands } = this.shown;
    const day = days[Math.max(0, Math.min(days.length - 1, days.indexOf(this.at.day) + across))] ?? "";
    this.at = { day, band: Math.max(0, Math.min(bands.length - 1, this.at.band + down)) };
    void this.updateComplete.then(() => {
      this.focus();
      this.renderRoot.querySelector('td[tabindex="0"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  }
}

function swallow(event: Event): void {
  event.stopPropagation();
  event.preventDefault();
}

function cellOf(elements: readonly unknown[]): Cell | null {
  const found = elements.find((one): one is HTMLElement => one instanceof HTMLElement && one.dataset["band"] !== undefined);
  return found ? { day: found.dataset["day"] ?? "", band: Number(found.dataset["band"]) } : null;
}

declare global {
  interface HTMLElementTagNameMap {
    "tk-week-grid": WeekGrid;
  }
}
