/** What the page knows: who is signed in, whose week is shown, its lessons, periods and days. Tells its page of changes. */

import { cancelled, RestProblem, type Me, type Rest } from "../lib/rest.ts";
import { CHINA } from "../lib/zone.ts";
import type { BellTable, Calendar, Classroom, Form, LessonShown, School, Week } from "./api.ts";
import { monday, week, Zone } from "./days.ts";
import type { Choice } from "./draft.ts";
import { bandsOf, headOf, place, rung, shownDays, termWeek, type Band, type Cells, type DayHead } from "./grid.ts";
import { format, parse, type View, type Whereabouts } from "./whereabouts.ts";

const NO_CALENDAR: Calendar = { id: "", zone: CHINA, terms: [], days: [] };

/** A whole week, ready to be drawn. */
export interface Shown {
  /** Its Monday. */
  first: string;
  days: string[];
  heads: DayHead[];
  bands: Band[];
  cells: Cells;
  lessons: LessonShown[];
}

const NOTHING: Shown = { first: "", days: [], heads: [], bands: [], cells: new Map(), lessons: [] };

export class Model {
  me: Me | null = null;
  forms: Form[] = [];
  view: View = "school";
  first = "";
  subject: Choice | null = null;
  school: School | null = null;
  bells: BellTable[] = [];
  calendar = NO_CALENDAR;
  zone = new Zone(CHINA);
  shown = NOTHING;
  loading = true;
  problem: RestProblem | null = null;
  #week: Week | null = null;
  #abort: AbortController | null = null;

  /** @param now ms since 1970. */
  constructor(
    readonly rest: Rest,
    private readonly changed: () => void,
    private readonly now: () => number = Date.now,
  ) {}

  get today(): string {
    return this.zone.at(this.now() / 1000).day;
  }

  get seconds(): number {
    return this.now() / 1000;
  }

  /** Whether somebody may do this at a school; a region that was granted may contain it, and the server knows. */
  may(action: string, school: string | null): boolean {
    const scopes = this.me?.may[action] ?? [];
    return scopes.some(({ kind, scope }) => kind === "system" || kind === "region" || (kind === "school" && scope === school));
  }

  get mayBook(): boolean {
    return (this.me?.may["booking.request"] ?? []).length > 0;
  }

  get whereabouts(): Whereabouts {
    const own = this.first === monday(this.today);
    return { view: this.view, id: this.subject?.id ?? "", week: own ? "" : this.first };
  }

  get term(): { name: string; week: number } | null {
    return termWeek(this.first, this.calendar.terms);
  }

  /** What is drawn is another week than the one that was asked for and is on its way. */
  get behind(): boolean {
    return this.shown.first !== this.first;
  }

  get address(): string {
    return format(this.whereabouts);
  }

  async start(me: Me, search: string): Promise<void> {
    this.me = me;
    await this.show(parse(search));
  }

