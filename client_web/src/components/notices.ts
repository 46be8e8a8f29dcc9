/** What happened to one's lessons, in a sentence; and how many such sentences were not read yet. */

import type { Rest } from "../lib/rest.ts";
import { dateTime } from "../lib/when.ts";
import { words } from "../lib/words.ts";
import { noticesEn } from "../strings/notices.en.ts";
import { noticesZh } from "../strings/notices.zh.ts";

const say = words(noticesZh, noticesEn);
const EVERY_MS = 60_000;

export interface Notice {
  id: string;
  kind: string;
  lesson: string | null;
  facts: Readonly<Record<string, unknown>>;
  /** Seconds since 1970. */
  made: number;
  read: number | boolean | null;
}

export function noticeText(notice: Pick<Notice, "kind" | "facts">): string {
  const told: Record<string, string | number> = { title: say("notice.untitled"), by: say("notice.somebody"), starts: "" };
  for (const [name, value] of Object.entries(notice.facts)) {
    if (name === "starts" && typeof value === "number") told["starts"] = dateTime(value);
    else if ((typeof value === "string" && value) || typeof value === "number") told[name] = value;
  }
  const sentence = say.maybe(`notice.${notice.kind}`, told) ?? say("notice.other", told);
  const reason = notice.facts["reason"];
  return typeof reason === "string" && reason ? sentence + say("notice.reason", { reason }) : sentence;
}

/** Asks once a minute while the page is looked at, and at once when it is looked at again. */
export class UnreadCount {
  #timer = 0;

  constructor(
    private readonly rest: Rest,
    private readonly tell: (unread: number) => void,
  ) {}

  start(): void {
    document.addEventListener("visibilitychange", this.#look);
    this.#timer = window.setInterval(this.#look, EVERY_MS);
    this.#look();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.#look);
    clearInterval(this.#timer);
  }

  /** A count that cannot be had stays what it was: what the person came for says whether the server is there. */
  #look = (): void => {
    if (document.visibilityState !== "visible") return;
    this.rest.get<{ unread: number }>("/notices/count").then(
      ({ unread }) => this.tell(unread),
      () => undefined,
    );
  };
}
