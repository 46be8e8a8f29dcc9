/** The display's own account of how the lesson looks from here. Pure. */

import type { Report, SlotState } from "../lib/protocol.ts";
import { slotNamed } from "../lib/room-state.ts";
import type { Digest } from "../lib/stats.ts";

/** Quieter than this is not called sound, dB below full scale. */
const AUDIBLE_DB = -60;

/**
 * @param digests by mid.
 * @param audible the browser lets sound out of the loudspeaker.
 */
export function makeReport(slots: readonly SlotState[], digests: ReadonlyMap<string, Digest>, audible: boolean): Report {
  const of = (name: string, kind: "audio" | "video"): Digest | null => {
    const slot = slotNamed(slots, name, kind);
    return (slot?.status === "playing" && digests.get(slot.mid)) || null;
  };
  const screen = of("screen", "video");
  const camera = of("camera", "video");
  const sounds = [of("teacher", "audio"), of("called", "audio")];
  const main = screen ?? camera;
  const all = [screen, camera, of("called", "video"), ...sounds].filter((d): d is Digest => d !== null);
  const losses = all.map((d) => d.loss).filter((n): n is number => n !== null);
  const rates = all.map((d) => d.bitrate).filter((n): n is number => n !== null);
  const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
  const rounded = (n: number | null | undefined): number | null => (n == null ? null : Math.round(n));
  return {
    delay_ms: rounded(main?.delayMs ?? sounds[0]?.delayMs),
    loss: losses.length ? Math.round(Math.max(...losses) * 1e4) / 1e4 : null,
    bitrate: rates.length ? Math.round(sum(rates)) : null,
    width: main?.width ?? null,
    height: main?.height ?? null,
    fps: main?.fps == null ? null : Math.round(main.fps * 10) / 10,
    sound: audible && sounds.some((d) => d !== null && (d.levelDb ?? -Infinity) > AUDIBLE_DB),
    picture: [screen, camera].some((d) => (d?.fps ?? 0) > 0),
    freezes: main ? main.freezes : null,
  };
}
