/** What the page shows, as its address says it: a link to it shows the same. */

import { isDay, monday } from "./days.ts";

export const VIEWS = ["school", "teacher", "classroom"] as const;
export type View = (typeof VIEWS)[number];

/** @prop week the Monday; empty: this one. @prop id empty: what is one's own. */
export interface Whereabouts {
  view: View | null;
  id: string;
  week: string;
}

export function parse(search: string): Whereabouts {
  const query = new URLSearchParams(search);
  const [view, week] = [query.get("view") ?? "", query.get("week") ?? ""];
  return {
    view: VIEWS.find((one) => one === view) ?? null,
    id: query.get("id") ?? "",
    week: isDay(week) ? monday(week) : "",
  };
}

export function format({ view, id, week }: Whereabouts): string {
  const query = new URLSearchParams();
  if (view && id) {
    query.set("view", view);
    query.set("id", id);
  }
  if (week) query.set("week", week);
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The lesson that the fragment names (`#lesson=…`); empty: none, or what can be none. */
export function lessonOf(hash: string): string {
  const id = new URLSearchParams(hash.replace(/^#/, "")).get("lesson") ?? "";
  return /^[0-9A-Za-z]{1,16}$/.test(id) ? id : "";
}
