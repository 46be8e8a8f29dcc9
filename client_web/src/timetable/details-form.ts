/** What a booking says of itself, corrected in a form: when, who and where have dialogs of their own. */

import type { Ask, Form, Said } from "../components/form-dialog.ts";
import type { Rest } from "../lib/rest.ts";
import type { LessonShown } from "./api.ts";
import { RIGHTS, pointsOf } from "./draft.ts";
import { w } from "./words.ts";

export interface BookingDetails {
  booking: string;
  version: number;
  title: string;
  subject: string;
  grade: string;
  textbook: string;
  unit: string;
  points: string[];
  records: boolean;
  rights: string;
  note: string;
  lessons: readonly unknown[];
}

const LONG = 2000;
const SHORT = 120;
const SHORTER = 40;

/** What is sent: the whole of the form, so that a field that was emptied is empty. */
export function detailsOf(said: Said): Record<string, unknown> {
  const { points, records, ...texts } = said;
  return { ...texts, points: pointsOf(String(points ?? "")), records: records === true };
}

export function detailsForm(rest: Rest, it: BookingDetails): Form {
  const text = (name: "subject" | "grade" | "textbook" | "unit"): Ask => ({
    kind: "text",
    name,
    label: w(`tt.book.${name}`),
    value: it[name],
    most: name === "subject" || name === "grade" ? SHORTER : SHORT,
    optional: true,
  });
  const known = (RIGHTS as readonly string[]).includes(it.rights);
  const rights = RIGHTS.map((one) => [one, w(`tt.rights.${one}`)] as const);
  return {
    heading: w("tt.do.edit"),
    ...(it.lessons.length > 1 ? { lead: w("tt.edit.series", { n: it.lessons.length }) } : {}),
    asks: [
      { kind: "text", name: "title", label: w("tt.book.name"), value: it.title, most: SHORT },
      text("subject"),
      text("grade"),
      text("textbook"),
      text("unit"),
      { kind: "area", name: "points", label: w("tt.book.points"), value: it.points.join(w("tt.comma")), most: LONG, hint: w("tt.book.pointsHint"), optional: true },
      { kind: "area", name: "note", label: w("tt.book.note"), value: it.note, most: LONG, optional: true },
      { kind: "tick", name: "records", label: w("tt.book.records"), value: it.records },
      // What was written by other means than the page stays among the choices.
      { kind: "select", name: "rights", label: w("tt.book.rights"), value: it.rights, options: known ? rights : [[it.rights, it.rights || w("tt.edit.noRights")], ...rights], when: (said) => said["records"] === true },
    ],
    action: w("tt.edit.save"),
    save: (said) => rest.patch(`/bookings/${it.booking}`, { ...detailsOf(said), version: it.version }),
  };
}

/** A title of its own for one lesson of a series. */
export function titleForm(rest: Rest, { lesson, title, version }: LessonShown): Form {
  return {
    heading: w("tt.do.retitle"),
    lead: w("tt.edit.one"),
    asks: [{ kind: "text", name: "title", label: w("tt.book.name"), value: title, most: SHORT }],
    action: w("tt.edit.save"),
    save: (said) => rest.patch(`/lessons/${lesson}`, { title: said["title"], version }),
  };
}
