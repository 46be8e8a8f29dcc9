/** Imports as the server tells of them, and what a refused row says. */

import { locale } from "./i18n.ts";
import { RestProblem, type Rest } from "./rest.ts";
import { words } from "./words.ts";
import { zone } from "./zone.ts";
import { refusedEn } from "../strings/refused.en.ts";
import { refusedZh } from "../strings/refused.zh.ts";
import { unbookedEn } from "../strings/unbooked.en.ts";
import { unbookedZh } from "../strings/unbooked.zh.ts";

const say = words(refusedZh, refusedEn);
const unbooked = words(unbookedZh, unbookedEn);

export type ImportKind = "roster" | "timetable" | "days" | "library";

export interface Refusal {
  file: string;
  /** As a spreadsheet counts; 0: the file as a whole. */
  row: number;
  column: string;
  code: string;
  sentence: string;
  facts: Readonly<Record<string, string | number>>;
}

export interface Counts {
  created: number;
  changed: number;
  unchanged: number;
  skipped: number;
  refused: number;
}

export interface Report {
  written: boolean;
  counts: Readonly<Record<string, Counts>>;
  refusals: Refusal[];
  /** Refused rows beside those listed. */
  more: number;
}

export interface Import {
  id: string;
  state: "running" | "done" | "refused" | "failed";
  stage: string;
  done: number;
  total: number | null;
  report: Report | null;
  problem: { code: string; detail: string } | null;
}

/** In the reader's language; a code that we do not know yet is said by the server. */
export function refusalText(refusal: Refusal): string {
  const { code, facts, sentence } = refusal;
  return say.maybe(`refused.${code}`, code === "not_booked" ? { ...facts, why: why(facts) } : facts) ?? sentence;
}

/** What stands in the way of a lesson, with its time; a part of a sentence. */
function why(facts: Refusal["facts"]): string {
  const { problem, starts, ends, day } = facts;
  const values: Record<string, string | number> = { ...facts };
  if (typeof starts === "number") values["when"] = typeof ends === "number" ? `${clock(starts, true)}–${clock(ends, false)}` : clock(starts, true);
  if (typeof day === "string") values["date"] = new Intl.DateTimeFormat(locale(), { timeZone: "UTC", month: "short", day: "numeric" }).format(new Date(day));
  const code = problem === "outside_term" && day === undefined ? "no_term" : String(problem ?? "");
  return (unbooked.maybe(`why.${code}`, values) ?? String(facts["why"] ?? "")).replace(/[.。]$/, "");
}

function clock(instant: number, dated: boolean): string {
  const day = dated ? ({ month: "short", day: "numeric", weekday: "short" } as const) : {};
  return new Intl.DateTimeFormat(locale(), { timeZone: zone(), ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant * 1000));
}

/** 0…1 of the stage, or null where nobody knows how much there is. */
export function shareOf({ done, total }: Pick<Import, "done" | "total">): number | null {
  return total ? Math.min(1, done / total) : null;
}

/** The server takes files of these types; browsers call them otherwise, or nothing. */
const TYPES: Readonly<Record<ImportKind, string>> = { roster: "application/zip", timetable: "text/csv", days: "text/csv", library: "text/csv" };

/** Why a file is not even sent, or null. */
export function notThis(kind: ImportKind, name: string): "needsZip" | "needsCsv" | null {
  if (kind === "roster") return /\.zip$/i.test(name) ? null : "needsZip";
  return /\.csv$/i.test(name) ? null : "needsCsv";
}

export async function send(rest: Rest, kind: ImportKind, file: File, query: Readonly<Record<string, string | boolean>>): Promise<string> {
  const path = kind === "library" ? "/library/import" : `/imports/${kind}`;
  const { id } = await rest.upload<{ id: string }>(path, file.slice(0, file.size, TYPES[kind]), query);
  return id;
}

const EVERY_MS = 700;

/** Asks until it is over. @param tell every answer. @param wanted whether anybody still looks. */
export async function follow(rest: Rest, id: string, tell: (found: Import) => void, wanted: () => boolean): Promise<void> {
  while (wanted()) {
    try {
      const found = await rest.get<Import>(`/imports/${id}`);
      tell(found);
      if (found.state !== "running") return;
    } catch (problem) {
      // A line that was lost for a moment does not end the import.
      if (!(problem instanceof RestProblem) || problem.status !== 0) throw problem;
    }
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}
