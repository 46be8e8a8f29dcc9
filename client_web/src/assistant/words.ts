/** What the assistant's page says. */

import { Problem } from "../lib/http.ts";
import { words } from "../lib/words.ts";
import { assistantEn } from "../strings/assistant.en.ts";
import { assistantZh } from "../strings/assistant.zh.ts";

export const w = words(assistantZh, assistantEn);

/** Why something was not done, as a sentence. @param detail the server's English one, where we have none. */
export function why(code: string, detail: string): string {
  const fallback = detail ? w("assistant.problem.other", { detail }) : w("assistant.problem.server");
  return w.maybe(`assistant.problem.${code}`) ?? fallback;
}

export function whyNot(error: unknown): string {
  return error instanceof Problem ? why(error.code, error.detail) : w("assistant.problem.server");
}
