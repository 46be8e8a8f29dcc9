/** May one enter a lesson of the list now? Pure. */

/** A lesson of `GET /lessons/mine`, as far as this page reads it; instants are seconds since 1970. */
export interface Mine {
  lesson: string;
  title: string;
  state: string;
  starts: number;
  ends: number;
  opens: number;
  teacher_name: string;
  part: "lead" | "assistant";
  /** Where the person is in it. */
  classroom: string;
  seats: readonly { classroom: string; classroom_name: string; school_name: string }[];
}

export type Door = "soon" | "open" | "live" | "ended" | "cancelled";

const STATES: Readonly<Record<string, Door>> = { scheduled: "soon", open: "open", live: "live", cancelled: "cancelled" };

/** @param now ms. A room that ought to be open by now may be tried, before the list has been fetched again. */
export function doorOf({ state, opens, ends }: Pick<Mine, "state" | "opens" | "ends">, now: number): Door {
  const door = STATES[state] ?? "ended";
  return door === "soon" && now >= opens * 1000 && now < ends * 1000 ? "open" : door;
}
