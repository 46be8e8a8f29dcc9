/** What a display remembers over a restart. Its key never leaves this storage but in a header. */

const KEY = "tongke.device";
const LESSON = "tongke.lesson";

/** Storage is refused in some kiosk modes: the display then works until it is restarted. */
export class Keep {
  #memory = new Map<string, string>();

  get key(): string {
    return this.#read(KEY);
  }

  set key(value: string) {
    this.#write(KEY, value);
  }

  /** The lesson that was on when the page went away; empty when none was. */
  get lesson(): string {
    return this.#read(LESSON);
  }

  set lesson(value: string) {
    this.#write(LESSON, value);
  }

  #read(name: string): string {
    try {
      return localStorage.getItem(name) ?? this.#memory.get(name) ?? "";
    } catch {
      return this.#memory.get(name) ?? "";
    }
  }

  #write(name: string, value: string): void {
    this.#memory.set(name, value);
    try {
      if (value) localStorage.setItem(name, value);
      else localStorage.removeItem(name);
    } catch {
      return;
    }
  }
}
