/** The forms in which a resource is described: Dublin Core and LOM terms as people here call them. */

import type { Ask, Said } from "../components/form-dialog.ts";
import { lang, t } from "../lib/i18n.ts";
import type { Rest } from "../lib/rest.ts";
import type { Metadata } from "./model.ts";
import { say } from "./say.ts";

export const RIGHTS = ["own", "school", "county", "province", "public"] as const;
/** Code and name of a form of lesson. */
export type FormName = readonly [code: string, name: string];

export async function formNames(rest: Rest): Promise<FormName[]> {
  const forms = await rest.get<{ code: string; zh: string; en: string }[]>("/forms");
  return forms.map((it) => [it.code, it[lang()]] as const);
}

const MAX_TITLE = 120;
const MAX_SHORT = 40;
/** The rest of a clip is its origin's. */
const OF_CLIPS = new Set(["title", "points", "rights", "description"]);

export function metadataAsks(it: Partial<Metadata>, forms: readonly FormName[], kind = ""): Ask[] {
  const text = (name: "subject" | "grade" | "term" | "textbook" | "unit" | "teacher_name" | "licence", most: number): Ask => ({
    kind: "text",
    name,
    label: say(`meta.${name}`),
    value: it[name] ?? "",
    optional: true,
    most,
  });
  const asks: Ask[] = [
    { kind: "text", name: "title", label: say("meta.title"), value: it.title ?? "", most: MAX_TITLE },
    text("subject", MAX_SHORT),
    text("grade", MAX_SHORT),
    text("unit", MAX_TITLE),
    { kind: "text", name: "points", label: say("meta.points"), hint: say("meta.pointsHint"), value: (it.points ?? []).join(t("list.comma")), optional: true },
    text("teacher_name", MAX_TITLE),
    { kind: "select", name: "form", label: say("meta.form"), value: it.form ?? "", options: [["", say("meta.noForm")], ...forms] },
    text("term", MAX_SHORT),
    text("textbook", MAX_TITLE),
    { kind: "date", name: "day", label: say("meta.day"), value: it.day ?? "", optional: true },
    { kind: "select", name: "rights", label: say("meta.rights"), value: it.rights ?? "county", options: RIGHTS.map((code) => [code, say(`rights.${code}`)] as const) },
    text("licence", MAX_TITLE),
    { kind: "area", name: "description", label: say("meta.description"), value: it.description ?? "", optional: true },
  ];
  return kind === "clip" ? asks.filter((ask) => OF_CLIPS.has(ask.name)) : asks;
}

/** A body of PATCH /resources/{id}, without what was not said. */
export function metadataOf(said: Said): Record<string, string | string[]> {
  const body: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(said)) {
    if (typeof value !== "string") continue;
    if (name === "points") body[name] = pointsOf(value);
    else if (name !== "day" || value) body[name] = value;
  }
  return body;
}

export function pointsOf(text: string): string[] {
  return text
    .split(/[、，,;；\n]/)
    .map((it) => it.trim())
    .filter(Boolean);
}
