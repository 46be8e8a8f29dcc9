/** A booking while it is being filled in, and the request that comes of it. Pure. */

import type { BookingBody, Checked, Form, LessonShown, Plan } from "./api.ts";
import { weekday } from "./days.ts";
import { align, repeatOf, ruleOf, type Repeat } from "./rule.ts";

export interface Choice {
  id: string;
  name: string;
  /** Which school it belongs to. */
  school: string;
  school_name: string;
}

export interface When {
  first: string;
  by: "period" | "clock";
  period: number | null;
  /** Minutes after midnight. */
  starts: number;
  minutes: number;
  /** Null: a single lesson. */
  repeat: Repeat | null;
  /** A rule that the page did not make; kept as it is until `repeat` is chosen. */
  rule: string;
  without: string[];
}

export interface ReceiverDraft {
  classroom: Choice | null;
  assistant: Choice | null;
  pupilClass: string;
}

export interface Draft {
  form: string;
  title: string;
  subject: string;
  grade: string;
  teacher: Choice | null;
  classroom: Choice | null;
  leadClass: string;
  device: string;
  receivers: ReceiverDraft[];
  dual: boolean;
  textbook: string;
  unit: string;
  points: string;
  records: boolean;
  rights: string;
  note: string;
  when: When;
}

export const EMPTY_RECEIVER: ReceiverDraft = { classroom: null, assistant: null, pupilClass: "" };

export function newDraft(when: When, form: Form | undefined): Draft {
  return {
    form: form?.code ?? "delivered",
    title: "",
    subject: "",
    grade: "",
    teacher: null,
    classroom: null,
    leadClass: "",
    device: "",
    receivers: Array.from({ length: Math.min(form?.usual ?? 1, 3) }, () => ({ ...EMPTY_RECEIVER })),
    dual: false,
    textbook: "",
    unit: "",
    points: "",
    records: form?.records ?? true,
    rights: "county",
    note: "",
    when,
  };
}

/** Another form as a template: its number of receivers, its length, its recording. What was chosen already stays. */
export function withForm(draft: Draft, form: Form): Draft {
  const filled = draft.receivers.filter(({ classroom }) => classroom);
  const wanted = Math.max(form.least, Math.min(form.usual, 3));
  const receivers = [...filled, ...Array.from({ length: wanted }, () => ({ ...EMPTY_RECEIVER }))].slice(0, Math.max(wanted, filled.length));
  return {
    ...draft,
    form: form.code,
    records: form.records,
    dual: draft.dual && form.dual,
    receivers,
    when: draft.when.by === "clock" ? { ...draft.when, minutes: form.minutes } : draft.when,
  };
}

export function toPlan(when: When): Plan {
  const { repeat, without, minutes } = when;
  const time = when.by === "period" ? { period: when.period, starts: null } : { period: null, starts: when.starts };
  if (repeat) {
    const first = align(when.first, repeat.weekdays);
    return { first, minutes, rule: ruleOf(repeat), weeks: repeat.weeks, without, ...time };
  }
  if (when.rule) return { first: when.first, minutes, rule: when.rule, without, ...time };
  return { first: when.first, minutes, ...time };
}

export function toWhen(plan: Plan): When {
  const repeat = plan.rule ? repeatOf(plan) : null;
  return {
    first: plan.first,
    by: plan.period == null ? "clock" : "period",
    period: plan.period ?? null,
    starts: plan.starts ?? 480,
    minutes: plan.minutes,
    repeat,
    rule: plan.rule && !repeat ? plan.rule : "",
    without: [...(plan.without ?? [])],
  };
}

/** Weekly on the same day, to the end of the term. */
export function weekly(first: string, weekdays: number[] = [weekday(first)]): Repeat {
  return { weekdays, weeks: "all", end: { kind: "term" } };
}

export type Missing = "title" | "teacher" | "classroom" | "receivers" | "weekdays" | "time";

/** What a person has still to fill in before it can be asked whether it is possible. */
export function missing(draft: Draft): Missing[] {
  const { when } = draft;
  const found: Missing[] = [];
  if (!draft.title.trim()) found.push("title");
  if (!draft.teacher) found.push("teacher");
  if (!draft.classroom) found.push("classroom");
  if (draft.receivers.some(({ classroom }) => !classroom)) found.push("receivers");
  if (when.repeat && !when.repeat.weekdays.length) found.push("weekdays");
  if (when.by === "period" && when.period === null) found.push("time");
  return found;
}

/** The request; null while something is missing that it cannot do without. A title alone can wait. */
export function bodyOf(draft: Draft): BookingBody | null {
  const lacking = missing(draft).filter((one) => one !== "title");
  const { teacher, classroom } = draft;
  if (lacking.length || !teacher || !classroom) return null;
  return {
    title: draft.title.trim() || "–",
    form: draft.form,
    school: classroom.school,
    teacher: teacher.id,
    classroom: classroom.id,
    plan: toPlan(draft.when),
    receivers: draft.receivers.flatMap(({ classroom: room, assistant, pupilClass }) =>
      room ? [{ classroom: room.id, assistant: assistant?.id ?? null, pupil_class: pupilClass || null }] : [],
    ),
    lead_class: draft.leadClass || null,
    device: draft.device || null,
    dual: draft.dual,
    subject: draft.subject.trim(),
    grade: draft.grade.trim(),
    textbook: draft.textbook.trim(),
    unit: draft.unit.trim(),
    points: pointsOf(draft.points),
    records: draft.records,
    rights: draft.rights,
    note: draft.note.trim(),
  };
}

/** The request that a lesson is, for asking whether it could be elsewhere. */
export function bodyOfLesson(lesson: LessonShown, plan: Plan, device: string | null = null): BookingBody {
  const lead = lesson.seats.find(({ part }) => part === "lead");
  return {
    title: lesson.title,
    form: lesson.form,
    school: lesson.school,
    teacher: lesson.teacher,
    classroom: lead?.classroom ?? "",
    plan,
    receivers: lesson.seats
      .filter(({ part }) => part !== "lead")
      .map(({ classroom, assistant, pupil_class }) => ({ classroom, assistant, pupil_class })),
    lead_class: lead?.pupil_class ?? null,
    device,
    dual: lesson.dual,
  };
}

/** The time that a lesson has already is no alternative to it. */
export function elsewhere(checked: Checked, lesson: LessonShown): Checked {
  const alternatives = checked.alternatives.filter(({ first, begins }) => first !== lesson.day || begins !== lesson.starts);
  return { ...checked, alternatives };
}

/** The plan of one lesson in a cell of the week. */
export function planAt(day: string, band: { period: number | null; starts: number }, minutes: number): Plan {
  return band.period === null ? { first: day, minutes, starts: band.starts, period: null } : { first: day, minutes, period: band.period, starts: null };
}

export function minutesOf(lesson: LessonShown): number {
  return Math.round((lesson.ends - lesson.starts) / 60);
}

/** Who may see what is recorded. */
export const RIGHTS = ["school", "county", "public"] as const;

/** As they are typed, with any of the usual marks between them. */
export function pointsOf(text: string): string[] {
  return text.split(/[,，;；、\n]/).map((point) => point.trim()).filter(Boolean);
}
