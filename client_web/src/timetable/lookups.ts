/** What can be put into a booking, found by name. */

import { RestProblem, type Rest } from "../lib/rest.ts";
import type { Classroom, PupilClass, School, Teacher } from "./api.ts";
import type { Find } from "./picker.ts";

const SHOWN = 30;

export interface Device {
  id: string;
  name: string;
  classroom_name: string;
}

export class Lookups {
  readonly #classes = new Map<string, Promise<PupilClass[]>>();
  readonly #devices = new Map<string, Promise<Device[]>>();

  constructor(private readonly rest: Rest) {}

  /** @param school empty: of every school. */
  teachers(school = ""): Find {
    return async (q, signal) => {
      const { items } = await this.rest.page<Teacher>("/teachers", { q, school, limit: SHOWN }, { signal });
      return items.map(({ id, name, school: own, school_name }) => ({ id, name, school: own ?? "", school_name: school_name ?? "" }));
    };
  }

  /** @param part what the classroom has to be equipped for. @param except already chosen ones. */
  classrooms(part: "lead" | "receiving" | "", school = "", except: readonly string[] = []): Find {
    return async (q, signal) => {
      const { items } = await this.rest.page<Classroom>("/classrooms", { q, school, active: true, limit: SHOWN }, { signal });
      return items
        .filter(({ id, kind }) => !except.includes(id) && (!part || kind === part || kind === "both"))
        .map(({ id, name, school: own, school_name }) => ({ id, name, school: own, school_name }));
    };
  }

  schools(): Find {
    return async (q, signal) => {
      const { items } = await this.rest.page<School>("/schools", { q, limit: SHOWN }, { signal });
      return items.map(({ id, name }) => ({ id, name, school: id, school_name: name }));
    };
  }

  classes(school: string): Promise<PupilClass[]> {
    return remembered(this.#classes, school, async () => (await this.rest.all<PupilClass>("/classes", { school }, 400)).items);
  }

  /** Recorder boxes; none for those who may not see devices. */
  boxes(school: string): Promise<Device[]> {
    return remembered(this.#devices, school, async () => {
      try {
        return (await this.rest.all<Device>("/devices", { school, kind: "rtsp" }, 200)).items;
      } catch (error) {
        if (error instanceof RestProblem && (error.status === 403 || error.status === 404)) return [];
        throw error;
      }
    });
  }
}

function remembered<T>(cache: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known) return known;
  const asked = ask();
  cache.set(key, asked);
  asked.catch(() => cache.delete(key));
  return asked;
}

