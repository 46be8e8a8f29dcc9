/** Which facets are offered, and which of their values are in sight before one asks for more. Pure. */

import type { FacetValue } from "./model.ts";

/** Values of a facet that are in sight at first. */
export const FIRST = 6;

/** Whether there is something to choose: one value that everything has tells nothing apart. */
export function tells(values: readonly FacetValue[], total: number, chosen: readonly string[]): boolean {
  return chosen.length > 0 || values.length > 1 || (values[0]?.count ?? total) < total;
}

/** What is chosen is always in sight. @param all she asked for more. */
export function inSight(values: readonly FacetValue[], chosen: readonly string[], all: boolean): readonly FacetValue[] {
  // One more than those in sight needs as much room as what it would be hidden behind.
  if (all || values.length <= FIRST + 1) return values;
  return values.filter((it, at) => at < FIRST || chosen.includes(it.value));
}
