/** One key per action of the player, as `?` lists them. Pure. */

export const KEYS = {
  toggle: ["Space", "K"],
  back: ["←"],
  on: ["→"],
  farBack: ["J"],
  farOn: ["L"],
  louder: ["↑"],
  quieter: ["↓"],
  mute: ["M"],
  captions: ["C"],
  full: ["F"],
  swap: ["S"],
  slower: ["<"],
  faster: [">"],
  tenth: ["0", "…", "9"],
  help: ["?"],
} as const;

export type Action = keyof typeof KEYS;

const BY_KEY: Readonly<Record<string, Action>> = {
  " ": "toggle",
  k: "toggle",
  arrowleft: "back",
  arrowright: "on",
  j: "farBack",
  l: "farOn",
  arrowup: "louder",
  arrowdown: "quieter",
  m: "mute",
  c: "captions",
  f: "full",
  s: "swap",
  "<": "slower",
  ">": "faster",
  "?": "help",
};

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What has the focus, as far as keys go: a field takes all, a button what presses it, a list beside the film what scrolls it, a slider none. */
export type Focus = "text" | "button" | "list" | "else";

export function actionOf(pressed: Pressed, focus: Focus): { action: Action; tenth: number } | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || focus === "text") return null;
  if (focus !== "else" && pressed.key === " ") return null;
  if (focus === "list" && pressed.key.startsWith("Arrow")) return null;
  if (/^[0-9]$/.test(pressed.key)) return { action: "tenth", tenth: Number(pressed.key) };
  const action = BY_KEY[pressed.key.toLowerCase()];
  return action ? { action, tenth: 0 } : null;
}

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** The next of the speeds. @param by -1 or 1. */
export function nextSpeed(rate: number, by: number): number {
  const at = SPEEDS.findIndex((it) => it >= rate - 0.001);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? SPEEDS.length - 1 : at) + by))]!;
}
