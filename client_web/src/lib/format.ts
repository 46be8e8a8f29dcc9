/** Numbers and times as people read them, with units. */

import { locale } from "./i18n.ts";
import { zone } from "./zone.ts";

export const DASH = "–";

export function ms(value: number | null | undefined): string {
  if (value == null) return DASH;
  return value > 0 && value < 1 ? "< 1 ms" : `${Math.round(value)} ms`;
}

/** @param value 0…1. */
export function percent(value: number | null | undefined): string {
  if (value == null) return DASH;
  const points = value * 100;
  return `${points > 0 && points < 10 ? points.toFixed(1) : Math.round(points)} %`;
}

/** @param value bit/s. */
export function rate(value: number | null | undefined): string {
  if (value == null) return DASH;
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} Mbit/s` : `${Math.round(value / 1e3)} kbit/s`;
}

export function size(width: number | null | undefined, height: number | null | undefined): string {
  return width && height ? `${width}×${height}` : DASH;
}

export function fps(value: number | null | undefined): string {
  return value == null ? DASH : String(Math.round(value));
}

/** Wall clock, hours and minutes. @param at ms since 1970. */
export function clock(at: number): string {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone() }).format(at);
}

export function longDate(at: number): string {
  return new Intl.DateTimeFormat(locale(), { weekday: "long", month: "long", day: "numeric", timeZone: zone() }).format(at);
}

/** `mm:ss`, or `h:mm:ss` from an hour on. @param elapsed ms. */
export function duration(elapsed: number): string {
  const total = Math.max(0, Math.floor(elapsed / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${two(minutes)}:${two(total % 60)}`;
}
