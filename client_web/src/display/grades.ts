/** Green, amber, red: what was measured before the bell, against the thresholds, which stand here alone. Pure. */

import type { CheckReport, Grade } from "../lib/device.ts";

export const LIMITS = {
  /** How much of the sweep must be in what is heard; noise alone stays below 0.2. */
  likeness: 0.25,
  /** A microphone that hears less than this is off, covered or broken, dB below full scale. */
  deafDb: -75,
  /** A loop longer than this makes talking hard: a wireless loudspeaker, or a television that thinks, ms. */
  echoMs: 300,
  picture: { width: 640, height: 360, fps: 10 },
  /** From here to the server, kbit/s: our camera and sound take 840; sound and a small picture take 200. */
  up: { green: 1_000, amber: 250 },
  /** From the server to here: screen, camera and sound take 3,800; slides and sound take 700. */
  down: { green: 4_000, amber: 700 },
} as const;

/** What the measurements brought; null where there was nothing to measure. */
export interface Found {
  sound: { levelDb: number; echoMs: number | null; likeness: number } | null;
  picture: { width: number; height: number; fps: number } | null;
  /** kbit/s. */
  line: { up: number | null; down: number | null };
}

const ORDER: readonly Grade[] = ["green", "amber", "red"];

export function worst(...grades: Grade[]): Grade {
  return ORDER[Math.max(...grades.map((grade) => ORDER.indexOf(grade)))] ?? "red";
}

export function soundGrade(sound: Found["sound"]): Grade {
  if (!sound || sound.levelDb < LIMITS.deafDb) return "red";
  const echo = echoOf(sound);
  return echo !== null && echo <= LIMITS.echoMs ? "green" : "amber";
}

export function pictureGrade(picture: Found["picture"]): Grade {
  if (!picture || picture.fps <= 0) return "red";
  const { width, height, fps } = LIMITS.picture;
  return picture.width >= width && picture.height >= height && picture.fps >= fps ? "green" : "amber";
}

export function rateGrade(kbps: number | null, limits: { green: number; amber: number }): Grade {
  if (kbps === null) return "red";
  return kbps >= limits.green ? "green" : kbps >= limits.amber ? "amber" : "red";
}

function echoOf(sound: NonNullable<Found["sound"]>): number | null {
  return sound.likeness >= LIMITS.likeness ? sound.echoMs : null;
}

export function reportOf({ sound, picture, line }: Found): CheckReport {
  const grades = {
    sound: soundGrade(sound),
    picture: pictureGrade(picture),
    line: worst(rateGrade(line.up, LIMITS.up), rateGrade(line.down, LIMITS.down)),
  };
  const echo = sound ? echoOf(sound) : null;
  return {
    grade: worst(grades.sound, grades.picture, grades.line),
    sound: { grade: grades.sound, level_db: Math.round(sound?.levelDb ?? -100), echo_ms: echo === null ? null : Math.round(echo) },
    picture: {
      grade: grades.picture,
      width: picture?.width ?? 0,
      height: picture?.height ?? 0,
      fps: Math.round((picture?.fps ?? 0) * 10) / 10,
    },
    line: { grade: grades.line, up_kbps: Math.round(line.up ?? 0), down_kbps: Math.round(line.down ?? 0) },
  };
}
