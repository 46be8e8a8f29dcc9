/** Regions as a tree, schools, classrooms and classes as the administration has them. */

import type { Ask } from "../components/form-dialog.ts";
import type { Choice } from "../components/pick.ts";
import type { Page, Rest } from "../lib/rest.ts";
import { say } from "./say.ts";

export interface Region {
  id: string;
  parent: string | null;
  kind: string;
  name: string;
}

export interface School {
  id: string;
  region: string;
  region_name: string;
  calendar: string;
  name: string;
  kind: string;
  approves: boolean;
  active: boolean;
}

export interface Classroom {
  id: string;
  school: string;
  school_name: string;
  name: string;
  kind: string;
  seats: number;
  active: boolean;
}

export interface PupilClass {
  id: string;
  school: string;
  name: string;
  grade: string;
  size: number;
  active: boolean;
}

export interface Branch {
  region: Region;
  branches: Branch[];
}

/** A region whose parent is not among them stands at the root, so that none is lost. */
export function treeOf(regions: readonly Region[]): Branch[] {
  const known = new Set(regions.map((it) => it.id));
  const below = new Map<string, Region[]>();
  for (const region of regions) {
    const parent = region.parent !== null && known.has(region.parent) ? region.parent : "";
    below.set(parent, [...(below.get(parent) ?? []), region]);
  }
  const grow = (parent: string): Branch[] => (below.get(parent) ?? []).map((region) => ({ region, branches: grow(region.id) }));
  return grow("");
}

const BELOW: Readonly<Record<string, readonly string[]>> = { "": ["province", "city", "county"], province: ["city", "county"], city: ["county"], county: [] };

/** Kinds of region that may lie in one of this kind. */
export function kindsBelow(kind: string): readonly string[] {
  return BELOW[kind] ?? [];
}

export function kindOptions(): [string, string][] {
  return (["receiving", "lead", "both"] as const).map((kind) => [kind, say(`kind.${kind}`)]);
}

export function findCalendars(rest: Rest): (q: string) => Promise<Choice[]> {
  return async (q) => {
    const page: Page<Choice> = await rest.page<Choice>("/calendars", { q, limit: 20 });
    return page.items.map(({ id, name }) => ({ id, name }));
  };
}

export function schoolAsks(rest: Rest, school: School | null, calendar: Choice | null): Ask[] {
  return [
    { kind: "text", name: "name", label: say("school.name"), value: school?.name ?? "", most: 120 },
    { kind: "select", name: "kind", label: say("school.kind"), options: kindOptions(), value: school?.kind ?? "receiving" },
    { kind: "pick", name: "calendar", label: say("school.calendar"), find: findCalendars(rest), value: calendar },
    { kind: "tick", name: "approves", label: say("school.approves"), hint: say("school.approvesHint"), value: school?.approves ?? false },
  ];
}

export function classroomAsks(room: Classroom | null): Ask[] {
  return [
    { kind: "text", name: "name", label: say("room.name"), value: room?.name ?? "", most: 120 },
    { kind: "select", name: "kind", label: say("school.kind"), options: kindOptions(), value: room?.kind ?? "receiving" },
    { kind: "number", name: "seats", label: say("room.seats"), value: String(room?.seats ?? 40), least: 0, most: 10_000 },
  ];
}

export function classAsks(pupils: PupilClass | null): Ask[] {
  return [
    { kind: "text", name: "name", label: say("class.name"), value: pupils?.name ?? "", hint: say("class.nameHint"), most: 120 },
    { kind: "text", name: "grade", label: say("class.grade"), value: pupils?.grade ?? "", optional: true, most: 40 },
    { kind: "number", name: "size", label: say("class.size"), value: String(pupils?.size ?? 0), least: 0, most: 10_000 },
  ];
}
