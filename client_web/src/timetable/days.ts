/** Days as ISO dates and instants as seconds since 1970, in the school's zone and not in that of the browser. */

const DAY_MS = 86_400_000;

/** Days since 1970. */
function number(day: string): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

export function addDays(day: string, days: number): string {
  return new Date((number(day) + days) * DAY_MS).toISOString().slice(0, 10);
}

/** From the first day to the second, in days. */
export function between(first: string, second: string): number {
  return number(second) - number(first);
}

/** 0 for Monday. */
export function weekday(day: string): number {
  return (((number(day) + 3) % 7) + 7) % 7;
}

export function monday(day: string): string {
  return addDays(day, -weekday(day));
}

export function week(first: string): string[] {
  return Array.from({ length: 7 }, (_, at) => addDays(first, at));
}

/** Minutes after midnight as `08:05`. */
export function clockOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** Null where it is no time of day. */
export function minuteOf(clock: string): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(clock.trim());
  if (!found) return null;
  const [hours, minutes] = [Number(found[1]), Number(found[2])];
  return hours < 24 && minutes < 60 ? hours * 60 + minutes : null;
}

export interface Moment {
  day: string;
  minute: number;
}

/** A zone of the IANA data base. */
export class Zone {
  readonly #format: Intl.DateTimeFormat;

  constructor(readonly name: string) {
    this.#format = new Intl.DateTimeFormat("en-GB", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
  }

  at(instant: number): Moment {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(instant * 1000)) parts[type] = value;
    return {
      day: `${parts["year"]}-${parts["month"]}-${parts["day"]}`,
      minute: Number(parts["hour"]) * 60 + Number(parts["minute"]),
    };
  }

  clock(instant: number): string {
    return clockOf(this.at(instant).minute);
  }
}
