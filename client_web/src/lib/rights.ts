/** What the signed-in person may do, as GET /me says it. The server decides; the pages only do not offer the rest. */

import type { Me } from "./rest.ts";

/** Within some scope that is not merely herself. */
export function may(me: Me, action: string): boolean {
  return (me.may[action] ?? []).some((scope) => scope.kind !== "person");
}

/** Within one of these kinds of scope: what reaches further than a school's own. */
export function mayIn(me: Me, action: string, ...kinds: readonly string[]): boolean {
  return (me.may[action] ?? []).some((scope) => kinds.includes(scope.kind));
}

export function mayAny(me: Me, ...actions: readonly string[]): boolean {
  return actions.some((action) => may(me, action));
}

export function hasRole(me: Me, role: string): boolean {
  return me.grants.some((grant) => grant.role === role);
}

/** At either end: she has hours of her own. */
export function teaches(me: Me): boolean {
  return hasRole(me, "teacher") || hasRole(me, "assistant");
}

/** What a page needs so that it is of use. */
export const PAGE_RIGHTS = {
  home: [],
  timetable: ["booking.read"],
  library: ["library.read"],
  ledger: ["ledger.read"],
  school: ["rating.read"],
  admin: ["people.read", "places.write", "times.write", "device.pair", "import.run", "export.run", "audit.read", "webhook.read"],
} as const;

export type PageName = keyof typeof PAGE_RIGHTS;

export function pagesOf(me: Me): PageName[] {
  const ofUse = (page: PageName): boolean => PAGE_RIGHTS[page].length === 0 || mayAny(me, ...PAGE_RIGHTS[page]);
  return (Object.keys(PAGE_RIGHTS) as PageName[]).filter((page) => ofUse(page) || (page === "ledger" && teaches(me)));
}
