/** Which language, and what a key says in it. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { en } from "../strings/en.ts";
import { zh, type Key } from "../strings/zh.ts";

export type { Key };
export type Lang = "zh" | "en";

const TABLES: Record<Lang, Record<Key, string>> = { zh, en };
const STORAGE_KEY = "tongke.lang";

/** The first of these that names a language we have; Chinese when none does. */
export function pickLang(...wishes: (string | null | undefined)[]): Lang {
  for (const wish of wishes) {
    const primary = wish?.toLowerCase().split("-")[0];
    if (primary === "zh" || primary === "en") return primary;
  }
  return "zh";
}

/** `{name}` in a text is replaced by `values.name`. */
export function fill(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

let current: Lang = "zh";
const listeners = new Set<() => void>();

export function lang(): Lang {
  return current;
}

export function t(key: Key, values?: Readonly<Record<string, string | number>>): string {
  return fill(TABLES[current][key], values);
}

/** BCP 47 tag for `Intl` and `<html lang>`. */
export function locale(): string {
  return current === "zh" ? "zh-CN" : "en-GB";
}

/** @param keep remember it for the next visit. */
export function setLang(next: Lang, keep: boolean): void {
  current = next;
  document.documentElement.lang = locale();
  if (keep) store(next);
  for (const listener of listeners) listener();
}

/** At page start: the fragment's wish, then what was chosen here before, then the browser's. */
export function initLang(fromFragment: string | null): void {
  setLang(pickLang(fromFragment, stored(), ...navigator.languages), false);
}

/** Once it is known who is there: her account's language, unless another one was chosen in this browser. */
export function followAccount(language: string): void {
  if (stored() === null) setLang(pickLang(language), false);
}

/** Storage is refused in some kiosk and private modes; the choice then lasts as long as the page. */
function stored(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

function store(value: Lang): void {
  try {
    localStorage.setItem(STORAGE_KEY, value);
  } catch {
    return;
  }
}

/** Renders its element again when the language changes. */
export class LangController implements ReactiveController {
  readonly #update: () => void;

  constructor(host: ReactiveControllerHost) {
    this.#update = () => host.requestUpdate();
    host.addController(this);
  }

  hostConnected(): void {
    listeners.add(this.#update);
  }

  hostDisconnected(): void {
    listeners.delete(this.#update);
  }
}
