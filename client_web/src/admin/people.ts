/** People as the administration has them, and which roles one may give. */

import type { Ask, Said } from "../components/form-dialog.ts";
import { roleName } from "../components/frame-say.ts";
import { findClassrooms, findRegions, findSchools } from "../lib/lookups.ts";
import type { Me, Rest } from "../lib/rest.ts";
import { say } from "./say.ts";

export interface Granted {
  role: string;
  kind: string;
  scope: string;
  scope_name: string;
}

export interface Person {
  id: string;
  name: string;
  login: string | null;
  school: string | null;
  /** Empty where there is no school. */
  school_name: string;
  active: boolean;
  language: string;
  /** Who it is to the sign-in service. */
  subject: string | null;
  grants: Granted[];
}

/** As docs/rights.md, "Giving roles". */
const GRANTABLE: Readonly<Record<string, readonly string[]>> = {
  admin: ["teacher", "assistant", "planner", "admin", "supervisor", "staff"],
  planner: ["teacher", "assistant", "staff"],
};
const KINDS = ["school", "classroom", "region", "system"] as const;

export function grantableRoles(me: Me): string[] {
  const roles = new Set(me.grants.flatMap((grant) => GRANTABLE[grant.role] ?? []));
  return (GRANTABLE["admin"] ?? []).filter((role) => roles.has(role));
}

/** Kinds of scope within the giver's own: nobody gives further than he reaches. */
export function grantableKinds(me: Me): string[] {
  const widest = Math.max(...me.grants.filter((it) => it.role in GRANTABLE).map((it) => WIDTH[it.kind] ?? 0), 0);
  return KINDS.filter((kind) => (WIDTH[kind] ?? 0) <= widest);
}

const WIDTH: Readonly<Record<string, number>> = { classroom: 1, school: 2, region: 3, system: 4 };

export function scopeText(grant: Pick<Granted, "role" | "kind" | "scope_name">): string {
  return `${roleName(grant.role)} · ${grant.kind === "system" ? say("scope.system") : grant.scope_name}`;
}

export function grantAsks(rest: Rest, me: Me, home: { id: string; name: string } | null): Ask[] {
  return [
    { kind: "select", name: "role", label: say("grant.role"), options: grantableRoles(me).map((role) => [role, roleName(role)] as const) },
    { kind: "select", name: "kind", label: say("grant.kind"), options: grantableKinds(me).map((kind) => [kind, say(`scope.${kind as "school"}`)] as const) },
    { kind: "pick", name: "school", label: say("scope.school"), find: findSchools(rest), value: home, when: (said) => said["kind"] === "school" },
    { kind: "pick", name: "classroom", label: say("scope.classroom"), find: findClassrooms(rest), when: (said) => said["kind"] === "classroom" },
    { kind: "pick", name: "region", label: say("scope.region"), find: findRegions(rest), when: (said) => said["kind"] === "region" },
  ];
}

/** What the server is asked to give. */
export function grantOf(said: Said): { role: string; kind: string; scope: string } {
  const kind = String(said["kind"]);
  return { role: String(said["role"]), kind, scope: kind === "system" ? "" : String(said[kind] ?? "") };
}
