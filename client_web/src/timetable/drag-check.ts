/** What stands in the way while a lesson is dragged over the week, and which cells would be free instead. */

import type { BookingBody, Checked, LessonShown, Plan } from "./api.ts";
import { Checker } from "./checker.ts";
import { bodyOfLesson, elsewhere, minutesOf, planAt } from "./draft.ts";
import { bandAt, cellKey, type Band } from "./grid.ts";
import type { Model } from "./model.ts";
import { problemSentence } from "./sentences.ts";
import type { Mark, Over } from "./week-grid.ts";

const NONE: ReadonlySet<string> = new Set();

export class DragCheck {
  /** That is dragged; null: nothing is. */
  lesson: LessonShown | null = null;
  checked: Checked | null = null;
  refused = "";
  asking = false;
  mark: Mark = "asking";
  offers = NONE;

  readonly #checker = new Checker<BookingBody & { ignore_lesson: string }, Checked>(
    (body, signal) => this.model.rest.post<Checked>("/bookings/check", body, { signal }),
    (checked) => this.#answered(this.lesson ? elsewhere(checked, this.lesson) : checked),
    (error) => {
      this.refused = problemSentence(error);
      this.mark = "conflict";
      this.asking = false;
      this.changed();
    },
  );

  constructor(
    private readonly model: Model,
    private readonly changed: () => void,
  ) {}

  over({ lesson, cell }: Over): void {
    this.lesson = lesson;
    this.checked = null;
    this.refused = "";
    this.mark = "asking";
    this.offers = NONE;
    this.asking = cell !== null;
    if (cell) this.#checker.question({ ...bodyOfLesson(lesson, this.planFor(lesson, cell)), ignore_lesson: lesson.lesson });
    else this.#checker.stop();
    this.changed();
  }

  stop(): void {
    this.#checker.stop();
    this.lesson = null;
    this.changed();
  }

  /** As long as it was; where rows are hours, as many minutes after the hour as before. */
  planFor(lesson: LessonShown, { day, band }: { day: string; band: Band }): Plan {
    const byHour = band.period === null && band.starts % 60 === 0;
    const offset = byHour ? this.model.zone.at(lesson.starts).minute % 60 : 0;
    return planAt(day, { period: band.period, starts: band.starts + offset }, minutesOf(lesson));
  }

  #answered(checked: Checked): void {
    const { bands } = this.model.shown;
    this.checked = checked;
    this.asking = false;
    this.mark = checked.problems.length ? "conflict" : "free";
    this.offers = new Set(
      checked.alternatives.map(({ first, period, starts }) => {
        const band = period === null ? bandAt(bands, starts ?? 0) : bands.findIndex((one) => one.period === period);
        return cellKey(first, band);
      }),
    );
    this.changed();
  }
}
