/** Times of day as the school's clock shows them, wherever the machine thinks it stands. */

import { locale } from "./i18n.ts";
import { known } from "./zone.ts";

/** Makes its formatters once: a display asks for twenty times a second, for weeks. */
export class Times {
  #made = "";
  #clock!: Intl.DateTimeFormat;
  #date!: Intl.DateTimeFormat;

  /** @param zone IANA name; empty for the machine's own. */
  use(zone: string): void {
    const made = `${zone} ${locale()}`;
    if (made === this.#made) return;
    this.#made = made;
    const timeZone = known(zone) ? zone : undefined;
    this.#clock = new Intl.DateTimeFormat(locale(), { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.#date = new Intl.DateTimeFormat(locale(), { timeZone, weekday: "long", month: "long", day: "numeric" });
  }

  /** @param at ms since 1970. */
  clock(at: number): string {
    return this.#clock.format(at);
  }

  date(at: number): string {
    return this.#date.format(at);
  }
}
