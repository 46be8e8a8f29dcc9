/** The studio's headline: do they see and hear me? Pure. */

import type { Key } from "../lib/i18n.ts";
import type { IconName } from "../lib/icons.ts";
import type { LinkStatus } from "../lib/media-link.ts";
import type { Health } from "./tiles.ts";

export interface Answer {
  text: Key;
  values: Record<string, number>;
  icon: IconName;
  tone: "ok" | "warn" | "bad" | "calm";
}

/** @param health of every classroom that is here. */
export function answerOf(link: LinkStatus, health: readonly Health[]): Answer {
  const all = health.length;
  const well = health.filter((h) => h.well).length;
  const joining = health.filter((h) => h.tone === "calm").length;
  const values = { n: well, of: all, bad: all - well - joining, attempt: Math.max(1, link.attempt) };
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
      if (all === 0) return { text: "answer.nobody", values, icon: "people", tone: "calm" };
      if (values.bad > 0) return { text: "answer.some", values, icon: "warn", tone: "warn" };
      if (joining > 0) return { text: "answer.joining", values, icon: "clock", tone: "calm" };
      return { text: "answer.all", values, icon: "check", tone: "ok" };
  }
}
