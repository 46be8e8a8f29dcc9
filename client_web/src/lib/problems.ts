/** What a problem says to the person who met it: by its code in her language, else the server's own sentence. */

import { Problem } from "./http.ts";
import { lang } from "./i18n.ts";
import { words } from "./words.ts";
import { problemsEn } from "../strings/problems.en.ts";
import { problemsZh } from "../strings/problems.zh.ts";

const say = words(problemsZh, problemsEn);

/** @param error of a request; anything else is a fault of the page, which its console shows. */
export function problemText(error: unknown): string {
  if (!(error instanceof Problem)) {
    console.error(error);
    return say("problem.page");
  }
  const facts: Record<string, string | number> = {};
  for (const [name, value] of Object.entries((error as { extra?: Record<string, unknown> }).extra ?? {})) {
    if (typeof value === "string" || typeof value === "number") facts[name] = value;
  }
  // The server counts in seconds; nobody wants to read 1800 of them.
  if (typeof facts["retry_after"] === "number") facts["minutes"] = Math.max(1, Math.ceil(facts["retry_after"] / 60));
  const ours = say.maybe(`problem.${error.code}`, facts);
  // Where one code has many sentences, the server's own says what is wrong; in Chinese ours says what it is about.
  if (error.code in SENTENCES && error.detail && (lang() === "en" || !ours)) return error.detail;
  if (SENTENCES[error.code] && error.detail) return ours + say("problem.said", { detail: error.detail });
  return ours ?? (error.detail || say("problem.server"));
}

/** Codes with many sentences, and whether ours alone would not help. */
const SENTENCES: Readonly<Record<string, boolean>> = { bad_request: true, bad_name: true, bad_url: true, bad_bells: true, bad_metadata: true, bad_login: false, weak_password: false };

export function isOffline(error: unknown): boolean {
  return error instanceof Problem && error.status === 0;
}
