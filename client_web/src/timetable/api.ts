/** What the timetable says to `/api/v1` and hears from it (docs/protocol.md has the document of all of it). */

export interface School {
  id: string;
  name: string;
  calendar: string;
  kind: string;
  approves: boolean;
  active: boolean;
}

export interface Classroom {
  id: string;
  school: string;
  school_name: string;
  name: string;
  kind: string;
  active: boolean;
}

export interface Teacher {
  id: string;
  name: string;
  school: string | null;
  school_name: string | null;
}

export interface PupilClass {
  id: string;
  school: string;
  name: string;
  grade: string;
}

export interface Period {
  number: number;
  name: string;
  /** Minutes after midnight. */
  starts: number;
  ends: number;
}

export interface BellTable {
  name: string;
  /** The first day that it is rung. */
  starts: string;
  periods: Period[];
}

export interface CalendarDay {
  day: string;
  /** Whose timetable the day runs; null on a holiday. */
  runs: string | null;
  name: string;
}

export interface Calendar {
  id: string;
  zone: string;
  terms: { name: string; starts: string; ends: string }[];
  days: CalendarDay[];
}

export interface Form {
  code: string;
  zh: string;
  en: string;
  least: number;
  usual: number;
  most: number;
  minutes: number;
  records: boolean;
  dual: boolean;
}

export type Weeks = "all" | "odd" | "even";

export interface Plan {
  first: string;
  minutes: number;
  rule?: string;
  without?: string[];
  weeks?: Weeks;
  period?: number | null;
  starts?: number | null;
}

export interface SeatShown {
  classroom: string;
  classroom_name: string;
  school: string;
  school_name: string;
  part: string;
  assistant: string | null;
  assistant_name: string | null;
  pupil_class: string | null;
  pupil_class_name: string | null;
}

export interface LessonShown {
  lesson: string;
  booking: string;
  version: number;
  booking_version: number;
  state: string;
  day: string;
  period: number | null;
  starts: number;
  ends: number;
  title: string;
  form: string;
  dual: boolean;
  subject: string;
  grade: string;
  records: boolean;
  school: string;
  teacher: string;
  teacher_name: string;
  series: boolean;
  moved: boolean;
  makes_up: string | null;
  reason: string;
  seats: SeatShown[];
}

export interface Week {
  first: string;
  zone: string;
  lessons: LessonShown[];
}

export interface Receiver {
  classroom: string;
  assistant?: string | null;
  pupil_class?: string | null;
}

export interface BookingBody {
  title: string;
  form: string;
  school: string;
  teacher: string;
  classroom: string;
  plan: Plan;
  receivers: Receiver[];
  lead_class?: string | null;
  device?: string | null;
  dual?: boolean;
  subject?: string;
  grade?: string;
  textbook?: string;
  unit?: string;
  points?: string[];
  records?: boolean;
  rights?: string;
  note?: string;
}

export interface ConflictProblem {
  code: string;
  facts: Readonly<Record<string, unknown>>;
  detail: string;
}

/** A plan of which all lessons are possible. */
export interface Alternative {
  first: string;
  rule: string;
  without: string[];
  weeks: Weeks;
  period: number | null;
  starts: number | null;
  minutes: number;
  begins: number;
  ends: number;
  lessons: number;
}

export interface Checked {
  problems: ConflictProblem[];
  more: number;
  alternatives: Alternative[];
  lessons: { planned: string; day: string; starts: number; ends: number }[];
  skipped: { planned: string; why: string }[];
}

export interface Booked {
  booking: string;
  state: string;
  lessons: unknown[];
  waits: string[];
}

export interface Waiting {
  booking: string;
  version: number;
  title: string;
  form: string;
  school: string;
  school_name: string;
  teacher: string;
  teacher_name: string;
  plan: Plan;
  note: string;
  requested_by: string;
  requested_by_name: string;
  requested: number;
  waits: string[];
}

export interface FreeSlot {
  day: string;
  period: number | null;
  starts: number;
  ends: number;
}
