/** `window.__tongke`: a read-only look inside for tests and for whoever is sent to find a fault. */

import type { MediaLink } from "./media-link.ts";
import type { RoomState } from "./room-state.ts";
import type { SignalSocket } from "./socket.ts";

export interface Inspectable {
  readonly room: RoomState;
  readonly socket: SignalSocket;
  readonly whip: MediaLink;
  readonly whep: MediaLink;
}

/** @param of the room that the page is in now, or null. */
export function exposeDebug(of: () => Inspectable | null, phase: () => string): void {
  const link = (of: MediaLink | undefined) => ({ pc: of?.pc ?? null, session: of?.session ?? null, ...of?.status });
  const look = {
    get phase() {
      return phase();
    },
    get room() {
      return of()?.room ?? null;
    },
    get slots() {
      const page = of();
      return page?.room.slots.get(page.whep.session ?? "") ?? [];
    },
    get socket() {
      return of()?.socket.status ?? null;
    },
    get whip() {
      return link(of()?.whip);
    },
    get whep() {
      return link(of()?.whep);
    },
  };
  Object.defineProperty(window, "__tongke", { value: Object.freeze(look) });
}
