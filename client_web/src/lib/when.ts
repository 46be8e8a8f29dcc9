/** Instants, days and times of day, as people and forms write them. */

import { locale } from "./i18n.ts";
import { zone } from "./zone.ts";

/** @param at seconds since 1970. */
export function dateTime(at: number): string {
  return new Intl.DateTimeFormat(locale(), {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: zone(),
    ...(today(new Date(at * 1000)).slice(0, 4) === today().slice(0, 4) ? {} : { year: "numeric" }),
  }).format(at * 1000);
}

/** @param at seconds since 1970. */
export function timeOfDay(at: number): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone() }).format(at * 1000);
}

/** How long ago, in the largest unit that says enough. @param seconds at least 0. */
export function ago(seconds: number): string {
  const units = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ] as const;
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? (["second", 1] as const);
  return new Intl.RelativeTimeFormat(locale(), { numeric: "always" }).format(-Math.floor(Math.max(0, seconds) / size), unit);
}

/** @param minutes after midnight. @returns `08:05`, as `<input type="time">` has it. */
export function fromMinutes(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** @returns minutes after midnight, or null when it is no time of day. */
export function toMinutes(text: string): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  const [hours, minutes] = [Number(found?.[1]), Number(found?.[2])];
  return found && hours < 24 && minutes < 60 ? hours * 60 + minutes : null;
}

/** By the school's clock. @returns ISO date. */
export function today(now = new Date()): string {
  return new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone() }).format(now);
}

/** @param day ISO date. @param days may be negative. */
export function plusDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** With its day of the week. @param day ISO date. */
export function longDay(day: string): string {
  return new Intl.DateTimeFormat(locale(), { year: "numeric", month: "short", day: "numeric", weekday: "short", timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );
}
