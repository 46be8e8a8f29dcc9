/** What the page is asked by its address, and how an address says it: `#q=…&subject=…&page=2`, or `#r=ID&t=SECONDS`. Pure. */

import type { Query } from "../lib/rest.ts";

/** In the order in which they are offered. */
export const FACETS = ["subject", "grade", "kind", "form", "school", "year"] as const;
export type Facet = (typeof FACETS)[number];
export type Sort = "best" | "new";

/** As the server has it. */
export const PAGE_SIZE = 24;
const DEEPEST = 1000;

export interface Wish {
  q: string;
  chosen: Readonly<Partial<Record<Facet, string>>>;
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
  const chosen: Partial<Record<Facet, string>> = {};
  for (const facet of FACETS) {
    const value = asked.get(facet)?.trim();
    if (value && (facet !== "year" || /^\d{4}$/.test(value))) chosen[facet] = value;
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
  for (const facet of FACETS) if (chosen[facet]) said.set(facet, chosen[facet]!);
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

/** Another choice begins at its first page. @param value empty: none. */
export function choose(wish: Wish, facet: Facet, value: string): Wish {
  const chosen = { ...wish.chosen };
  if (value && chosen[facet] !== value) chosen[facet] = value;
  else delete chosen[facet];
  return { ...wish, chosen, page: 1 };
}

/** As GET /library/search is asked: a year is its days. Without words nothing fits better than another. */
export function searchQuery({ q, chosen, sort, page }: Wish): Query {
  const { year, ...others } = chosen;
  return {
    q,
    ...others,
    ...(year ? { from: `${year}-01-01`, to: `${year}-12-31` } : {}),
    sort: q ? sort : "new",
    page,
  };
}

export function pagesFor(total: number): number {
  return Math.max(1, Math.ceil(Math.min(total, DEEPEST) / PAGE_SIZE));
}

export function same(one: Wish, other: Wish): boolean {
  return wishHash(one) === wishHash(other);
}
