/** Lists of resources: whose school they are for, and the table to fill in. Pure. */

import type { Me } from "../lib/rest.ts";

/** The one school that she may import for; empty when it is to be chosen. */
export function onlySchool(me: Pick<Me, "may">): string {
  const scopes = me.may["library.import"] ?? [];
  return scopes.length === 1 && scopes[0]!.kind === "school" ? scopes[0]!.scope : "";
}

/** A table of headings alone, marked as UTF-8 for spreadsheets. */
export function templateUrl(columns: string): string {
  return `data:text/csv;charset=utf-8,${encodeURIComponent(`\ufeff${columns}\r\n`)}`;
}
