/** What the page is asked by its address, and how an address says it: `#q=…&subject=…&subject=…&page=2`, or `#r=ID&t=SECONDS`. Pure. */

import type { Query } from "../lib/rest.ts";

/** In the order in which they are offered. */
export const FACETS = ["subject", "grade", "kind", "form", "textbook", "teacher_name", "school", "region", "term", "year"] as const;
export type Facet = (typeof FACETS)[number];
export type Sort = "best" | "new";

/** As the server has it. */
export const PAGE_SIZE = 24;
const DEEPEST = 1000;
/** Of one facet, as the server takes them. */
const MOST = 30;

export interface Wish {
  q: string;
  /** Any of a facet's values will do; none is an empty list. */
  chosen: Readonly<Partial<Record<Facet, readonly string[]>>>;
  sort: Sort;
  /** From 1. */
  page: number;
}

/** A resource, at a time of it when one was given. */
export interface Opened {
  id: string;
  at_ms: number | null;
}

export const NO_WISH: Wish = { q: "", chosen: {}, sort: "best", page: 1 };

export function openedOf(hash: string): Opened | null {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const id = asked.get("r")?.trim() ?? "";
  if (!/^[\w-]{1,64}$/.test(id)) return null;
  const seconds = Number(asked.get("t") ?? NaN);
  return { id, at_ms: asked.has("t") && Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1000) : null };
}

export function wishOf(hash: string): Wish {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const chosen: Partial<Record<Facet, readonly string[]>> = {};
  for (const facet of FACETS) {
    const values = asked.getAll(facet).map((it) => it.trim());
    const fit = values.filter((it, at) => it && values.indexOf(it) === at && (facet !== "year" || /^\d{4}$/.test(it)));
    if (fit.length) chosen[facet] = fit.slice(0, MOST);
  }
  const page = Number(asked.get("page") ?? 1);
  return {
    q: asked.get("q")?.trim() ?? "",
    chosen,
    sort: asked.get("sort") === "new" ? "new" : "best",
    page: Number.isInteger(page) && page >= 1 ? Math.min(page, Math.ceil(DEEPEST / PAGE_SIZE)) : 1,
  };
}

/** @returns with `#`; empty when nothing is wished. */
export function wishHash({ q, chosen, sort, page }: Wish): string {
  const said = new URLSearchParams();
  if (q) said.set("q", q);
  for (const facet of FACETS) for (const value of chosen[facet] ?? []) said.append(facet, value);
  if (sort !== "best") said.set("sort", sort);
  if (page > 1) said.set("page", String(page));
  const text = said.toString();
  return text && `#${text}`;
}

export function openHash(id: string, at_ms: number | null = null): string {
  return `#r=${encodeURIComponent(id)}${at_ms === null ? "" : `&t=${seconds(at_ms)}`}`;
}

/** What one gives to somebody else. */
export function shareUrl(origin: string, id: string, at_ms: number): string {
  return `${origin}/library${openHash(id, Math.floor(at_ms / 1000) * 1000)}`;
}

function seconds(ms: number): string {
  return String(Math.round(ms / 100) / 10);
}

/** With that value too, or without it when it was there; begins at the first page again. */
export function toggle(wish: Wish, facet: Facet, value: string): Wish {
  const { [facet]: before = [], ...others } = wish.chosen;
  const after = before.includes(value) ? before.filter((it) => it !== value) : [...before, value].slice(-MOST);
  return { ...wish, chosen: after.length ? { ...others, [facet]: after } : others, page: 1 };
}

/** Each value that is chosen, in the order in which the facets are offered. */
export function chosenOf({ chosen }: Wish): [facet: Facet, value: string][] {
  return FACETS.flatMap((facet) => (chosen[facet] ?? []).map((value): [Facet, string] => [facet, value]));
}

/** As GET /library/search is asked. Without words nothing fits better than another. */
export function searchQuery({ q, chosen, sort, page }: Wish): Query {
  return { q, ...chosen, sort: q ? sort : "new", page };
}

export function pagesFor(total: number): number {
  return Math.max(1, Math.ceil(Math.min(total, DEEPEST) / PAGE_SIZE));
}

export function same(one: Wish, other: Wish): boolean {
  return wishHash(one) === wishHash(other);
}
