/** How somebody likes to watch, kept in this browser. */

export interface Liking {
  /** 0…1. */
  volume: number;
  muted: boolean;
  rate: number;
  captions: boolean;
}

const KEY = "tongke.player";
export const USUAL: Liking = { volume: 1, muted: false, rate: 1, captions: true };

/** @param text of the storage; whatever is wrong in it is as usual. */
export function likingOf(text: string | null): Liking {
  try {
    const said = JSON.parse(text ?? "{}") as Partial<Record<keyof Liking, unknown>>;
    const number = (name: "volume" | "rate", least: number, most: number): number => {
      const value = said[name];
      return typeof value === "number" && value >= least && value <= most ? value : USUAL[name];
    };
    return { volume: number("volume", 0, 1), rate: number("rate", 0.5, 2), muted: said.muted === true, captions: said.captions !== false };
  } catch {
    return USUAL;
  }
}

/** Storage is refused in some modes; it is as usual then. */
export function liking(): Liking {
  try {
    return likingOf(localStorage.getItem(KEY));
  } catch {
    return USUAL;
  }
}

export function keep(it: Liking): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(it));
  } catch {
    return;
  }
}
