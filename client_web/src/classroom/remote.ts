/** What the assistant's phone makes of this display. Pure. */

import type { Display } from "../lib/protocol.ts";

export const UNTOUCHED: Display = { microphone: true, loudspeaker: true, volume: 100, local: false };

export function untouched({ microphone, loudspeaker, volume, local }: Display): boolean {
  return microphone && loudspeaker && volume === 100 && !local;
}

/** While the teacher here has taken over, the lesson goes on so much quieter: known to be there, in nobody's way. */
const LOCAL_SHARE = 0.15;

/** How loud the lesson's sound is played, 0…1. */
export function loudness({ loudspeaker, volume, local }: Display): number {
  if (!loudspeaker) return 0;
  return (volume / 100) * (local ? LOCAL_SHARE : 1);
}