  /** Another view, another week, or the same again. */
  async show(where: Whereabouts): Promise<void> {
    this.first = where.week || monday(this.today);
    try {
      if (!this.forms.length) this.forms = await this.rest.get<Form[]>("/forms");
      const wanted = where.view && where.id ? { view: where.view, id: where.id } : await this.#own(where.view);
      this.view = wanted.view;
      if (wanted.id !== this.subject?.id) {
        this.subject = null;
        this.shown = NOTHING;
        this.subject = wanted.id ? await this.#subject(wanted.view, wanted.id) : null;
        await this.#places();
      }
      await this.load();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Somebody or something that was chosen from a list. */
  async choose(view: View, subject: Choice): Promise<void> {
    this.view = view;
    this.subject = subject;
    this.shown = NOTHING;
    try {
      await this.#places();
      await this.load();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The lessons of the week anew. */
  async load(): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    if (!this.subject) {
      this.loading = false;
      this.changed();
      return;
    }
    this.loading = true;
    this.changed();
    try {
      const query = { view: this.view, id: this.subject.id, first: this.first, days: 7 };
      this.#week = await this.rest.get<Week>("/week", query, { signal: abort.signal });
      if (this.#abort !== abort) return;
      this.loading = false;
      this.problem = null;
      this.#draw();
    } catch (error) {
      if (this.#abort === abort) this.#failed(error);
    }
  }

  /** By its own table on its own day; null where the school has none then. */
  periods(day: string): Band[] {
    return bandsOf(rung(this.bells, day), []).filter(({ period }) => period !== null);
  }

  async #own(view: View | null): Promise<{ view: View; id: string }> {
    const person = this.me?.person;
    const teaches = this.me?.grants.some(({ role }) => role === "teacher" || role === "assistant");
    if (person && (view === "teacher" || (view === null && teaches && !this.mayPlan))) return { view: "teacher", id: person.id };
    const granted = this.me?.grants.find(({ kind }) => kind === "school")?.scope;
    const school = person?.school ?? granted ?? (await this.rest.page<School>("/schools", { limit: 1 })).items[0]?.id ?? "";
    if (view !== "classroom") return { view: "school", id: school };
    const rooms = school ? (await this.rest.page<Classroom>("/classrooms", { school, limit: 1 })).items : [];
    return { view, id: rooms[0]?.id ?? "" };
  }

  get mayPlan(): boolean {
    return (this.me?.may["booking.change"] ?? []).length > 0;
  }

  async #subject(view: View, id: string): Promise<Choice> {
    if (view === "school") {
      const { name } = await this.rest.get<School>(`/schools/${id}`);
      return { id, name, school: id, school_name: name };
    }
    if (view === "classroom") {
      const { name, school, school_name } = await this.rest.get<Classroom>(`/classrooms/${id}`);
      return { id, name, school, school_name };
    }
    const own = this.me?.person;
    if (own?.id === id) return { id, name: own.name, school: own.school ?? "", school_name: "" };
    try {
      const { name, school, school_name } = await this.rest.get<{ name: string; school: string | null; school_name: string | null }>(`/people/${id}`);
      return { id, name, school: school ?? "", school_name: school_name ?? "" };
    } catch (error) {
      // Not everybody may read about people; her lessons say who she is.
      if (error instanceof RestProblem && (error.status === 403 || error.status === 404)) return { id, name: "", school: "", school_name: "" };
      throw error;
    }
  }

  /** Periods and days of the school that the week is read by. */
  async #places(): Promise<void> {
    const id = this.subject?.school;
    if (!id) {
      this.school = null;
      this.bells = [];
      this.calendar = NO_CALENDAR;
      return;
    }
    const [school, bells] = await Promise.all([
      this.rest.get<School>(`/schools/${id}`),
      this.rest.get<BellTable[]>(`/schools/${id}/bells`),
    ]);
    this.school = school;
    this.bells = bells;
    this.calendar = await this.rest.get<Calendar>(`/calendars/${school.calendar}`);
    if (this.calendar.zone !== this.zone.name) this.zone = new Zone(this.calendar.zone);
  }

  /** The day whose timetable a day runs: that is the one a series has its lesson on. */
  planned(day: string): string {
    return headOf(day, this.today, this.calendar.days).runs ?? day;
  }

  #draw(): void {
    const lessons = this.#week?.lessons ?? [];
    this.#nameFromLessons(lessons);
    const all = week(this.first);
    const heads = all.map((day) => headOf(day, this.today, this.calendar.days));
    const days = shownDays(all, lessons, heads);
    const last = all[6] as string;
    const times = lessons.map((lesson) => {
      const from = this.zone.at(lesson.starts).minute;
      return { starts: from, ends: from + (lesson.ends - lesson.starts) / 60 };
    });
    const bands = bandsOf(rung(this.bells, last), times);
    this.shown = {
      first: this.first,
      days,
      heads: heads.filter(({ day }) => days.includes(day)),
      bands,
      cells: place(lessons, bands, this.zone),
      lessons,
    };
    this.changed();
  }

  #nameFromLessons(lessons: readonly LessonShown[]): void {
    const { subject } = this;
    if (this.view !== "teacher" || !subject || subject.name) return;
    for (const lesson of lessons) {
      const seat = lesson.seats.find(({ assistant }) => assistant === subject.id);
      const name = lesson.teacher === subject.id ? lesson.teacher_name : seat?.assistant_name;
      if (name) this.subject = { ...subject, name };
    }
  }

  #failed(error: unknown): void {
    if (cancelled(error)) return;
    if (!(error instanceof RestProblem)) throw error;
    this.loading = false;
    // Old lessons of this week are better than none; those of another one would be taken for this one's.
    if (this.behind) this.shown = NOTHING;
    this.problem = error;
    this.changed();
  }
}

