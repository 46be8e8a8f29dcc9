/** One key per action, and one action per key. */

export const SHORTCUTS = {
  microphone: "m",
  camera: "c",
  share: "s",
  call: "1–8",
  uncall: "0",
  muteAll: "a",
  pageBack: "[",
  pageOn: "]",
  end: "e",
  help: "?",
} as const;

export type Action = keyof typeof SHORTCUTS;
