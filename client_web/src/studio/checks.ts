/** The preflight's verdicts: measured values to a word and a colour. Pure. */

import type { Key } from "../lib/i18n.ts";
import type { DeviceState } from "../lib/devices.ts";

export type Tone = "ok" | "warn" | "bad" | "busy";

export interface Verdict {
  tone: Tone;
  text: Key;
}

/** Quieter than this in ten seconds means that the microphone is covered, off, or the wrong one, dB below full scale. */
export const HEARD_DB = -45;

export function cameraVerdict(state: DeviceState): Verdict {
  return deviceVerdict(state, "camera") ?? { tone: "ok", text: "check.camera.ok" };
}

/** @param loudestDb over the last ten seconds. */
export function microphoneVerdict(state: DeviceState, loudestDb: number): Verdict {
  const refused = deviceVerdict(state, "microphone");
  if (refused) return refused;
  return loudestDb > HEARD_DB
    ? { tone: "ok", text: "check.microphone.ok" }
    : { tone: "warn", text: "check.microphone.quiet" };
}

function deviceVerdict(state: DeviceState, kind: "camera" | "microphone"): Verdict | null {
  switch (state) {
    case "on":
      return null;
    case "off":
    case "asking":
      return { tone: "busy", text: "check.asking" };
    case "denied":
      return { tone: "bad", text: `check.${kind}.denied` };
    case "missing":
      return { tone: "bad", text: `check.${kind}.missing` };
    case "busy":
      return { tone: "bad", text: `check.${kind}.busy` };
    case "insecure":
      return { tone: "bad", text: "check.insecure" };
    case "failed":
      return { tone: "bad", text: `check.${kind}.failed` };
  }
}

/** Result of a measurement: a number, still running, or failed. */
export type Measured = number | "running" | "failed";

/** @param rtt ms. A conversation is comfortable below about 100 ms each way (ITU-T G.114), half of which is the line. */
export function rttVerdict(rtt: Measured): Verdict {
  if (rtt === "running") return { tone: "busy", text: "check.running" };
  if (rtt === "failed") return { tone: "bad", text: "check.rtt.failed" };
  if (rtt <= 100) return { tone: "ok", text: "check.rtt.ok" };
  if (rtt <= 250) return { tone: "warn", text: "check.rtt.warn" };
  return { tone: "bad", text: "check.rtt.bad" };
}

/** @param rate bit/s. Camera, screen and sound together take about 4 Mbit/s at full quality. */
export function rateVerdict(rate: Measured): Verdict {
  if (rate === "running") return { tone: "busy", text: "check.running" };
  if (rate === "failed") return { tone: "bad", text: "check.rate.failed" };
  if (rate >= 4e6) return { tone: "ok", text: "check.rate.ok" };
  if (rate >= 1.5e6) return { tone: "warn", text: "check.rate.warn" };
  return { tone: "bad", text: "check.rate.bad" };
}

export function median(values: readonly number[]): number | null {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
