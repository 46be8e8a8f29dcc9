/** A row of the audit log, as a person reads it. */

import { words } from "../lib/words.ts";
import { auditEn } from "../strings/audit.en.ts";
import { auditZh } from "../strings/audit.zh.ts";

const say = words(auditZh, auditEn);

export interface AuditRow {
  number: number;
  at: number;
  actor: string;
  actor_name: string;
  action: string;
  detail: Readonly<Record<string, unknown>>;
}

/** Who did it; what is no person has a word, and a device the id that it has. */
export function actorText(row: Pick<AuditRow, "actor" | "actor_name">): string {
  return row.actor_name || (say.maybe(`actor.${row.actor}`) ?? row.actor);
}

/** What was done, in words; an action that we do not know is said as the log has it. */
export function actionText(action: string): string {
  return say.maybe(`did.${action}`) ?? action;
}

const MOST = 6;
const LONG = 120;

/** `name: value` of each member, nested ones as JSON; cut where it would fill the page. */
export function detailLines(detail: Readonly<Record<string, unknown>>): string[] {
  const entries = Object.entries(detail).filter(([, value]) => value !== null && value !== "");
  const lines = entries.slice(0, MOST).map(([name, value]) => {
    const text = `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`;
    return text.length > LONG ? `${text.slice(0, LONG)}…` : text;
  });
  return entries.length > MOST ? [...lines, "…"] : lines;
}
