/** The words of one page: a pair of tables of its own, so that a display need not load what a planner reads. */

import { fill, lang } from "./i18n.ts";

export type Values = Readonly<Record<string, string | number>>;

export interface Words<K extends string> {
  (key: K, values?: Values): string;
  /** The text of a key that comes from outside, such as a problem's code; null when there is none. */
  maybe: (key: string, values?: Values) => string | null;
}

export function words<K extends string>(zh: Readonly<Record<K, string>>, en: Readonly<Record<K, string>>): Words<K> {
  const table = (): Readonly<Record<string, string>> => (lang() === "zh" ? zh : en);
  const say = (key: K, values?: Values): string => fill(table()[key] ?? key, values);
  const maybe = (key: string, values?: Values): string | null => {
    const text = Object.prototype.hasOwnProperty.call(zh, key) ? table()[key] : undefined;
    return text === undefined ? null : fill(text, values);
  };
  return Object.assign(say, { maybe });
}
