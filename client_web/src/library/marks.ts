/** Texts in which parts are marked, cut into spans. Pure. */

import type { Mark } from "./model.ts";

export interface Span {
  text: string;
  marked: boolean;
}

/** Marks that overlap become one; what lies outside of the text is cut off. */
export function spansOf(text: string, marks: readonly Mark[]): Span[] {
  const spans: Span[] = [];
  let done = 0;
  const add = (from: number, to: number, marked: boolean): void => {
    if (to <= from) return;
    const last = spans[spans.length - 1];
    if (last?.marked === marked) last.text += text.slice(from, to);
    else spans.push({ text: text.slice(from, to), marked });
  };
  for (const [from, to] of [...marks].sort((one, other) => one[0] - other[0])) {
    const first = Math.max(from, done);
    const end = Math.min(to, text.length);
    if (end <= first) continue;
    add(done, first, false);
    add(first, end, true);
    done = end;
  }
  add(done, text.length, false);
  return spans;
}

/** Where `words` stand in a text, whatever their case. */
export function found(text: string, words: string): Mark[] {
  const wanted = words.trim().toLowerCase();
  const inside = text.toLowerCase();
  // A letter whose small form is longer would shift every mark behind it.
  if (!wanted || inside.length !== text.length) return [];
  const marks: Mark[] = [];
  for (let at = inside.indexOf(wanted); at >= 0; at = inside.indexOf(wanted, at + wanted.length)) marks.push([at, at + wanted.length]);
  return marks;
}
