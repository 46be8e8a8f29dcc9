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

export function exposeDebug(page: Inspectable, phase: () => string): void {
  const look = {
    get phase() {
      return phase();
    },
    get room() {
      return page.room;
    },
    get slots() {
      return page.room.slots.get(page.whep.session ?? "") ?? [];
    },
    get socket() {
      return page.socket.status;
    },
    get whip() {
      return { pc: page.whip.pc, session: page.whip.session, ...page.whip.status };
    },
    get whep() {
      return { pc: page.whep.pc, session: page.whep.session, ...page.whep.status };
    },
  };
  Object.defineProperty(window, "__tongke", { value: Object.freeze(look) });
}
