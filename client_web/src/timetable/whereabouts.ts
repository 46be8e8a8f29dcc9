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
