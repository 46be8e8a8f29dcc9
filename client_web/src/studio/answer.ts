/** The studio's headline: do they see and hear me? Pure. */

import type { Key } from "../lib/i18n.ts";
import type { IconName } from "../lib/icons.ts";
import type { LinkStatus } from "../lib/media-link.ts";
import type { Health } from "./tiles.ts";

export interface Answer {
  text: Key;
  values: Record<string, string | number>;
  icon: IconName;
  tone: "ok" | "warn" | "bad" | "calm";
}

/** A classroom that is here, by name. */
export interface Heard {
  name: string;
  health: Health;
}

/** More names than this make no headline. */
const NAMED = 2;

/**
 * @param sending what leaves this page; what she has switched off herself comes before anybody's trouble.
 * @param comma what stands between two names.
 */
export function answerOf(
  link: LinkStatus,
  sending: { picture: boolean; sound: boolean },
  classrooms: readonly Heard[],
  comma: string,
): Answer {
  const all = classrooms.length;
  const well = classrooms.filter(({ health }) => health.well).length;
  const joining = classrooms.filter(({ health }) => health.tone === "calm").length;
  const troubled = classrooms.filter(({ health }) => !health.well && health.tone !== "calm").map(({ name }) => name);
  const names = troubled.slice(0, NAMED).join(comma) + (troubled.length > NAMED ? " …" : "");
  const values = { n: well, of: all, names, attempt: Math.max(1, link.attempt) };
  switch (link.state) {
    case "idle":
    case "connecting":
      return { text: "answer.connecting", values, icon: "link", tone: "calm" };
    case "unstable":
    case "retrying":
      return { text: "answer.reconnecting", values, icon: "link", tone: "bad" };
    case "refused":
      return { text: "answer.refused", values, icon: "bad", tone: "bad" };
    case "connected":
      if (!sending.sound) return { text: "answer.muted", values, icon: "microphoneOff", tone: "warn" };
      if (!sending.picture) return { text: "answer.dark", values, icon: "cameraOff", tone: "warn" };
      if (all === 0) return { text: "answer.nobody", values, icon: "people", tone: "calm" };
      if (troubled.length > 0) return { text: "answer.some", values, icon: "warn", tone: "warn" };
      if (joining > 0) return { text: "answer.joining", values, icon: "clock", tone: "calm" };
      return { text: "answer.all", values, icon: "check", tone: "ok" };
  }
}
