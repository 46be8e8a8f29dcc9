/** The time that a page of figures is about, and whose: as its address says it, and as the server is asked. Pure. */

import type { Me } from "./rest.ts";
import { plusDays } from "./when.ts";

/** Days, both of them in it. */
export interface Period {
  since: string;
  until: string;
}

/** As the server has it. */
export const MAX_DAYS = 400;

function isDay(text: string | null): text is string {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

/** Of an address; by default the months of the half year that `today` is in: a term lies in it. */
export function periodOf(asked: URLSearchParams, today: string): Period {
  const [year, month] = [today.slice(0, 4), Number(today.slice(5, 7))];
  const usual = month < 2 || month > 7 ? { from: month < 2 ? Number(year) - 1 : Number(year), first: "08-01" } : { from: Number(year), first: "02-01" };
  const since = asked.get("since");
  const until = asked.get("until");
  return { since: isDay(since) ? since : `${usual.from}-${usual.first}`, until: isDay(until) ? until : today };
}

/** Seconds since 1970, the end not in it. */
export function instants({ since, until }: Period): { since: number; until: number } {
  const at = (day: string): number => Math.floor(new Date(`${day}T00:00:00`).getTime() / 1000);
  return { since: at(since), until: at(plusDays(until, 1)) };
}

/** Null where it is as it should be. */
export function wrong({ since, until }: Period): "order" | "long" | null {
  const days = (Date.parse(until) - Date.parse(since)) / 86_400_000;
  return Number.isNaN(days) || days < 0 ? "order" : days + 1 > MAX_DAYS ? "long" : null;
}

/** Where somebody may do it beyond herself: everywhere, or first of all at this school (empty: at none by name). */
export function reachOf(me: Me, action: string): { everywhere: boolean; school: string } | null {
  const scopes = (me.may[action] ?? []).filter(({ kind }) => kind !== "person");
  if (!scopes.length) return null;
  const school = scopes.find(({ kind }) => kind === "school")?.scope;
  return { everywhere: scopes.some(({ kind }) => kind === "system"), school: school ?? me.person.school ?? "" };
}
