/** For `tk-pick`: schools, classrooms, regions, people by a part of their name. */

import type { Choice } from "../components/pick.ts";
import type { Page, Rest } from "./rest.ts";

const FOUND = 20;

type Find = (text: string) => Promise<Choice[]>;

interface Named {
  id: string;
  name: string;
  region_name?: string;
  school_name?: string;
}

async function find(rest: Rest, path: string, query: Readonly<Record<string, string | number>>): Promise<Choice[]> {
  const page: Page<Named> = await rest.page<Named>(path, { limit: FOUND, ...query });
  return page.items.map(({ id, name, region_name, school_name }) => {
    const beside = school_name ?? region_name;
    return beside ? { id, name, beside } : { id, name };
  });
}

export function findSchools(rest: Rest): Find {
  return (q) => find(rest, "/schools", { q });
}

/** Who teaches or assists. @param school of this one alone. */
export function findTeachers(rest: Rest, school = ""): Find {
  return (q) => find(rest, "/teachers", { q, school });
}

/** @param school of this one alone. */
export function findClassrooms(rest: Rest, school = ""): Find {
  return (q) => find(rest, "/classrooms", { q, school, active: "true" });
}

/** There are few hundred regions at most, and the list of them knows no search. */
export function findRegions(rest: Rest): Find {
  return async (q) => {
    const { items } = await rest.all<Named & { parent: string | null }>("/regions");
    const names = new Map(items.map((it) => [it.id, it.name]));
    return items
      .filter((it) => it.name.includes(q))
      .slice(0, FOUND)
      .map(({ id, name, parent }) => ({ id, name, beside: parent ? (names.get(parent) ?? "") : "" }));
  };
}
